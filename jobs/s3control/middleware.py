"""The REST API at /v20180820, before all that pages need.

A middleware and no views: AWS's clients put the account before the host's name, send no cookies and
read XML only, so neither host names nor sessions nor the pages for errors are theirs.
"""

import re
from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse

from jobs.s3control import calls
from jobs.s3control.door import Call, answer, refused

_ROOT = "/v20180820/"
_PATHS: tuple[tuple[re.Pattern[str], Mapping[str, Call]], ...] = (
    (re.compile(r"jobs"), calls.ON_JOBS),
    (re.compile(r"jobs/([^/]{1,64})"), calls.ON_JOB),
    (re.compile(r"jobs/([^/]{1,64})/priority"), calls.ON_PRIORITY),
    (re.compile(r"jobs/([^/]{1,64})/status"), calls.ON_STATUS),
    (re.compile(r"jobs/([^/]{1,64})/tagging"), calls.ON_TAGGING),
)


class S3ControlMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(_ROOT):
            return self._get_response(request)
        for pattern, on in _PATHS:
            if found := pattern.fullmatch(request.path_info.removeprefix(_ROOT)):
                return _called(request, on, "".join(found.groups()))
        said = "Of S3 Control there are the eight calls about jobs here, and no others."
        return refused(request, "UnknownOperationException", said, 404)


def _called(request: HttpRequest, on: Mapping[str, Call], job_id: str) -> HttpResponse:
    call = on.get(request.method or "")
    if call is None:
        said = f"{request.method} is not for this path. Use {', '.join(on)}."
        return refused(request, "MethodNotAllowed", said, 405)
    return answer(request, call, job_id)
