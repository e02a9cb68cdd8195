"""What all calls share: who asks is told by the signature, for which account and Region, and whatever
goes wrong is an error as AWS's model has it.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from jobs.access import access_keys, requests
from jobs.access.actions import Action
from jobs.access.asking import ANY, Context
from jobs.access.decisions import Decision, could, may
from jobs.access.principals import Principal
from jobs.access.sigv4 import Request
from jobs.access.visibility import visible_jobs
from jobs.audit.log import record
from jobs.audit.origin import current
from jobs.errors import AccessDeniedError, BatchConsoleError, NoSuchJobError
from jobs.models import Job, JobQuerySet, Region
from jobs.s3control import writing
from jobs.s3control.errors import BAD_REQUEST, INTERNAL, NOT_FOUND, CallError, call_error
from jobs.s3control.places import check_account, region_named

logger = logging.getLogger(__name__)

MOST_BODY = 1024 * 1024
_MOST_DRAINED, _DRAINED_FOR_S = 256 * 1024 * 1024, 20.0
"""What of a body that is too large is taken, so that its sender reads the answer."""
_PIECE = 256 * 1024
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Call:
    """One of the eight: its name, which begins that of its result, and the codes of its errors."""

    name: str
    run: Callable[["Asked"], Mapping[str, Any]]
    bad_input: str = BAD_REQUEST
    elsewhere: str = NOT_FOUND


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is signed, and means this account and a Region of it."""

    query: Mapping[str, list[str]]
    body: bytes
    job_id: str
    principal: Principal
    context: Context
    region: Region

    @property
    def now(self) -> datetime:
        return self.context.now

    def text(self, name: str) -> str | None:
        """A parameter of the query; the last, where it came more than once."""
        values = self.query.get(name)
        return values[-1] if values else None

    def could(self, action: Action, doing: str) -> None:
        """Raises AccessDeniedError."""
        could(self.principal, action, self.context, doing).require()

    def may(self, action: Action, job: Job | None, doing: str) -> Decision:
        """For a command, which asks again."""
        return may(self.principal, action, ANY if job is None else job, self.context, doing)

    def visible(self) -> JobQuerySet:
        return visible_jobs(self.principal, self.context)

    def job(self, action: Action, doing: str) -> Job:
        """The job of this Region that the request is about, for who may do `action` to it. As on AWS
        that needs no s3:DescribeJob beside it.

        Raises NoSuchJobError, also for one that the asker neither sees nor may do this to, and
        AccessDeniedError.
        """
        self.could(action, doing)
        rows = Job.objects.filter(region=self.region).select_related("role")
        # Policies ask for the tags, and calls about tags ask for them again.
        for job in rows.prefetch_related("tags").filter(pk=self.job_id):
            job.region = self.region
            if self._could_to(job, action) or self._sees(job):
                return job
        raise NoSuchJobError

    def _could_to(self, job: Job, action: Action) -> bool:
        return could(self.principal, action, self.context, about=job).allowed

    def _sees(self, job: Job) -> bool:
        return self.visible().filter(pk=job.pk).exists()


def answer(request: HttpRequest, call: Call, job_id: str = "") -> HttpResponse:
    request_id = current().request_id
    job_id = job_id.replace("\0", "\N{SYMBOL FOR NULL}")  # of no job, and PostgreSQL takes no NUL
    try:
        asked = _signed(request, call, job_id)
        content = writing.result(f"{call.name}Result", call.run(asked))
        return _response(content, 200, request_id)
    except BatchConsoleError as error:
        if isinstance(error, AccessDeniedError):
            record(error.action, "Job", job_id or "*", allowed=False)
        told = call_error(error, call.bad_input)
    except Exception:
        logger.exception("%s went wrong (request %s)", call.name, request_id)
        said = f"Something unexpected went wrong. The console's log has request {request_id}."
        told = CallError(INTERNAL, said, 500)
    return _error(told, request_id)


def refused(request: HttpRequest, code: str, message: str, http_status: int) -> HttpResponse:
    """What is no call of ours."""
    return _error(CallError(code, message, http_status), current().request_id)


def _signed(request: HttpRequest, call: Call, job_id: str) -> Asked:
    body = _body(request)
    now = timezone.now()
    source_ip = requests.source_ip(request)
    signed = access_keys.verify(Request.of_meta(request.META, body), source_ip, now)
    # For the audit log.
    request.principal, request.access_key_id = signed.principal, signed.access_key.pk  # type: ignore[attr-defined]
    check_account(request.headers.get("x-amz-account-id", ""), call.elsewhere)
    return Asked(
        query=dict(request.GET.lists()),
        body=body,
        job_id=job_id,
        principal=signed.principal,
        context=Context(now, source_ip),
        region=region_named(signed.region, call.elsewhere),
    )


def _body(request: HttpRequest) -> bytes:
    """Raises CallError for one that is too large, before it is kept anywhere."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    size = int(length) if length.isascii() and length.isdecimal() and len(length) < 16 else -1
    if 0 <= size <= MOST_BODY:
        body: bytes = request.read(size)
        return body
    _drain(request)
    said = f"The body must have {MOST_BODY:,} bytes at most, and say how many it has."
    raise CallError(BAD_REQUEST, said)


def _drain(request: HttpRequest) -> None:
    until, taken = time.monotonic() + _DRAINED_FOR_S, 0
    while taken < _MOST_DRAINED and time.monotonic() < until:
        piece = request.read(_PIECE)
        if not piece:
            return
        taken += len(piece)


def _error(told: CallError, request_id: str) -> HttpResponse:
    by_sender = told.http_status < 500
    content = writing.error(told.code, told.message, request_id, by_sender=by_sender)
    return _response(content, told.http_status, request_id)


def _response(content: bytes, status: int, request_id: str) -> HttpResponse:
    headers = {
        "x-amz-request-id": request_id,
        "x-amz-id-2": request_id,
        "Cache-Control": "no-store",
    }
    return HttpResponse(content, status=status, content_type="application/xml", headers=headers)
