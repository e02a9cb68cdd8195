"""Who asks by an HTTP request of a browser, and in which circumstances."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from jobs.access.addresses import client_address
from jobs.access.asking import Context
from jobs.access.principals import Principal, principal_of


def principal_in(request: HttpRequest) -> Principal:
    """Looked up once per request."""
    known = getattr(request, "principal", None)
    if not isinstance(known, Principal):
        known = principal_of(request.user)
        request.principal = known  # type: ignore[attr-defined]
    return known


def context_of(request: HttpRequest, now: datetime) -> Context:
    forwarded_for = request.headers.get("X-Forwarded-For", "")
    trusted = settings.BATCHCONSOLE_TRUSTED_PROXIES
    address = client_address(request.META.get("REMOTE_ADDR", ""), forwarded_for, trusted)
    return Context(now, address)
