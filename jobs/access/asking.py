"""What is asked about, and the circumstances: the facts that a policy may name as condition keys.

A key's name is in lower case here, since policies may write it either way. A key that is not there
is absent, which is not the same as empty (docs/batch-operations.md, Who may do what).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from jobs import conf
from jobs.models import Job
from jobs.spec.job import JobSpec

Keys = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Resource:
    """`arn` is what Resource of a statement is compared with; `keys` are facts of what exists."""

    arn: str = "*"
    keys: Keys = field(default_factory=dict)


ANY = Resource()
"""Where there is no one thing to name: creating, listing, managing."""


@dataclass(frozen=True)
class Context:
    """A request: when, from which address ("" where there is none), and what it asks for."""

    now: datetime
    source_ip: str = ""
    keys: Keys = field(default_factory=dict)

    def asking(self, keys: Keys) -> Self:
        return replace(self, keys={**self.keys, **keys})


def job_arn(region: str, job_id: str) -> str:
    return f"arn:aws:s3:{region}:{conf.account_id()}:job/{job_id}"


def of_job(job: Job) -> Resource:
    """A job with its Region and its tags."""
    keys = {
        "s3:existingjobpriority": (str(job.priority),),
        "s3:existingjoboperation": (job.operation,),
        **_tag_keys("resourcetag", dict(job.tags.values_list("key", "value"))),
    }
    if job.suspended_cause:
        keys["s3:jobsuspendedcause"] = (job.suspended_cause,)
    return Resource(job_arn(job.region.slug, job.pk), keys)


def of_role(arn: str) -> Resource:
    return Resource(arn)


def creating(spec: JobSpec) -> Keys:
    """What a request to create a job names."""
    return {
        "s3:requestjobpriority": (str(spec.priority),),
        "s3:requestjoboperation": (spec.operation,),
        **tagging(spec.tags),
    }


def tagged(spec: JobSpec) -> Resource:
    """A job that is about to be: its tags are those it will have."""
    return Resource("*", _tag_keys("resourcetag", spec.tags))


def tagging(tags: Mapping[str, str]) -> Keys:
    """What a request that brings tags names; aws:TagKeys is absent where it brings none."""
    keys = _tag_keys("requesttag", tags)
    return {**keys, "aws:tagkeys": tuple(tags)} if tags else keys


def prioritising(priority: int) -> Keys:
    return {"s3:requestjobpriority": (str(priority),)}


def requesting_status(status: str) -> Keys:
    """Ours, so that who confirms jobs need not be able to cancel them."""
    return {"batchconsole:requestedjobstatus": (status,)}


def passing_role() -> Keys:
    return {"iam:passedtoservice": ("batchoperations.s3.amazonaws.com",)}


def _tag_keys(kind: str, tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {f"aws:{kind}/{key.lower()}": (value,) for key, value in tags.items()}
