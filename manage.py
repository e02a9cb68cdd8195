#!/usr/bin/env python
"""Django's command line for batchconsole."""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.umask(0o077)  # all that we write, and our children, is for this account alone
    if "up" in sys.argv[1:2] and "--demo" in sys.argv:
        # Before the settings are read: a demo has a data folder of its own.
        os.environ["DEMO"] = "true"
        os.environ.setdefault("DATA_DIR", str(Path(__file__).resolve().parent / "demo-data"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchconsole.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(str(problem))
