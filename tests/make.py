"""Rows for tests, as the product would have made them: plain functions, everything optional.

`make_job(status=...)` makes a job in any of the 13 statuses, with the history that leads there.
"""

import itertools
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.utils import timezone

from jobs.access.groups import OPERATOR, VIEWER
from jobs.choices import AWAITING_CONFIRMATION, JobStatus, ManifestField
from jobs.models import (
    Chunk,
    FailureCause,
    FailureSample,
    Job,
    JobTag,
    RateSample,
    Region,
    Report,
    Role,
    RoleCredentials,
    StatusChange,
)
from jobs.queueing import Seen
from jobs.spec.manifest import ManifestSpec

_MANIFEST = ("bucket", "key", "etag", "fields", "version_id")
PASSWORD = "correct horse battery staple"
ROLE_ARN = "arn:aws:iam::123456789012:role/batch"
TAGS = {"TagSet": [{"Key": "team", "Value": "blue"}]}
STEP_S = 30
"""Between two status changes of a made job."""

_PREPARED = [JobStatus.NEW, JobStatus.PREPARING, JobStatus.SUSPENDED]
_STARTED = [*_PREPARED, JobStatus.READY, JobStatus.ACTIVE]
WAY_TO = {
    JobStatus.NEW: _PREPARED[:1],
    JobStatus.PREPARING: _PREPARED[:2],
    JobStatus.SUSPENDED: _PREPARED,
    JobStatus.READY: _STARTED[:4],
    JobStatus.ACTIVE: _STARTED,
    JobStatus.PAUSING: [*_STARTED, JobStatus.PAUSING],
    JobStatus.PAUSED: [*_STARTED, JobStatus.PAUSING, JobStatus.PAUSED],
    JobStatus.COMPLETING: [*_STARTED, JobStatus.COMPLETING],
    JobStatus.COMPLETE: [*_STARTED, JobStatus.COMPLETING, JobStatus.COMPLETE],
    JobStatus.CANCELLING: [*_STARTED, JobStatus.CANCELLING],
    JobStatus.CANCELLED: [*_STARTED, JobStatus.CANCELLING, JobStatus.CANCELLED],
    JobStatus.FAILING: [*_STARTED, JobStatus.FAILING],
    JobStatus.FAILED: [*_STARTED, JobStatus.FAILING, JobStatus.FAILED],
}
_ENDED = {JobStatus.COMPLETING: 1.0, JobStatus.COMPLETE: 1.0}
_BEGUN = {status for status, way in WAY_TO.items() if JobStatus.ACTIVE in way}
_numbers = itertools.count(1)


def seen_worker(queue="run", *, silent_s=1.0, call_pid=0, pid=100, host="here"):
    """A worker, as `queueing.workers_seen` would tell of it."""
    since = timezone.now() - timedelta(hours=1)
    return Seen(f"w{pid}", queue, host, pid, call_pid, since, silent_s)


def _numbered(word):
    """A name that no other row has; whoever sorts by name gets the rows as they were made."""
    return f"{word}-{next(_numbers):06d}"


def make_user(role="operator", *, name=None, **fields):
    """`role` is viewer, operator, admin, or None for someone without any. Password: PASSWORD."""
    email = f"{name or _numbered(role)}@example.com".lower()
    user = User.objects.create_user(
        username=email,
        email=email,
        password=PASSWORD,
        is_superuser=role == "admin",
        is_staff=role == "admin",
        **fields,
    )
    if role in ("viewer", "operator"):
        user.groups.add(Group.objects.get(name=OPERATOR if role == "operator" else VIEWER))
    return user


def make_region(name=None, **fields):
    """A Region that nobody listens behind, unless `endpoint_url` says otherwise."""
    name = name or _numbered("region")
    facts = {"slug": name, "endpoint_url": "http://127.0.0.1:9", "created_at": timezone.now()}
    return Region.objects.create(name=name, **(facts | fields))


def make_role(region=None, *, arn=ROLE_ARN):
    """The role, with credentials in `region` if one is given."""
    role, _ = Role.objects.get_or_create(arn=arn)
    if region:
        RoleCredentials.objects.get_or_create(
            role=role,
            region=region,
            defaults={"access_key_id": "test", "secret_access_key": "test"},
        )
    return role


def listed_by(bucket="manifests", key="list.csv", etag="d41d8cd98f00b204e9800998ecf8427e",
              fields=("Bucket", "Key"), version_id=""):  # fmt: skip
    """The wire form of a CSV manifest, as a job keeps it."""
    columns = tuple(ManifestField(name) for name in fields)
    return ManifestSpec(bucket, key, etag, columns, version_id or None).to_wire()


