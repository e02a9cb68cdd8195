"""The settings of a test run: those of production, over throw-away folders and databases.

TEST_DATABASE is `sqlite` (the default) or `postgres`: the server of TEST_DATABASE_URL if that is
set, else a cluster of this run's own.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from tests import postgres

# What is set for the installation of whoever runs the tests must not reach them.
for _name in (
    *(
        "DATA_DIR",
        "DATABASE_URL",
        "REDIS_URL",
        "WORK_DIR",
        "SQL_DIR",
        "SECRET_KEY",
        "ENCRYPTION_KEYS",
    ),
    *(
        "HTTPS",
        "DEBUG",
        "PORT",
        "BIND",
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "TRUSTED_PROXIES",
        "WORKERS",
        "CONTROL_WORKERS",
        "IN_FLIGHT",
        "DATA_PLANE",
    ),
    *("WORK_STORE", "WORK_STORE_ENDPOINT", "WORK_STORE_REGION", "WORK_STORE_ADDRESSING"),
    *("WORK_STORE_ACCESS_KEY_ID", "WORK_STORE_SECRET_ACCESS_KEY"),
    *("ADMIN_EMAIL", "ADMIN_PASSWORD", "DEMO_PASSWORD", "LOG_LEVEL"),
):
    os.environ.pop(_name, None)
    os.environ.pop(f"{_name}_FILE", None)

if os.environ.setdefault("TEST_DATABASE", "sqlite") not in {"sqlite", "postgres"}:
    raise RuntimeError("TEST_DATABASE must be sqlite or postgres.")

if "BATCHCONSOLE_TEST_DIR" not in os.environ:  # else we are a process of a run that made it
    _folder = tempfile.mkdtemp(prefix="bc-test-")
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    os.environ["BATCHCONSOLE_TEST_DIR"] = _folder
    if os.environ["TEST_DATABASE"] == "postgres" and not os.environ.get("TEST_DATABASE_URL"):
        try:
            os.environ["TEST_DATABASE_URL"] = postgres.start()
        except postgres.UnavailableError as error:
            os.environ["TEST_DATABASE_PROBLEM"] = str(error)

os.environ["DATA_DIR"] = os.path.join(
    os.environ["BATCHCONSOLE_TEST_DIR"], os.environ.get("PYTEST_XDIST_WORKER", "main")
)
if os.environ["TEST_DATABASE"] == "postgres" and os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]
# Playwright keeps an event loop in the main thread; no test runs coroutines of its own.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from batchconsole.settings import *  # noqa: E402, F403
from batchconsole.settings import DATA_DIR, DATABASES, STORAGES  # noqa: E402

Path(DATA_DIR).mkdir(exist_ok=True)
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as real workers share it with the tests; without waiting for the disk.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    )
else:
    # The live server's threads would keep connections to a database that is to be dropped.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True
