"""Each request has an ID, which its answer names and the audit log keeps."""

import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from jobs.access.addresses import client_address, is_trusted
from jobs.audit.origin import Origin, coming_from

HEADER = "x-request-id"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
_DOORS = {"/admin/": "admin", "/v20180820/": "api"}


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = _of_proxy(request) or uuid.uuid4().hex
        with coming_from(_origin(request, request_id)):
            response = self._get_response(request)
        response[HEADER] = request_id
        return response


def _of_proxy(request: HttpRequest) -> str:
    """That of a proxy of ours, where it gave one; anybody may write such a header."""
    given = request.headers.get(HEADER, "")
    peer = request.META.get("REMOTE_ADDR", "")
    if given and is_trusted(peer, settings.BATCHCONSOLE_TRUSTED_PROXIES):
        return given if _WELL_FORMED.fullmatch(given) else ""
    return ""


def _origin(request: HttpRequest, request_id: str) -> Origin:
    address = client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get("X-Forwarded-For", ""),
        settings.BATCHCONSOLE_TRUSTED_PROXIES,
    )
    known = (door for path, door in _DOORS.items() if request.path.startswith(path))
    return Origin(
        next(known, "console"),
        address,
        request_id,
        lambda: _who(request),
        lambda: getattr(request, "access_key_id", ""),
    )


def _who(request: HttpRequest) -> str:
    principal = getattr(request, "principal", None)
    if principal is not None and principal.name:
        return str(principal.name)
    user = getattr(request, "user", None)
    return user.get_username() if user is not None and user.is_authenticated else "anonymous"
