"""What is asked about, and the circumstances: the facts that a policy may name as condition keys.

A key's name is folded here (`policy.keys.fold`), since policies may write it either way. A key that is
not there is absent, which is not the same as empty (docs/access.md, Condition keys).
"""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Self

from django.contrib.auth.models import User

from jobs import conf
from jobs.access.policy.keys import fold
from jobs.choices import JobStatus
from jobs.models import Job
from jobs.spec.generator import GeneratorSpec
from jobs.spec.job import JobSpec

Keys = Mapping[str, tuple[str, ...]]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Resource:
    """`arn` is what Resource of a statement is compared with; `keys` are facts of what exists."""

    arn: str = "*"
    keys: Keys = field(default_factory=dict)
    is_job: bool = False
    owner_id: int | None = None
    """Of a job: who created it."""


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

    def asking_nothing(self) -> Self:
        return replace(self, keys={})

    @functools.cached_property
    def facts(self) -> Keys:
        """With the time, in UTC and on the installation's clock, and the address where there is one."""
        local = self.now.astimezone(conf.time_zone())
        address = {"aws:sourceip": (self.source_ip,)} if self.source_ip else {}
        return {
            **self.keys,
            "aws:currenttime": (self.now.astimezone(UTC).isoformat(),),
            "aws:epochtime": (str(int(self.now.timestamp())),),
            "batchconsole:hourofday": (str(local.hour),),
            "batchconsole:dayofweek": (DAYS[local.weekday()],),
            **address,
        }


def job_arn(region: str, job_id: str) -> str:
    return f"arn:aws:s3:{region}:{conf.account_id()}:job/{job_id}"


def of_job(job: Job) -> Resource:
    """A job with its Region and its tags."""
    tags = [(tag.key, tag.value) for tag in job.tags.all()]
    keys = {
        "s3:existingjobpriority": (str(job.priority),),
        "s3:existingjoboperation": (job.operation,),
        **tag_keys("resourcetag", tags),
    }
    if job.status == JobStatus.SUSPENDED and job.suspended_cause:
        keys["s3:jobsuspendedcause"] = (job.suspended_cause,)
    if job.total_tasks is not None:
        keys["batchconsole:totaltasks"] = (str(job.total_tasks),)
    if job.listed_bytes is not None and job.total_tasks is not None and job.sample_rows is None:
        keys["batchconsole:jobbytes"] = (str(job.listed_bytes),)
    if job.buckets:
        keys["batchconsole:targetbucket"] = tuple(job.buckets)
    return Resource(job_arn(job.region.slug, job.pk), keys, is_job=True, owner_id=job.owner_id)


def of_role(arn: str) -> Resource:
    return Resource(arn)


def creating(spec: JobSpec) -> Keys:
    """What a request to create a job names."""
    keys = {
        "s3:requestjobpriority": (str(spec.priority),),
        "s3:requestjoboperation": (spec.operation,),
        **tagging(spec.tags),
    }
    if isinstance(spec.manifest, GeneratorSpec):  # of a manifest it is known once it is read
        listed = [source.bucket for source in spec.manifest.more.sources] or [spec.manifest.bucket]
        keys["batchconsole:targetbucket"] = tuple(dict.fromkeys(listed))
    return keys


def tagged(spec: JobSpec, owner: User | None) -> Resource:
    """A job that is about to be: its tags are those it will have."""
    keys = tag_keys("resourcetag", spec.tags.items())
    return Resource("*", keys, is_job=True, owner_id=owner.pk if owner else None)


def tagging(tags: Mapping[str, str]) -> Keys:
    """What a request that brings tags names; aws:TagKeys is absent where it brings none."""
    keys = tag_keys("requesttag", tags.items())
    return {**keys, "aws:tagkeys": tuple(tags)} if tags else keys


def prioritising(priority: int) -> Keys:
    return {"s3:requestjobpriority": (str(priority),)}


def requesting_status(status: str) -> Keys:
    """Ours, so that who confirms jobs need not be able to cancel them."""
    return {"batchconsole:requestedjobstatus": (status,)}


def passing_role() -> Keys:
    return {"iam:passedtoservice": ("batchoperations.s3.amazonaws.com",)}


def tag_keys(kind: str, tags: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Two keys that differ in case alone are one condition key, with both values."""
    keys: dict[str, tuple[str, ...]] = {}
    for key, value in tags:
        name = fold(f"aws:{kind}/{key}")
        keys[name] = (*keys.get(name, ()), value)
    return keys


_FACTS = {
    "s3:requestjobpriority": "priority",
    "s3:requestjoboperation": "operation",
    "batchconsole:requestedjobstatus": "status",
}


def plain(keys: Keys) -> dict[str, str]:
    """What is asked for, by the names of a job's own facts."""
    return {fact: ", ".join(keys[name]) for name, fact in _FACTS.items() if name in keys}
