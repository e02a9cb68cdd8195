"""Settings of a work storage in S3."""

import re

from django.core.exceptions import ImproperlyConfigured

from batchconsole.environment import envsecret, envstr


def work_store() -> dict[str, str]:
    """From the variables of the same names; empty for a folder."""
    place = envstr("WORK_STORE")
    if not place:
        return {}
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](/[A-Za-z0-9/._-]*)?", place):
        raise ImproperlyConfigured(f'WORK_STORE must look like s3://bucket/prefix, not "{place}".')
    endpoint = envstr("WORK_STORE_ENDPOINT")
    if "@" in endpoint:
        raise ImproperlyConfigured(
            "Leave user and password out of WORK_STORE_ENDPOINT. Credentials are"
            " WORK_STORE_ACCESS_KEY_ID and WORK_STORE_SECRET_ACCESS_KEY."
        )
    if not re.fullmatch(r"https?://[^/\s]+/?", endpoint):
        raise ImproperlyConfigured(
            "WORK_STORE needs WORK_STORE_ENDPOINT, the URL of the storage:"
            f' https://s3.example.com, not "{endpoint}".'
        )
    style = envstr("WORK_STORE_ADDRESSING", "path")
    if style not in {"path", "virtual"}:
        raise ImproperlyConfigured(f'WORK_STORE_ADDRESSING must be path or virtual, not "{style}".')
    key, secret = envstr("WORK_STORE_ACCESS_KEY_ID"), envsecret("WORK_STORE_SECRET_ACCESS_KEY")
    if bool(key) != bool(secret):
        raise ImproperlyConfigured(
            "WORK_STORE_ACCESS_KEY_ID and WORK_STORE_SECRET_ACCESS_KEY go together: set both, or"
            " neither to use the ambient credentials of the machine."
        )
    return {
        "BATCHCONSOLE_WORK_STORE": place,
        "BATCHCONSOLE_WORK_STORE_ENDPOINT": endpoint.rstrip("/"),
        "BATCHCONSOLE_WORK_STORE_REGION": envstr("WORK_STORE_REGION", "us-east-1"),
        "BATCHCONSOLE_WORK_STORE_ADDRESSING": style,
        "BATCHCONSOLE_WORK_STORE_ACCESS_KEY_ID": key,
        "BATCHCONSOLE_WORK_STORE_SECRET_ACCESS_KEY": secret,
    }
