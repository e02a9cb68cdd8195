"""A job as members of an answer."""

from datetime import UTC, datetime
from typing import Any

from jobs.access.asking import job_arn
from jobs.choices import REPORT_FORMAT
from jobs.models import Job
from jobs.queries.job_detail import active_s
from jobs.s3.arns import bucket_arn
from jobs.s3control import extension
from jobs.s3control.shapes import EXTENSION, OPERATION

_MOST_REASON = 256


def described(job: Job, now: datetime) -> dict[str, Any]:
    return {
        **listed(job, now),
        "ConfirmationRequired": job.confirmation_required,
        "JobArn": job_arn(job.region.slug, job.pk),
        "Manifest": job.listed_by.get("Manifest"),
        "ManifestGenerator": job.listed_by.get("ManifestGenerator"),
        "GeneratedManifestDescriptor": job.generated_manifest or None,
        "Operation": _operation(job),
        "StatusUpdateReason": job.status_update_reason or None,
        "FailureReasons": _failures(job),
        "Report": _report(job),
        "RoleArn": job.role.arn,
        "SuspendedDate": moment(job.suspended_at),
        "SuspendedCause": job.suspended_cause or None,
        EXTENSION: extension.of_job(job),
    }


def listed(job: Job, now: datetime) -> dict[str, Any]:
    """As ListJobs has it. Counts of a list that nobody has read yet are 0, as on AWS."""
    return {
        "JobId": job.pk,
        "Description": job.description or None,
        "Operation": job.operation,
        "Priority": job.priority,
        "Status": job.status,
        "CreationTime": moment(job.created_at),
        "TerminationDate": moment(job.terminated_at),
        "ProgressSummary": {
            "TotalNumberOfTasks": job.total_tasks or 0,
            "NumberOfTasksSucceeded": job.tasks_succeeded,
            "NumberOfTasksFailed": job.tasks_failed,
            "Timers": {"ElapsedTimeInActiveSeconds": int(active_s(job, now))},
        },
    }


def moment(at: datetime | None) -> str | None:
    """With milliseconds, as AWS writes it."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _operation(job: Job) -> dict[str, Any]:
    """Empty for an operation of ours alone, which is in the extension."""
    if job.operation not in OPERATION:
        return {}
    aws, _ = extension.split(job.parameters, OPERATION[job.operation])
    return {job.operation: aws}


def _report(job: Job) -> dict[str, Any]:
    if not job.report_enabled and not job.report_bucket:
        return {"Enabled": False}
    return {
        "Bucket": bucket_arn(job.report_bucket),
        "Format": REPORT_FORMAT,
        "Enabled": job.report_enabled,
        "Prefix": job.report_prefix or None,
        "ReportScope": job.report_scope,
        "ExpectedBucketOwner": job.report_bucket_owner or None,
    }


def _failures(job: Job) -> list[dict[str, str]]:
    """There and empty where nothing of the whole job failed, as on AWS."""
    if not job.failure_code:
        return []
    return [{"FailureCode": job.failure_code, "FailureReason": job.failure_reason[:_MOST_REASON]}]
