"""What a job that deletes every version has proven, in words."""

from jobs.models import Job
from jobs.operations.delete_object import DeleteObject
from jobs.operations.deleting.delete_object_form import EVERY, MODE
from jobs.queries.words import counted


def sentence(job: Job) -> str:
    """ "Nothing is left of 118 keys: ...". Empty for any other job, and where no task was run."""
    is_erasure = job.operation == DeleteObject.name and job.parameters.get(MODE) == EVERY
    if not is_erasure or job.dry_run or not job.tasks_done:
        return ""
    told = (
        f"Nothing is left of {counted(job.tasks_succeeded, 'key')}: the versions of each were listed"
        " once more after they were deleted."
    )
    if job.tasks_failed:
        told += (
            f" Of {counted(job.tasks_failed, 'key')} something is left, or it could not be counted: the"
            " failed rows say what."
        )
    return told
