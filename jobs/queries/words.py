"""Moments and lengths of time as pages say them. Pure; `now` is passed in."""

from datetime import UTC, datetime, timedelta

from jobs.lifecycle.expiry import expires_at
from jobs.models import Job

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S


def moment(at: datetime) -> str:
    """ "21 December 2026 at 10:03 UTC"."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y} at {at:%H:%M} UTC"


def length(span_s: float) -> str:
    """ "45 s", "4 min 05 s", "3 h 20 min", "2 days 3 h"; whole seconds, never negative."""
    span = max(0, int(span_s))
    if span < MINUTE_S:
        return f"{span} s"
    if span < HOUR_S:
        return f"{span // MINUTE_S} min {span % MINUTE_S:02d} s"
    if span < DAY_S:
        return f"{span // HOUR_S} h {span % HOUR_S // MINUTE_S:02d} min"
    return f"{counted(span // DAY_S, 'day')} {span % DAY_S // HOUR_S} h"


def counted(number: int, noun: str) -> str:
    """ "1 day", "12,000 objects"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def until(span: timedelta) -> str:
    """ "in 30 days", "in 5 hours", "in 2 minutes", "now"; rounded to the nearest."""
    span_s = span.total_seconds()
    for unit_s, noun in ((DAY_S, "day"), (HOUR_S, "hour"), (MINUTE_S, "minute")):
        if span_s >= unit_s - MINUTE_S / 2:
            return f"in {counted(max(1, round(span_s / unit_s)), noun)}"
    return "in less than a minute" if span_s > 0 else "now"


def ago(span: timedelta) -> str:
    """ "just now", "5 minutes ago", "3 hours ago", "2 days ago"; rounded down."""
    span_s = span.total_seconds()
    for unit_s, noun in ((DAY_S, "day"), (HOUR_S, "hour"), (MINUTE_S, "minute")):
        if span_s >= unit_s:
            return f"{counted(int(span_s // unit_s), noun)} ago"
    return "just now"


def expiry(job: Job, now: datetime) -> str:
    """When a suspended job fails if nobody confirms it, to the minute; empty for other jobs."""
    end = expires_at(job)
    if end is None:
        return ""
    if end <= now:
        return f"Expired on {moment(end)}: nobody confirmed it in 30 days."
    return f"Expires on {moment(end)} ({until(end - now)}) if nobody confirms."


def storage_gone(job: Job) -> str:
    """Why the objects of an ended job are not there any more; empty when they may be.

    Only the demo storage is ever emptied. Its start ends the jobs of earlier starts, all but the
    one that it vouches for, so a job that has not ended is always one of the storage that is there.
    """
    emptied_at = job.region.emptied_at
    if not job.is_terminal or emptied_at is None or emptied_at <= job.created_at:
        return ""
    return (
        f"The demo storage was started anew on {moment(emptied_at)} and keeps nothing between"
        " starts: what this job changed, and its report, are gone."
    )
