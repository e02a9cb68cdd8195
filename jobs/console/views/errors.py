"""Pages for what cannot be shown or done."""

import logging
import re
import uuid
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template import loader
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from jobs.choices import JobStatus
from jobs.errors import AccessDeniedError
from jobs.models import Job
from jobs.queries.job_history import person

logger = logging.getLogger(__name__)
_ID_IN_PATH = re.compile(r"/jobs/([0-9A-Za-z-]{1,36})")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403; `exception` says what is needed. Who manages access sees why on the page that its
    link leads to, and nobody else does (docs/access.md, Why something was denied).
    """
    match = request.resolver_match
    cause = exception.__cause__
    job_id = match.kwargs.get("job_id") if match else None
    asked = ""
    if isinstance(cause, AccessDeniedError) and cause.action:
        person = request.user.get_username()
        resource = job_id if job_id and cause.resource == "*" else cause.resource
        asked = urlencode({"person": person, "action": cause.action, "resource": resource})
    context = {
        "reason": str(exception),
        "job_id": job_id,
        "try_query": asked,
        "try_url": request.build_absolute_uri(f"{reverse('policy-try')}?{asked}"),
    }
    return render(request, "403.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    found = _ID_IN_PATH.search(request.path)
    return render(request, "404.html", {"wanted": found[1] if found else ""}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500. Its template needs neither database nor session, which may be what broke."""
    reference = uuid.uuid4().hex[:12]
    logger.error("The last error was shown with reference %s", reference)
    page = loader.render_to_string("500.html", {"reference": reference})
    response = HttpResponseServerError(page)
    add_never_cache_headers(response)
    return response


def conflict(request: HttpRequest, job: Job, sentence: str) -> HttpResponse:
    """The job moved on while its page was looked at: what it is now, and whose doing that was."""
    job.refresh_from_db()
    context = {"job": job, "sentence": sentence, "who": last_move(job)}
    return render(request, "409.html", context, status=409)


_DONE = {
    JobStatus.NEW: "created",
    JobStatus.READY: "ran",
    JobStatus.CANCELLING: "cancelled",
    JobStatus.CANCELLED: "cancelled",
}


def last_move(job: Job) -> str:
    """ "Ana ran it at 10:03 UTC.", of the last status change by a person; or an empty text."""
    change = job.status_changes.exclude(actor=None).select_related("actor").last()
    verb = _DONE.get(JobStatus(change.to_status)) if change else None
    return f"{person(change.actor)} {verb} it at {change.at:%H:%M} UTC." if change and verb else ""
