"""The settings of a machine of its own in a test: production's, from its own environment alone."""

import os

from batchconsole.settings import *  # noqa: F403
from batchconsole.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE_NAME"]
globals().update(
    {
        name: value
        for name, value in os.environ.items()
        if name.startswith("BATCHCONSOLE_") and name != "BATCHCONSOLE_WORK_DIR"
    }
)
