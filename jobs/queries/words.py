"""Sentences about a job that several pages say. Pure; `now` is passed in."""

from datetime import datetime, timedelta

from django.utils import timezone

from jobs import conf
from jobs.choices import JobStatus, PauseCause
from jobs.models import Job

_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)
_HALF_A_MINUTE = timedelta(seconds=30)


def status(label: str, *, mine: bool) -> str:
    """What AWS calls a status; "your confirmation" is only said to those whose it can be."""
    return label if mine else label.replace("your confirmation", "confirmation")


def moment(at: datetime) -> str:
    """ "21 December 2026 at 10:03 UTC", in the reader's time zone."""
    at = timezone.localtime(at)
    return f"{at.day} {at:%B %Y} at {at:%H:%M} {at:%Z}"


def counted(number: int, noun: str) -> str:
    """ "1 day", "12,000 objects"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def until(span: timedelta) -> str:
    """ "in 30 days", "in 5 hours", "in 2 minutes", "in less than a minute"; to the nearest."""
    for noun, unit in _UNITS:
        if span >= unit - _HALF_A_MINUTE:
            return f"in {counted(max(1, round(span / unit)), noun)}"
    return "in less than a minute"


def expiry(job: Job, now: datetime) -> str:
    """When a suspended job fails if nobody confirms it, to the minute; empty for other jobs."""
    if job.status != JobStatus.SUSPENDED or job.suspended_at is None:
        return ""
    # The same moment as lifecycle.expiry.expires_at, which a module of this rank cannot import.
    end = job.suspended_at + conf.SUSPENDED_LIFETIME
    if end < now:
        days = conf.SUSPENDED_LIFETIME.days
        return f"Expired on {moment(end)}: nobody confirmed it in {days} days."
    return f"Expires on {moment(end)} ({until(end - now)}) if nobody confirms."


def pause(job: Job) -> str:
    """Why a job is paused, shortly; empty for other jobs."""
    if job.status not in (JobStatus.PAUSING, JobStatus.PAUSED):
        return ""
    return str(PauseCause(job.paused_cause or PauseCause.PRIORITY).label) + "."


def canary_found(job: Job) -> str:
    """ "12 of the first 25 objects failed, more than 10%." """
    done = counted(job.tasks_done, "object")
    return f"{job.tasks_failed:,} of the first {done} failed, more than {job.canary_percent}%."


def storage_gone(job: Job) -> str:
    """Why the job's objects are not there any more; empty when they are. `job` has its Region.

    Only the demo storage is ever emptied.
    """
    emptied_at = job.region.emptied_at
    if emptied_at is None or emptied_at <= job.created_at:
        return ""
    return (
        f"The demo storage was restarted on {moment(emptied_at)} and keeps nothing between"
        " starts: what this job listed and changed, and its report, are gone."
    )
