"""Settings of single sign-on: one OpenID Connect provider, and which of its groups have which roles."""

import re
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from batchconsole.environment import envbool, envlist, envsecret, envstr

_ON_THIS_MACHINE = r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/\S*)?"


def oidc() -> dict[str, Any]:
    """From OIDC_ISSUER and the variables beside it; nothing without that. Raises ImproperlyConfigured."""
    issuer = envstr("OIDC_ISSUER")
    if not issuer:
        return {}
    if not re.fullmatch(rf"https://[^\s?#]+|{_ON_THIS_MACHINE}", issuer):
        raise ImproperlyConfigured(
            "OIDC_ISSUER must be the issuer exactly as the provider names it, with https:"
            f' https://sso.example.com/realms/main, not "{issuer}".'
        )
    client_id, secret = envstr("OIDC_CLIENT_ID"), envsecret("OIDC_CLIENT_SECRET")
    if not client_id or not secret:
        raise ImproperlyConfigured(
            "OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, as the provider gave them."
        )
    return {
        "BATCHCONSOLE_OIDC": {
            "issuer": issuer,
            "client_id": client_id,
            "client_secret": secret,
            "name": envstr("OIDC_NAME", "single sign-on"),
            "scope": envstr("OIDC_SCOPE", "openid email profile"),
            "groups_claim": envstr("OIDC_GROUPS_CLAIM", "groups"),
            "group_roles": _group_roles(),
            "trusts_email": envbool("OIDC_TRUST_EMAIL", False),
        }
    }


def _group_roles() -> dict[str, str]:
    """Pairs group=role, parted by commas. A group's name may hold "=", a role's does not."""
    pairs = {}
    for part in envlist("OIDC_GROUP_ROLES"):
        group, sign, role = (text.strip() for text in part.rpartition("="))
        if not (group and sign and role):
            raise ImproperlyConfigured(
                "OIDC_GROUP_ROLES must be pairs group=role, parted by commas:"
                f' s3-operators=Operator,s3-readers=Viewer. "{part}" is none.'
            )
        pairs[group] = role
    return pairs
