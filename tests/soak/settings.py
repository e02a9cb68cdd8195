"""The settings of the installation that is ill-treated: production's, with several files a report."""

from batchconsole.settings import *  # noqa: F403

BATCHCONSOLE_REPORT_FILE_ROWS = 4_000
