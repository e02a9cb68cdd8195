"""All settings. Only they read the environment, through the readers of `environment.py`.

Every variable has a default that suits one machine on loopback; docs/configuration.md lists them.
"""

import os
from pathlib import Path
from typing import Any, cast

import django_stubs_ext
from cryptography.fernet import Fernet, MultiFernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.utils.functional import SimpleLazyObject

from batchconsole.environment import (
    envbool,
    envdatabase,
    envfolder,
    envint,
    envlist,
    envnetworks,
    envredis,
    envsecret,
    envstr,
    envzone,
    kept,
    short_socket,
)
from batchconsole.mail import mail
from batchconsole.oidc import oidc
from batchconsole.work_store import work_store

django_stubs_ext.monkeypatch()

# Where botocore finds awscrt it signs with it, on a clock that we cannot set. Read when botocore is
# imported, here and in all processes that this one starts.
os.environ["BOTO_DISABLE_CRT"] = "true"

BASE_DIR = Path(__file__).resolve().parent.parent


# What this installation is
DEBUG = envbool("DEBUG", False)
DATA_DIR = envfolder("DATA_DIR", BASE_DIR / "data")
HTTPS = envbool("HTTPS", False)  # a proxy in front speaks TLS and sets X-Forwarded-Proto


def _secret_key() -> str:
    return envsecret("SECRET_KEY") or kept(DATA_DIR / "secret.key", get_random_secret_key)


def _encryption_keys() -> list[str]:
    """Fernet keys, parted by commas or spaces, the newest first."""
    text = envsecret("ENCRYPTION_KEYS") or kept(
        DATA_DIR / "encryption.key", lambda: Fernet.generate_key().decode()
    )
    keys = text.replace(",", " ").split()
    try:
        MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS must be Fernet keys, parted by commas: each of 44 characters, as the line"
            " in encryption.key of a data folder."
        ) from error
    return keys


# Read when they are first needed, so that a start that is refused leaves no file behind.
SECRET_KEY = cast(str, SimpleLazyObject(_secret_key))
BATCHCONSOLE_ENCRYPTION_KEYS = cast(list[str], SimpleLazyObject(_encryption_keys))
BATCHCONSOLE_WORK_DIR = envfolder("WORK_DIR", DATA_DIR / "work")
BATCHCONSOLE_SQL_DIR = envfolder("SQL_DIR", DATA_DIR / "sql-filters")


globals().update(work_store())
globals().update(mail())
globals().update(oidc())


def _own_names(bind: str) -> str:
    """Names for this machine: loopback, and the one address that is listened on."""
    own = "" if bind in {"0.0.0.0", "::"} else f",[{bind}]" if ":" in bind else f",{bind}"  # noqa: S104
    return f"localhost,127.0.0.1,[::1]{own}"


# What `manage.py up` starts
BATCHCONSOLE_BIND = envstr("BIND", "127.0.0.1")
BATCHCONSOLE_PORT = envint("PORT", 8000, low=1, high=65535)
BATCHCONSOLE_WORKERS = envint("WORKERS", 2, low=1, high=64)
BATCHCONSOLE_CONTROL_WORKERS = envint("CONTROL_WORKERS", 4, low=1, high=64)
BATCHCONSOLE_KEEP_DETAILS_DAYS = envint("KEEP_DETAILS_DAYS", 0, low=0, high=36500)  # 0: for ever
BATCHCONSOLE_SQL_DISK_BYTES = envint("SQL_DISK_GIB", 20, low=1, high=100_000) * 1024**3
BATCHCONSOLE_SQL_MEMORY_BYTES = envint("SQL_MEMORY_MIB", 512, low=128, high=1_000_000) * 1024**2
BATCHCONSOLE_SQL_TIME_S = envint("SQL_TIME_S", 600, low=1, high=86_400)
BATCHCONSOLE_IN_FLIGHT = envint("IN_FLIGHT", 128, low=1, high=1000)  # of each worker
BATCHCONSOLE_ANSWER_TIMEOUT_S = envint("ANSWER_TIMEOUT_S", 60, low=1, high=3600)
BATCHCONSOLE_DATA_PLANE = envint("DATA_PLANE", 1, low=0, high=1)
BATCHCONSOLE_ALLOW_LINK_LOCAL = envbool("ALLOW_LINK_LOCAL", False)
BATCHCONSOLE_DEMO = envbool("DEMO", False)  # set by `up --demo`, for what it starts
BATCHCONSOLE_DEMO_PASSWORD = envsecret("DEMO_PASSWORD") or "demo"
BATCHCONSOLE_CONFIRMATION_REQUIRED = envbool(
    "CONFIRMATION_REQUIRED", True
)  # where CreateJob does not say
BATCHCONSOLE_ACCOUNT_ID = envstr("ACCOUNT_ID", "123456789012")
BATCHCONSOLE_TIME_ZONE = envzone("TIME_ZONE")
BATCHCONSOLE_ADMIN_EMAIL = envstr("ADMIN_EMAIL")
BATCHCONSOLE_ADMIN_PASSWORD = envsecret("ADMIN_PASSWORD")
for _name in ("ADMIN_EMAIL", "ADMIN_PASSWORD", "ADMIN_PASSWORD_FILE"):
    os.environ.pop(_name, None)  # only the set-up needs them: what it starts inherits none

