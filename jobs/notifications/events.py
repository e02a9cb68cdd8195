"""Events in the shape that EventBridge has them in (docs/notifications.md, Events)."""

import uuid
from datetime import UTC, datetime
from typing import Any

from jobs import conf
from jobs.access.asking import job_arn
from jobs.choices import JobStatus
from jobs.models import Job, StatusChange

Event = dict[str, Any]

CREATED, CHANGED, REMINDER = "JobCreated", "JobStatusChanged", "JobReminder"
_OURS = uuid.UUID("7d0f2c3e-53c5-4b0e-9c3a-6f7e0d1b2a94")
_FAILS = frozenset({JobStatus.FAILING, JobStatus.FAILED})


def event_of(change: StatusChange) -> Event:
    """Of a change that comes with its job and Region. However often it is made, it has the same ID:
    who gets it twice can tell.
    """
    job = change.job
    fails = change.to_status in _FAILS
    return _event(
        CHANGED if change.from_status else CREATED,
        job,
        status=change.to_status,
        at=change.at,
        mark=f"change {change.pk}",
        codes=[job.failure_code] if fails and job.failure_code else [],
        reasons=[change.reason] if change.reason else [],
    )


def reminder_of(job: Job, days: int, now: datetime) -> Event:
    """That a suspended job has waited for so many days; an event of ours."""
    since = f"{job.suspended_at:%Y-%m-%dT%H:%M:%S}"
    return _event(REMINDER, job, status=job.status, at=now, mark=f"suspended {since} {days}")


def _event(
    name: str,
    job: Job,
    *,
    status: str,
    at: datetime,
    mark: str,
    codes: list[str] | None = None,
    reasons: list[str] | None = None,
) -> Event:
    account, region = conf.account_id(), job.region.slug
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event_id = uuid.uuid5(_OURS, f"{job.pk} {mark}")
    return {
        "version": "0",
        "id": str(event_id),
        "detail-type": "AWS Service Event via CloudTrail",
        "source": "aws.s3",
        "account": account,
        "time": moment,
        "region": region,
        "resources": [],
        "detail": {
            "eventVersion": "1.05",
            "userIdentity": {"accountId": account, "invokedBy": "s3.amazonaws.com"},
            "eventTime": moment,
            "eventSource": "s3.amazonaws.com",
            "eventName": name,
            "awsRegion": region,
            "sourceIPAddress": "s3.amazonaws.com",
            "userAgent": "s3.amazonaws.com",
            "eventID": str(uuid.uuid5(_OURS, str(event_id))),
            "readOnly": False,
            "eventType": "AwsServiceEvent",
            "serviceEventDetails": {
                "jobId": job.pk,
                "jobArn": job_arn(region, job.pk),
                "status": status,
                "jobEventId": uuid.uuid5(_OURS, f"{event_id} job").hex,
                "failureCodes": codes or [],
                "statusChangeReason": reasons or [],
            },
        },
    }
