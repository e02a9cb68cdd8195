"""The time zone in which a person reads moments: the one that they chose on their account, otherwise
their browser's, which a script keeps in a cookie.
"""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

CHOSEN, OF_BROWSER = "time_zone", "browser_time_zone"
"""Cookies with the name of a zone."""


class TimeZoneMiddleware:
    """Moments are stored in UTC, and shown in UTC to whoever has no zone that we know."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        zone = _zone(request.COOKIES.get(CHOSEN, "")) or _zone(request.COOKIES.get(OF_BROWSER, ""))
        with timezone.override(zone):
            return self.get_response(request)


def _zone(name: str) -> zoneinfo.ZoneInfo | None:
    """None, which is UTC here, for what is no zone. A name is a file's, and the library checks it."""
    try:
        return zoneinfo.ZoneInfo(name[:64]) if name else None
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None
