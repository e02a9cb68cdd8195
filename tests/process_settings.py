"""The settings of a process that a test started: the test's own, over the database it made."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE_NAME"]
if "sqlite3" in DATABASES["default"]["ENGINE"] and "TEST_SQLITE_TIMEOUT_S" in os.environ:
    DATABASES["default"]["OPTIONS"]["timeout"] = float(os.environ["TEST_SQLITE_TIMEOUT_S"])
globals().update(
    {name: value for name, value in os.environ.items() if name.startswith("BATCHCONSOLE_")}
)
