"""Whether a job that asks not to be confirmed has to wait all the same (docs/access.md, Limits and four
eyes): where whoever made it may not confirm it.
"""

from dataclasses import replace
from datetime import datetime

from jobs.access.actions import Action
from jobs.access.asking import (
    Context,
    creating,
    job_arn,
    of_job,
    requesting_status,
    tagged,
)
from jobs.access.decisions import Decision, could
from jobs.access.principals import principal_of
from jobs.choices import AWAITING_CONFIRMATION, JobStatus
from jobs.models import Job, Region
from jobs.spec.job import JobSpec

_READY = requesting_status(JobStatus.READY)
_WAITING = {"s3:jobsuspendedcause": (AWAITING_CONFIRMATION,)}
_READ_FROM_THE_LIST = frozenset(
    {"batchconsole:totaltasks", "batchconsole:jobbytes", "batchconsole:targetbucket"}
)


def needs_approval(by: Decision, spec: JobSpec) -> bool:
    """Of a job that is about to be made: how many objects it has, and mostly where, is not known yet."""
    slug = Region.objects.filter(pk=spec.region).values_list("slug", flat=True).first() or ""
    asked, about = creating(spec), tagged(spec, by.actor)
    facts = {
        **about.keys,
        **_WAITING,
        "s3:existingjobpriority": asked["s3:requestjobpriority"],
        "s3:existingjoboperation": asked["s3:requestjoboperation"],
    }
    about = replace(about, arn=job_arn(slug, ""), keys=facts)
    asker, context = by.principal, by.context.asking_nothing().asking(_READY)
    action = Action.UPDATE_JOB_STATUS
    return not could(asker, action, context, about=about, unread=_READ_FROM_THE_LIST).allowed


def prepared_needs_approval(job: Job, now: datetime) -> bool:
    """Of a job whose list was read. The address that its request came from is not known any more."""
    if job.owner is None:
        return False
    about = of_job(job)
    about = replace(about, keys={**about.keys, **_WAITING})
    asked = Context(now).asking(_READY)
    return not could(principal_of(job.owner), Action.UPDATE_JOB_STATUS, asked, about=about).allowed
