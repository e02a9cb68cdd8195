"""The pages about one job."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from jobs.access.actions import Action
from jobs.access.requests import principal_in
from jobs.console.access import can, decide, job_or_404, require, signed_in, visible
from jobs.console.context import banner_cache
from jobs.console.failures import causes_of, has_rows
from jobs.console.job_frame import frame
from jobs.console.milestones import Seen, announcement
from jobs.console.notifications.telling import told
from jobs.console.pace import throttled_to
from jobs.console.retry_failed import after_failures
from jobs.console.shared import shared_fragments
from jobs.engine.database import now_s
from jobs.lifecycle import losses
from jobs.models import FailureCause, FailureSample, Job
from jobs.queries import workers
from jobs.queries.buckets import in_buckets
from jobs.queries.foreseen import kinds_found
from jobs.queries.generator_words import kept_pairs, list_pairs
from jobs.queries.job_detail import TOP_CAUSES, job_progress, poll_every_s
from jobs.queries.job_history import Cursor, timeline
from jobs.queries.job_history import job_activity as query_activity
from jobs.queries.left_out import left_out
from jobs.queries.limit_words import ceilings, limit_pairs
from jobs.queries.waiting import turn_of


@signed_in
def job_detail(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id)
    context = {**frame(request, job), **_live(request, job), "section": "status"}
    context |= {"timeline": timeline(job, timezone.now()), "told": told(request, job)}
    if job.is_terminal and job.tasks_failed and not job.dry_run:
        context |= after_failures(job)
    return render(request, "console/job_detail.html", context)


@signed_in
def job_live(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """The polled part; what stands around it comes along only when the status changed."""
    require(request, Action.DESCRIBE_JOB, "Seeing jobs")
    if not request.headers.get("HX-Request"):
        return redirect("job-detail", job_id)
    key = ("job", job_id, principal_in(request).sees_as, request.GET.urlencode())
    if text := shared_fragments.get(key):
        return HttpResponse(text)
    job = job_or_404(request, job_id)
    seen = Seen.parse(request.GET)
    context = {
        **_live(request, job),
        "announcement": announcement(job, seen, mine=can(request, Action.CREATE_JOB)),
    }
    changed = seen.status != Seen.of(job).status
    if changed:
        context |= {
            **frame(request, job),
            "timeline": timeline(job, timezone.now()),
            "told": told(request, job),
            "changed": True,
        }
    response = render(request, "console/_job_live_answer.html", context)
    if not changed and not job.is_terminal:  # else there are forms in it, each for one person
        shared_fragments.keep(key, response.content.decode())
    return response


def _live(request: HttpRequest, job: Job) -> dict[str, Any]:
    now = timezone.now()
    live = job_progress(job, now=now, shown_ends_s=_shown_ends_s(request))
    last = job.status_changes.order_by("-id").values_list("at", flat=True).first()
    return {
        "job": job,
        "now": now,
        "live": live,
        "causes": causes_of(job, live.causes)[:TOP_CAUSES],
        "every_s": poll_every_s(job),
        "seen": Seen.of(job),
        "may_limit": decide(request, Action.UPDATE_JOB_LIMITS, job).allowed,
        "ceilings": ceilings(job.requests_per_s, job.in_flight),
        "throttled_to": throttled_to(job),
        "losses": _losses(job),
        "foreseen": kinds_found(job),
        "in_buckets": in_buckets(job),
        "left_out": left_out(job),
        "turn": turn_of(job, visible(request)),
        "unattended": _unattended(job, last or job.created_at, now),
    }


def _shown_ends_s(request: HttpRequest) -> int:
    shown = request.GET.get("ends", "")
    return int(shown) if shown.isascii() and shown.isdecimal() and len(shown) < 12 else 0


def _losses(job: Job) -> dict[str, Any]:
    """Empty where nothing is lost, and then without a query."""
    if not job.lost_rows:
        return {}
    asks = losses.asks(job)
    button = losses.losses_of(job).button if asks else ""
    return {"asks": asks, "sentence": losses.sentence_of(job), "button": button}


def _unattended(job: Job, since: datetime, now: datetime) -> str:
    """As `workers.unattended`, by what this process saw of the workers in the last two seconds."""
    seen = banner_cache.get().seen
    if seen is None or workers.unattended(job, seen, is_held=False, since=since, now=now) == "":
        return ""
    held = workers.is_held(job, now_s())
    return workers.unattended(job, seen, is_held=held, since=since, now=now)


@signed_in
def job_failures(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id)
    code = request.GET.get("code", "").replace("\0", "")[:128]
    causes = list(job.failure_causes.all())
    samples = list(job.failure_samples.all())
    rows = causes_of(job, causes)
    context = {
        **frame(request, job),
        "section": "failures",
        "code": code,
        "causes": rows,
        "groups": [
            {**row, "samples": _samples(row["cause"], samples)}
            for row in rows
            if not code or row["cause"].code == code
        ],
        "has_rows": has_rows(job),
        "several_buckets": len(job.buckets) != 1,
    }
    if job.is_terminal and job.tasks_failed and not job.dry_run:
        context |= after_failures(job)
    return render(request, "console/job_failures.html", context)


def _samples(cause: FailureCause, samples: list[FailureSample]) -> list[FailureSample]:
    same = (cause.code, cause.http_status)
    return [sample for sample in samples if (sample.code, sample.http_status) == same]


@signed_in
def job_configuration(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id)
    fields = [field.label for field in job.manifest.fields]
    context = {**frame(request, job), "section": "configuration"}
    context |= {"generated": list_pairs(job), "kept": kept_pairs(job), "left_out": left_out(job)}
    sees_tags = decide(request, Action.GET_JOB_TAGGING, job, "Seeing tags")
    context |= {"fields": fields, "limits": limit_pairs(job), "no_tags_seen": sees_tags.why_not}
    context["tags"] = job.tags.all() if sees_tags.allowed else []
    return render(request, "console/job_configuration.html", context)


@signed_in
def job_activity(request: HttpRequest, job_id: str) -> HttpResponseBase:
    job = job_or_404(request, job_id)
    found = query_activity(job, Cursor.parse(request.GET))
    context = {**frame(request, job), "section": "activity", "found": found}
    return render(request, "console/job_activity.html", context)
