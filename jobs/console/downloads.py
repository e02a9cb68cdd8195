"""Answers that are long: so few at a time that threads for pages are always left."""

import threading
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from jobs import conf

RETRY_AFTER_S = 30

_slots = threading.BoundedSemaphore(conf.DOWNLOADS_AT_ONCE)


def download(
    request: HttpRequest,
    pieces: Iterator[bytes],
    name: str,
    content_type: str = "text/csv; charset=utf-8",
) -> HttpResponseBase:
    """A file as an attachment, or a page that says that there are too many at the moment.

    Raises what `pieces` raises before the first piece; later that could only break off the answer.
    """
    if not _slots.acquire(blocking=False):
        return _too_many(request)
    held = _Held(request, pieces)
    try:
        held.begin()
    except BaseException:
        held.close()
        raise
    response = StreamingHttpResponse(held, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _too_many(request: HttpRequest) -> HttpResponse:
    response = render(request, "503.html", {"seconds": RETRY_AFTER_S}, status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


class _Held:
    """Pieces that hold a slot until they are closed, which Django does however an answer ends."""

    def __init__(self, request: HttpRequest, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._open = True

    def begin(self) -> None:
        first = next(self._pieces, b"")
        self._rest = chain([first], self._pieces)

    def __iter__(self) -> Iterator[bytes]:
        return self._rest

    def close(self) -> None:
        if self._open:
            self._open = False
            close: Any = getattr(self._pieces, "close", None)
            try:
                if close:
                    close()
            finally:
                _slots.release()
