"""What of the jobs somebody sees: those that s3:DescribeJob is allowed for."""

from jobs.access.actions import Action
from jobs.access.asking import Context
from jobs.access.principals import Principal
from jobs.models import Job, JobQuerySet


def visible_jobs(principal: Principal, context: Context) -> JobQuerySet:
    """One queryset, that says for every job what `may` says; none() for who sees no job at all."""
    if principal.is_root or Action.DESCRIBE_JOB in principal.actions:
        return Job.objects.all()
    return Job.objects.none()
