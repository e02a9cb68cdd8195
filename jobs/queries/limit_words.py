"""A job's limits in words, as several pages say them. Pure."""

from jobs.models import Job
from jobs.queries.words import counted
from jobs.spec.job import LimitsSpec

NO_LIMIT = "No limit"


def ceilings(requests_per_s: int | None, in_flight: int | None) -> str:
    """ "At most 50 requests per second, 8 in flight per worker"; empty without ceilings."""
    said = [f"{requests_per_s:,} requests per second"] if requests_per_s else []
    said += [f"{in_flight:,} in flight per worker"] if in_flight else []
    return f"At most {', '.join(said)}" if said else ""


def limit_pairs(limits: LimitsSpec | Job) -> list[tuple[str, str]]:
    """Labels and values for Review and Configuration."""
    rate, in_flight = limits.requests_per_s, limits.in_flight
    return [
        ("Requests per second", f"At most {rate:,}, over all workers" if rate else NO_LIMIT),
        ("Requests in flight", f"At most {in_flight:,} per worker" if in_flight else NO_LIMIT),
        ("Failure threshold", _threshold(limits)),
        ("Canary", _canary(limits)),
    ]


def _threshold(limits: LimitsSpec | Job) -> str:
    if limits.failure_percent >= 100:
        return "None: failed tasks never stop the job"
    return (
        f"Stop above {limits.failure_percent}% failed, once"
        f" {counted(limits.failure_floor, 'task')} ran"
    )


def _canary(limits: LimitsSpec | Job) -> str:
    if not limits.canary_tasks:
        return "None"
    return (
        f"{counted(limits.canary_tasks, 'task')} first; pause and ask above"
        f" {limits.canary_percent}% failed"
    )