def make_job(
    status=JobStatus.NEW,
    *,
    region=None,
    role=None,
    owner=None,
    tags=None,
    total=1000,
    succeeded=None,
    failed=0,
    created_at=None,
    now=None,
    actor=None,
    **fields,
):
    """A job in `status`, created ten minutes before `now` unless `created_at` says otherwise.

    Jobs that began have done half of `total` tasks, completed ones all, unless `succeeded` and
    `failed` (numbers of tasks) say otherwise. `actor` confirmed it, or cancelled it.
    """
    manifest = {
        name: fields.pop(f"manifest_{name}") for name in _MANIFEST if f"manifest_{name}" in fields
    }
    status, now = JobStatus(status), now or timezone.now()
    created_at = created_at or now - timedelta(minutes=10)
    region = region or Region.objects.order_by("pk").first() or make_region()
    way = WAY_TO[status]
    moments = {step: created_at + timedelta(seconds=STEP_S * n) for n, step in enumerate(way)}
    if succeeded is None:
        succeeded = int(total * _ENDED.get(status, 0.5)) - failed if status in _BEGUN else 0
    job = Job.objects.create(
        **{
            "region": region,
            "role": role or make_role(region),
            "owner": owner,
            "status": status,
            "operation": "S3PutObjectTagging",
            "parameters": TAGS,
            "client_request_token": _numbered("made"),
            "listed_by": listed_by(**manifest),
            "report_bucket": "reports",
            "report_prefix": "out",
            "created_at": created_at,
            "tasks_succeeded": succeeded,
            "tasks_failed": failed,
            **_facts_of(status, moments, total, actor),
            **fields,
        }
    )
    for before, (after, at) in zip(["", *way], moments.items(), strict=False):
        _note_change(job, before, after, at, actor)
    JobTag.objects.bulk_create(JobTag(job=job, key=k, value=v) for k, v in (tags or {}).items())
    return job


def _facts_of(status, moments, total, actor):
    """The fields that follow from the way to a status."""
    facts = {}
    if JobStatus.SUSPENDED in moments:
        facts |= {
            "total_tasks": total,
            "buckets": {"photos": [total, 1]},
            "suspended_at": moments[JobStatus.SUSPENDED],
            "suspended_cause": AWAITING_CONFIRMATION,
        }
    if JobStatus.READY in moments:
        facts |= {"confirmed_at": moments[JobStatus.READY], "confirmed_by": actor}
    if JobStatus.ACTIVE in moments:
        facts |= {"started_at": moments[JobStatus.ACTIVE]}
        facts |= (
            {"active_since": moments[JobStatus.ACTIVE]}
            if status == JobStatus.ACTIVE
            else {"active_elapsed_s": STEP_S}
        )
    if status in (JobStatus.COMPLETE, JobStatus.CANCELLED, JobStatus.FAILED):
        facts["terminated_at"] = moments[status]
    if status in (JobStatus.FAILING, JobStatus.FAILED):
        facts |= {"failure_code": "FailureThresholdExceeded", "failure_reason": "Too many failed."}
    if status in (JobStatus.CANCELLING, JobStatus.CANCELLED):
        facts["status_update_reason"] = "Wrong tag"
    return facts


def _note_change(job, before, after, at, actor):
    by_person = after in (JobStatus.NEW, JobStatus.READY, JobStatus.CANCELLING)
    reason = {
        JobStatus.CANCELLING: job.status_update_reason,
        JobStatus.FAILING: job.failure_reason,
    }.get(after, "")
    StatusChange.objects.create(
        job=job,
        at=at,
        from_status=before,
        to_status=after,
        actor=actor if by_person else None,
        reason=reason,
    )


def make_failures(job, code="AccessDenied", http_status=403, *, tasks=1, samples=None, **fields):
    """A cause with `tasks` failures and its samples, five at most. Counters of the job stay."""
    cause = FailureCause.objects.create(job=job, code=code, http_status=http_status, tasks=tasks)
    for number in range(min(tasks, 5) if samples is None else samples):
        facts = {
            "bucket": "photos",
            "raw_key": f"2024/a%20picture%20{number}.jpg",
            "message": "Access Denied",
            "line": number + 1,
            "failed_at": timezone.now(),
        }
        FailureSample.objects.create(
            job=job, code=code, http_status=http_status, **(facts | fields)
        )
    return cause


def make_rate(job, per_slot, *, until):
    """Rate samples that end at `until`, a moment: numbers of succeeded tasks, oldest first."""
    width_s = RateSample.WIDTH_S
    last_s = int(until.timestamp()) // width_s * width_s
    for back, succeeded in enumerate(reversed(per_slot)):
        RateSample.objects.create(job=job, at_s=last_s - back * width_s, succeeded=succeeded)


def make_report(job, files=(), **fields):
    """The row of a completion report; `files` are dictionaries as `Report` has them."""
    rows = {
        f"rows_{status}": sum(file["rows"] for file in files if file["status"] == status)
        for status in ("succeeded", "failed")
    }
    facts = {
        "bucket": job.report_bucket,
        "manifest_key": f"out/job-{job.pk}/manifest.json",
        "files": list(files),
        "size_bytes": sum(file["size_bytes"] for file in files),
        "written_at": job.terminated_at or timezone.now(),
    }
    return Report.objects.create(job=job, **(facts | rows | fields))


def make_chunk(job, **fields):
    """Ten rows that nobody has taken; where they lie is made up, in a block of their own."""
    facts = {"position": 0, "rows": 10, "segment": "s", "length": 1}
    facts["offset"] = fields.get("position", 0)
    return Chunk.objects.create(job=job, **(facts | fields))