INSTALLED_APPS = [
    "jobs.apps.JobsConfig",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "django_rq",
]
MIDDLEWARE = [
    # Around all others: every answer has the policy, also one of theirs.
    "jobs.console.content_policy.ContentPolicyMiddleware",
    # Before the rest: it asks for no session, no host name and no https.
    "jobs.console.health.HealthMiddleware",
    # Whatever an answer comes from, it names its request.
    "jobs.console.request_ids.RequestIdMiddleware",
    "jobs.s3control.middleware.S3ControlMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "jobs.console.sign_in.second_factor_first.SecondFactorFirstMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "jobs.console.time_zone.TimeZoneMiddleware",
]
ROOT_URLCONF = "batchconsole.urls"
WSGI_APPLICATION = "batchconsole.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jobs.console.context.console",
            ]
        },
    }
]


def database() -> dict[str, Any]:
    """PostgreSQL or SQLite from DATABASE_URL; without it, SQLite in the data folder."""
    found = envdatabase("DATABASE_URL", DATA_DIR / "batchconsole.sqlite3")
    if found["ENGINE"] == "django.db.backends.sqlite3":
        # Writers queue up instead of failing: the write lock is taken when a transaction begins.
        found["OPTIONS"] = {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            " PRAGMA journal_size_limit=27103364; PRAGMA cache_size=2000;",
        }
        # To open the file anew takes a third of what a fragment costs.
        found |= {"CONN_MAX_AGE": 60}
    else:
        found |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
        # A server that is cut off is noticed before anybody's patience ends.
        patience = {"connect_timeout": 10, "keepalives_idle": 10, "tcp_user_timeout": 20_000}
        found["OPTIONS"] = patience | found.get("OPTIONS", {})
    return found


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Also of the pages' files, which only we serve
FILE_UPLOAD_PERMISSIONS = 0o600
# In the database, so that all web processes share it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "batchconsole_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}


REDIS_URL = envredis("REDIS_URL")
BATCHCONSOLE_REDIS_SOCKET = None if REDIS_URL else short_socket(DATA_DIR)
_redis = REDIS_URL or f"unix://{BATCHCONSOLE_REDIS_SOCKET}?db=0"
# Pages answer while Redis is down: they do not wait long for a connection.
_redis += ("&" if "?" in _redis else "?") + "socket_connect_timeout=1"
# Not pickled, as is RQ's habit: reading such a message may run anything.
_messages = {"URL": _redis, "SERIALIZER": "rq.serializers.JSONSerializer"}
RQ_QUEUES = {"run": {**_messages}, "control": {**_messages}}
# Every view of that dashboard is open to all staff, also those who empty a queue.
RQ_SHOW_ADMIN_LINK = False

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

AUTHENTICATION_BACKENDS = ["jobs.access.backend.ConsoleBackend"]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

ALLOWED_HOSTS = envlist("ALLOWED_HOSTS", _own_names(BATCHCONSOLE_BIND))
CSRF_TRUSTED_ORIGINS = envlist("CSRF_TRUSTED_ORIGINS")
# Who may say in X-Forwarded-For where a request comes from
BATCHCONSOLE_TRUSTED_PROXIES = envnetworks("TRUSTED_PROXIES")
SESSION_COOKIE_AGE = 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = envint("HSTS_SECONDS", 31_536_000, low=0, high=10**9) if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Whether all other names of a domain are to be https too is for its owner to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LOG_LEVEL = envstr("LOG_LEVEL", "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "format": "{asctime} {levelname} {name} {process:d} {message}",
            "style": "{",
        },
        "bare": {"format": "{message}", "style": "{"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain"},
        "events": {"class": "logging.StreamHandler", "formatter": "bare"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "jobs": {"level": LOG_LEVEL},
        # A line of JSON for each change of a job's status
        "batchconsole.events": {"handlers": ["events"], "level": "INFO", "propagate": False},
        "django": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
