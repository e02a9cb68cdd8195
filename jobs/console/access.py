"""Who may see and do what in the browser: sign-in, roles, and loading what a page is about.

A view authorises and loads on its first line, with one of the functions here. The roles are
Viewer (reads), Operator (creates, runs, cancels, changes jobs) and Admin (everything).
"""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django_htmx.middleware import HtmxDetails

from jobs.console.sign_in import entering
from jobs.models import Draft, Job

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

FRAGMENTS = "/_/"
EXTEND_EVERY = timedelta(minutes=1)
"""A page visit writes the session at most so often."""
_SEEN = "seen_at"


class Level(IntEnum):
    """The roles, each of which may do all that the ones before may."""

    NOBODY = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def label(self) -> str:
        return self.name.capitalize()

    @property
    def with_article(self) -> str:
        return f"a {self.label}" if self is Level.VIEWER else f"an {self.label}"


def level_of(user: User | AnonymousUser) -> Level:
    if not user.is_authenticated:
        return Level.NOBODY
    if user.is_superuser or (user.is_staff and user.has_perm("jobs.change_region")):
        return Level.ADMIN
    if user.has_perms(["jobs.add_job", "jobs.change_job"]):
        return Level.OPERATOR
    return Level.VIEWER if user.has_perm("jobs.view_job") else Level.NOBODY


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
            response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return cast(View[P], guarded)


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


def require(request: HttpRequest, level: Level | str, doing: str = "This") -> User:
    """The signed-in person, if of that role ("viewer", "operator", "admin") or a higher one.

    Raises PermissionDenied with the sentence for the 403 page; `doing` begins it, such as
    "Cancelling jobs".
    """
    wanted = Level[level.upper()] if isinstance(level, str) else level
    user = user_of(request)
    has = level_of(user)
    if has < wanted:
        yours = f"You are {has.with_article}." if has else "You have no role yet."
        raise PermissionDenied(f"{doing} needs the {wanted.label} role. {yours}")
    return user


def job_or_404(
    request: HttpRequest, job_id: str, *, write: bool = False, doing: str = "Changing jobs"
) -> Job:
    """The job with Region, role, owner and who confirmed it, in one query.

    Raises Http404, and PermissionDenied where the person may not see it or, with `write`, not
    change it.
    """
    if write:
        require(request, Level.OPERATOR, doing)
    else:
        require(request, Level.VIEWER, "Seeing jobs")
    rows = Job.objects.select_related("region", "role", "owner", "confirmed_by", "report")
    return get_object_or_404(rows, pk=job_id)


def draft_or_404(request: HttpRequest, draft_id: UUID, *, write: bool = False) -> Draft:
    """A draft of one's own; an Admin reads the drafts of others too. Raises Http404."""
    user = require(request, Level.OPERATOR, "Creating jobs")
    draft = get_object_or_404(Draft.objects.select_related("owner", "job"), pk=draft_id)
    if draft.owner_id == user.pk or (not write and level_of(user) is Level.ADMIN):
        return draft
    raise Http404
