"""Who may see and do what in the browser: sign-in, and loading what a page is about.

A view authorises and loads on its first line, with one of the functions here; they ask
`access.decisions`, as every door does. A command gets the Decision of `decide`.
"""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django_htmx.middleware import HtmxDetails

from jobs.access import requests
from jobs.access.actions import Action
from jobs.access.asking import ANY, Context, Keys, Resource
from jobs.access.decisions import Decision, could
from jobs.access.requests import principal_in
from jobs.access.visibility import visible_jobs
from jobs.audit.log import record
from jobs.console.sign_in import entering
from jobs.errors import AccessDeniedError
from jobs.models import BulkAction, Draft, Job, JobQuerySet

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

FRAGMENTS = "/_/"
EXTEND_EVERY = timedelta(minutes=1)
"""A page visit writes the session at most so often."""
_SEEN = "seen_at"


def user_of(request: HttpRequest) -> User:
    """The signed-in person. Raises PermissionDenied."""
    if not isinstance(request.user, User):
        raise PermissionDenied("You are not signed in.")
    return request.user


def signed_in(view: View[P]) -> View[P]:
    """For every view behind the sign-in: others are sent there and come back after it.

    Visits of pages extend the session, fragments do not: a page that polls by itself is no
    activity. Nothing is cached, so that Back shows nothing after signing out.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            response: HttpResponseBase = _to_sign_in(request)
        else:
            if not request.path.startswith(FRAGMENTS):
                _extend_session(request, timezone.now())
            try:
                response = view(request, *args, **kwargs)
            except AccessDeniedError as error:
                _note_denied(request, error)
                raise PermissionDenied(error.message) from error
        add_never_cache_headers(response)
        return response

    return cast(View[P], guarded)


def _note_denied(request: HttpRequest, error: AccessDeniedError) -> None:
    """Not of fragments, which ask again and again by themselves."""
    if not request.path.startswith(FRAGMENTS):
        job_id = request.resolver_match.kwargs.get("job_id") if request.resolver_match else None
        target = ("Job", job_id) if job_id else ("Page", request.path)
        record(error.action, *target, allowed=False)


def _extend_session(request: HttpRequest, now: datetime) -> None:
    seen_s = float(request.session.get(_SEEN, 0))
    if now.timestamp() - seen_s > EXTEND_EVERY.total_seconds():
        request.session[_SEEN] = now.timestamp()
        entering.note_session(request, user_of(request))


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if not request.path.startswith(FRAGMENTS):
        here = request.get_full_path() if request.method == "GET" else reverse("overview")
        return HttpResponseRedirect(sign_in_url(here))
    # A redirect would land inside the polled panel; htmx moves the whole page instead.
    page = HtmxDetails(request).current_url_abs_path or reverse("overview")
    return HttpResponse(status=401, headers={"HX-Redirect": sign_in_url(page)})


def sign_in_url(page: str) -> str:
    return f"{reverse('sign-in')}?{urlencode({'next': page})}"


def context_of(request: HttpRequest) -> Context:
    return requests.context_of(request, timezone.now())


def decide(
    request: HttpRequest,
    action: Action,
    about: Job | Resource = ANY,
    doing: str = "This",
    keys: Keys | None = None,
) -> Decision:
    """As far as it can be told before a form is filled in; `keys` are what is known of it already.

    For a page, and for a command, which asks again. `doing` begins the sentence of a refusal.
    """
    context = context_of(request).asking(keys or {})
    return could(principal_in(request), action, context, doing, about)


def require(request: HttpRequest, action: Action, doing: str = "This") -> User:
    """The signed-in person, if there is anything for which `action` is allowed to them.

    Raises AccessDeniedError with the sentence for the 403 page, which `doing` begins, such as
    "Cancelling jobs".
    """
    user = user_of(request)
    could(principal_in(request), action, context_of(request), doing).require()
    return user


def can(request: HttpRequest, action: Action) -> bool:
    """Whether a page offers it at all."""
    return could(principal_in(request), action, context_of(request)).allowed


def visible(request: HttpRequest) -> JobQuerySet:
    """The jobs that this person sees."""
    return visible_jobs(principal_in(request), context_of(request))


def job_or_404(
    request: HttpRequest,
    job_id: str,
    action: Action = Action.DESCRIBE_JOB,
    doing: str = "Seeing jobs",
    keys: Keys | None = None,
) -> Job:
    """The job with Region, role, owner, who confirmed it, and its tags, in two queries.

    Raises Http404 where there is none that the person sees, and AccessDeniedError where they see no
    jobs at all, or may not do `action` to this one.
    """
    require(request, action, doing)
    found = visible(request).select_related("region", "role", "owner", "confirmed_by", "report")
    job = get_object_or_404(found.prefetch_related("tags"), pk=job_id)
    if action is not Action.DESCRIBE_JOB and action is not Action.CREATE_JOB:
        decide(request, action, job, doing, keys).require()
    return job


def draft_or_404(request: HttpRequest, draft_id: UUID, *, write: bool = False) -> Draft:
    """A draft of one's own; who manages access reads the drafts of others too. Raises Http404."""
    user = require(request, Action.CREATE_JOB, "Creating jobs")
    draft = get_object_or_404(Draft.objects.select_related("owner", "job"), pk=draft_id)
    if draft.owner_id == user.pk or (not write and can(request, Action.MANAGE_ACCESS)):
        return draft
    raise Http404


def bulk_or_404(request: HttpRequest, bulk_id: UUID) -> BulkAction:
    """One of one's own. Raises Http404."""
    user = require(request, Action.LIST_JOBS, "Seeing jobs")
    return get_object_or_404(BulkAction, pk=bulk_id, owner=user)
