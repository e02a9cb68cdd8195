"""Who asks by an HTTP request, and in which circumstances."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from jobs.access.addresses import client_address
from jobs.access.asking import Context
from jobs.access.principals import Principal, principal_of


def principal_in(request: HttpRequest) -> Principal:
    """Who is signed in; looked up once per request, and again after a sign-in. Nobody is on a page
    about an error that came before it was looked who asks.
    """
    user = getattr(request, "user", AnonymousUser())
    known = getattr(request, "principal", None)
    if not isinstance(known, Principal) or known.user != user:
        known = principal_of(user)
        request.principal = known  # type: ignore[attr-defined]
    return known


def context_of(request: HttpRequest, now: datetime) -> Context:
    return Context(now, source_ip(request))


def source_ip(request: HttpRequest) -> str:
    """The address of who asks; "" where it cannot be told."""
    forwarded_for = request.headers.get("X-Forwarded-For", "")
    trusted = settings.BATCHCONSOLE_TRUSTED_PROXIES
    return client_address(request.META.get("REMOTE_ADDR", ""), forwarded_for, trusted)
