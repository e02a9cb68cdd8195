"""Settings of mail: through which server it goes, from whom, and to which address its links lead."""

import re
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from batchconsole.environment import envsecret, envstr

_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_ANSWER_TIMEOUT_S = 10


def mail() -> dict[str, Any]:
    """From EMAIL_URL, EMAIL_FROM and PUBLIC_URL. Without EMAIL_URL nothing is mailed.

    Raises ImproperlyConfigured, which does not show EMAIL_URL: it has a password.
    """
    public_url = _public_url()
    url = envsecret("EMAIL_URL")
    if not url:
        # Not Django's default, a server on this machine that nobody may have meant.
        backend = "django.core.mail.backends.dummy.EmailBackend"
        return {"EMAIL_BACKEND": backend, "EMAIL_HOST": "", "BATCHCONSOLE_PUBLIC_URL": public_url}
    if not public_url:
        raise ImproperlyConfigured(
            "EMAIL_URL needs PUBLIC_URL, to which links in mails lead: https://console.example.com."
        )
    return {
        **_server(url),
        "EMAIL_TIMEOUT": _ANSWER_TIMEOUT_S,
        "DEFAULT_FROM_EMAIL": _sender(),
        "BATCHCONSOLE_PUBLIC_URL": public_url,
    }


def _server(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in _PORTS and parts.hostname and parts.path in {"", "/"}
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        is_right = False
    if not is_right:
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp+tls://user:password@mail.example.com:587, with smtps:// for"
            " TLS from the beginning and smtp:// for none. Signs such as @ / : # in a password are"
            " written as %40 %2F %3A %23."
        )
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


def _sender() -> str:
    text = envstr("EMAIL_FROM")
    try:
        validate_email(parseaddr(text)[1])
    except ValidationError as error:
        raise ImproperlyConfigured(
            "EMAIL_URL needs EMAIL_FROM, an address such as batchconsole@example.com or"
            f' Batch console <batchconsole@example.com>, not "{text}".'
        ) from error
    return text


def _public_url() -> str:
    text = envstr("PUBLIC_URL").rstrip("/")
    if text and not re.fullmatch(r"https?://[^/\s@?#]+", text):
        raise ImproperlyConfigured(
            "PUBLIC_URL must be the address that people type, without a path:"
            f' https://console.example.com, not "{text}".'
        )
    return text
