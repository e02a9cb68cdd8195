"""The settings of a measured process: production's, and BATCHCONSOLE_... from the environment."""

import os

from batchconsole.settings import *  # noqa: F403

globals().update(
    {name: value for name, value in os.environ.items() if name.startswith("BATCHCONSOLE_")}
)
