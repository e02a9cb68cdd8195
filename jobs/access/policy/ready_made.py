"""The roles that are there from the start (docs/access.md, Ready-made roles)."""

from collections.abc import Iterable, Mapping
from typing import Any

from jobs.access.policy.parsing import VERSION, stored, written_as

VIEWER, OPERATOR, APPROVER, ADMIN = "Viewer", "Operator", "Approver", "Admin"


def _statement(sid: str, actions: Iterable[str], **more: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


def _document(*statements: Mapping[str, Any]) -> str:
    return written_as({"Version": VERSION, "Statement": list(statements)})


_READ = _statement(
    "SeeJobs",
    ("s3:ListJobs", "s3:DescribeJob", "s3:GetJobTagging", "batchconsole:GetJobReport"),
)
_WORK = _statement(
    "RunJobs",
    (
        *("s3:CreateJob", "iam:PassRole", "s3:UpdateJobPriority", "s3:UpdateJobStatus"),
        *("s3:PutJobTagging", "s3:DeleteJobTagging", "batchconsole:PauseJob"),
        *("batchconsole:ResumeJob", "batchconsole:RetryJob", "batchconsole:UpdateJobLimits"),
    ),
)
_CONFIRM = _statement(
    "ConfirmJobs",
    ("s3:UpdateJobStatus",),
    Condition={"StringEquals": {"batchconsole:RequestedJobStatus": "Ready"}},
)
_ALL = _statement("Everything", ("*",))

DESCRIPTIONS = {
    VIEWER: "Sees all jobs and their reports.",
    OPERATOR: "Creates, runs, cancels and changes jobs.",
    APPROVER: "Sees all jobs and confirms them, and cancels none.",
    ADMIN: "May do everything, Regions and access included.",
}
DOCUMENTS = {
    VIEWER: _document(_READ),
    OPERATOR: _document(_READ, _WORK),
    APPROVER: _document(_READ, _CONFIRM),
    ADMIN: _document(_ALL),
}


def role_with(action: str) -> str:
    """The least of them that has it, whatever its conditions."""
    return next(
        name
        for name, document in DOCUMENTS.items()
        if any(action in one.actions for one in stored(document, name).statements)
    )
