"""Why something cannot be done to a job (any more), as a sentence for who wished it."""

from jobs.choices import JobStatus
from jobs.errors import Problem, ValidationFailedError
from jobs.models import Job

MOST_REASON = 256


def why_not(job: Job, wish: str) -> str:
    """For a move that came too late: what the job is now, and whose doing that was. `wish` is what
    was to be done to it, such as "cancelled".
    """
    last = job.status_changes.select_related("actor").last()
    status = JobStatus(job.status)
    if status is JobStatus.SUSPENDED and wish == "run":
        return (
            "The job waited for confirmation for more than 30 days and cannot run any more."
            " Clone it."
        )
    who = f" since {last.actor.get_username()} acted" if last and last.actor else ""
    when = f" at {last.at:%H:%M} UTC" if last else ""
    return f'The job cannot be {wish}: it is "{status.label}"{who}{when}.'


def check_reason(reason: str) -> None:
    """Raises ValidationFailedError."""
    if len(reason) > MOST_REASON:
        said = f"The reason must be {MOST_REASON} characters or fewer."
        raise ValidationFailedError([Problem("StatusUpdateReason", said)])
