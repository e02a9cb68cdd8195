"""People of every role, a job of somebody else, and what all of them may do."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from jobs.access import service_accounts
from jobs.choices import JobStatus, PauseCause
from jobs.models import AccessKey, AccessPolicy, Job, Region
from tests.make import make_chunk, make_job, make_region, make_report, make_role, make_user
from tests.s3control.client import key_of, signed_in

TAG = "blue-team"

SEES = {"s3:ListJobs", "s3:DescribeJob", "s3:GetJobTagging", "batchconsole:GetJobReport"}
WORKS = SEES | {
    "s3:CreateJob",
    "s3:CreateJob, iam:PassRole",
    "s3:UpdateJobPriority",
    "s3:UpdateJobStatus to Ready",
    "s3:UpdateJobStatus to Cancelled",
    "s3:PutJobTagging",
    "s3:DeleteJobTagging",
    "batchconsole:PauseJob",
    "batchconsole:ResumeJob",
    "batchconsole:RetryJob",
    "batchconsole:UpdateJobLimits",
}
ALL = WORKS | {
    "batchconsole:ManageRegions",
    "batchconsole:ManageAccess",
    "batchconsole:ViewAudit",
}
MAY = {
    "nobody": set(),
    "Viewer": SEES,
    "Operator": WORKS,
    "Approver": SEES | {"s3:UpdateJobStatus to Ready"},
    "Admin": ALL,
    "root": ALL,
    "disabled Operator": set(),
    "service account": WORKS,
    "Regions alone": {"batchconsole:ManageRegions"},
    "without iam:PassRole": SEES | {"s3:CreateJob"},
    "an Operator who is denied to cancel": WORKS - {"s3:UpdateJobStatus to Cancelled"},
    "Operator for other jobs": {"s3:ListJobs", "s3:CreateJob", "s3:CreateJob, iam:PassRole"},
}
"""By role, in words of its own: that the program's ready-made policies say the same is the test."""

ACTS = sorted(ALL)
ROLES = list(MAY)

_OWN = {
    "Regions alone": [{"Effect": "Allow", "Action": "batchconsole:ManageRegions"}],
    "without iam:PassRole": [
        {
            "Effect": "Allow",
            "Action": [
                *("s3:CreateJob", "s3:ListJobs", "s3:DescribeJob", "s3:GetJobTagging"),
                "batchconsole:GetJobReport",
            ],
        }
    ],
    "an Operator who is denied to cancel": [
        {
            "Effect": "Deny",
            "Action": "s3:UpdateJobStatus",
            "Condition": {"StringEquals": {"batchconsole:RequestedJobStatus": "Cancelled"}},
        }
    ],
    "Operator for other jobs": [
        {"Effect": "Allow", "Action": ["s3:ListJobs", "s3:CreateJob", "iam:PassRole"]},
        {
            "Effect": "Allow",
            "Action": [
                *("s3:DescribeJob", "s3:GetJobTagging", "s3:UpdateJobPriority"),
                *("s3:UpdateJobStatus", "s3:PutJobTagging", "s3:DeleteJobTagging"),
                *("batchconsole:PauseJob", "batchconsole:ResumeJob", "batchconsole:RetryJob"),
                *("batchconsole:UpdateJobLimits", "batchconsole:GetJobReport"),
            ],
            "Condition": {"StringEquals": {"aws:ResourceTag/team": "red-team"}},
        },
    ],
}


@dataclass
class World:
    """`user` asks; `job` is of somebody else, and tagged with the team TAG."""

    user: User
    region: Region
    job: Job
    key: AccessKey
    browser: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def api(self) -> Any:
        return signed_in(self.key, self.region.slug)

    def state(self) -> dict[str, Any]:
        """What an act could have changed."""
        self.job.refresh_from_db()
        self.region.refresh_from_db()
        return {
            "jobs": Job.objects.count(),
            "status": self.job.status,
            "priority": self.job.priority,
            "in_flight": self.job.in_flight,
            "tags": dict(self.job.tags.values_list("key", "value")),
            "region": self.region.name,
            "users": User.objects.count(),
        }


def make_world(role: str, status: JobStatus) -> World:
    region = make_region("us-west-2")
    fields = {"paused_cause": PauseCause.PERSON} if status == JobStatus.PAUSED else {}
    job = make_job(
        status,
        **fields,
        region=region,
        role=make_role(region),
        owner=make_user("admin"),
        tags={"team": TAG},
        total=10,
        failed=3 if status == JobStatus.COMPLETE else 0,
    )
    if job.is_terminal:
        make_report(job, [])
    else:
        make_chunk(job)
    user = _make_user(role)
    world = World(user, region, job, key_of(user, timezone.now()))
    world.browser.force_login(user)
    if role == "disabled Operator":
        User.objects.filter(pk=user.pk).update(is_active=False)
    return world


def _make_user(role: str) -> User:
    if role == "service account":
        user = service_accounts.create("nightly-copy", "", by=None, now=timezone.now())
        assert user is not None
    else:
        user = make_user("admin" if role == "root" else None)
    ready_made = next((name for name in ("Viewer", "Approver", "Admin") if name == role), None)
    if role in {"Operator", "disabled Operator", "service account"} or "denied" in role:
        ready_made = "Operator"
    if ready_made:
        user.groups.add(Group.objects.get(name=ready_made))
    if role in _OWN:
        statements = [{"Resource": "*", **statement} for statement in _OWN[role]]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        policy = AccessPolicy.objects.create(name=role, document=document)
        policy.users.add(user)
    return user
