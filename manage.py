#!/usr/bin/env python
"""Django's command line for batchconsole."""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

LONGEST_PASSWORD_BYTES = 4096


def hide_admin_password() -> None:
    """Begin again without ADMIN_PASSWORD, and read it from a pipe.

    A process's first environment stays readable in /proc for as long as it lives, whatever it does
    to its variables.
    """
    password = os.fsencode(os.environ.pop("ADMIN_PASSWORD", ""))
    if not password.strip() or os.environ.get("ADMIN_PASSWORD_FILE"):
        return
    if len(password) > LONGEST_PASSWORD_BYTES:  # a pipe takes no more than that without a reader
        raise ImproperlyConfigured(f"ADMIN_PASSWORD is longer than {LONGEST_PASSWORD_BYTES} bytes.")
    reading, writing = os.pipe()
    os.write(writing, password)
    os.close(writing)
    os.set_inheritable(reading, True)
    os.environ["ADMIN_PASSWORD_FILE"] = f"/dev/fd/{reading}"
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606


def main() -> None:
    os.umask(0o077)  # all that we write, and our children, is for this account alone
    hide_admin_password()
    if "up" in sys.argv[1:2] and "--demo" in sys.argv:
        # Before the settings are read: a demo has a data folder of its own.
        os.environ["DEMO"] = "true"
        os.environ.setdefault("DATA_DIR", str(Path(__file__).resolve().parent / "demo-data"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchconsole.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    try:
        main()
    except ImproperlyConfigured as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(2)
