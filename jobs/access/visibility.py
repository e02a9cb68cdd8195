"""What of the jobs somebody sees: those that s3:DescribeJob is allowed for (docs/access.md, What is seen)."""

from jobs.access.asking import Context, job_arn
from jobs.access.compiled import Seen
from jobs.access.principals import Principal
from jobs.models import Job, JobQuerySet, Region


def visible_jobs(principal: Principal, context: Context) -> JobQuerySet:
    """One queryset, that says for every job what `may` says; none() for who sees no job at all."""
    if principal.is_root:
        return Job.objects.all()
    owner = principal.user.pk if principal.user else None
    told = Seen({**context.facts, **principal.keys}, _places, owner).by(principal.policies)
    if isinstance(told, bool):
        return Job.objects.all() if told else Job.objects.none()
    return Job.objects.filter(told)


def _places() -> dict[int, str]:
    return {pk: job_arn(slug, "") for pk, slug in Region.objects.values_list("pk", "slug")}
