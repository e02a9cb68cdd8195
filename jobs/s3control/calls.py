"""The eight calls (docs/api.md). Each authorises on its first line, for who signed the request."""

from collections.abc import Mapping
from typing import Any

from jobs.access.actions import Action
from jobs.choices import JobStatus
from jobs.errors import JobStatusError
from jobs.lifecycle import commands
from jobs.lifecycle.creation import create_job
from jobs.lifecycle.priorities import reprioritise
from jobs.lifecycle.refusals import MOST_REASON
from jobs.lifecycle.tagging import action_of, replace_tags
from jobs.s3control import creating, listing, shapes
from jobs.s3control.describing import described, listed
from jobs.s3control.door import Asked, Call
from jobs.s3control.errors import BAD_REQUEST, INVALID_REQUEST, CallError
from jobs.s3control.reading import read
from jobs.spec.checking import Checker
from jobs.spec.job import MAX_JOB_TAGS

Members = Mapping[str, Any]


def _create_job(asked: Asked) -> Members:
    asked.could(Action.CREATE_JOB, "Creating jobs")
    sent = read(asked.body, "CreateJobRequest", shapes.CREATE_JOB)
    spec = creating.spec_of(sent.members, asked.region)
    job = create_job(
        spec,
        by=asked.may(Action.CREATE_JOB, None, "Creating jobs"),
        now=asked.now,
        request={"region": asked.region.slug, **sent.members},
        ignored=sent.ignored,
    )
    return {"JobId": job.pk}


def _describe_job(asked: Asked) -> Members:
    job = asked.job(Action.DESCRIBE_JOB, "Seeing jobs")
    return {"Job": described(job, asked.now)}


def _list_jobs(asked: Asked) -> Members:
    asked.could(Action.LIST_JOBS, "Listing jobs")
    size = listing.page_size(asked.text("maxResults"))
    statuses = listing.statuses_of(asked.query.get("jobStatuses", []))
    jobs, token = listing.page_of(
        asked.visible(), asked.region, statuses, size, asked.text("nextToken")
    )
    return {"Jobs": [listed(job, asked.now) for job in jobs], "NextToken": token}


def _update_job_priority(asked: Asked) -> Members:
    job = asked.job(Action.UPDATE_JOB_PRIORITY, "Changing priorities")
    text = asked.text("priority") or ""
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        raise CallError(BAD_REQUEST, "priority must be a whole number from 0 to 2147483647.")
    by = asked.may(Action.UPDATE_JOB_PRIORITY, job, "Changing priorities")
    try:
        job = reprioritise(job.pk, int(text), by=by, now=asked.now)
    except JobStatusError as error:
        raise CallError(BAD_REQUEST, error.message) from error  # this call has no other code for it
    return {"JobId": job.pk, "Priority": job.priority}


def _update_job_status(asked: Asked) -> Members:
    job = asked.job(Action.UPDATE_JOB_STATUS, "Running and cancelling jobs")
    wanted = asked.text("requestedJobStatus")
    reason = asked.text("statusUpdateReason")
    if wanted not in (JobStatus.READY, JobStatus.CANCELLED):
        raise CallError(BAD_REQUEST, "requestedJobStatus must be Ready or Cancelled.")
    check = Checker()
    check.text(reason, "statusUpdateReason", high=MOST_REASON)
    check.done()
    command = commands.confirm if wanted == JobStatus.READY else commands.cancel
    by = asked.may(Action.UPDATE_JOB_STATUS, job, "Running and cancelling jobs")
    job = command(job.pk, by=by, now=asked.now, reason=reason or "")
    return {"JobId": job.pk, "Status": job.status, "StatusUpdateReason": reason}


def _get_job_tagging(asked: Asked) -> Members:
    job = asked.job(Action.GET_JOB_TAGGING, "Seeing tags")
    asked.may(Action.GET_JOB_TAGGING, job, "Seeing tags").require()
    return {"Tags": [{"Key": tag.key, "Value": tag.value} for tag in job.tags.all()]}


def _put_job_tagging(asked: Asked) -> Members:
    job = asked.job(Action.PUT_JOB_TAGGING, "Changing tags")
    sent = read(asked.body, "PutJobTaggingRequest", shapes.PUT_JOB_TAGGING)
    check = Checker()
    items = sent.members.get("Tags")
    if items is None:
        check.say("Tags", "Tags is missing. An empty one takes all tags away.")
    elif len(items) > MAX_JOB_TAGS:
        said = f"A job has at most {MAX_JOB_TAGS} tags, not {len(items)}."
        raise CallError("TooManyTagsException", said)
    tags = creating.tags_of(items or [], check)
    check.done()
    by = asked.may(action_of(tags), job, "Changing tags")
    replace_tags(job.pk, tags, by=by, now=asked.now)
    return {}


def _delete_job_tagging(asked: Asked) -> Members:
    job = asked.job(Action.DELETE_JOB_TAGGING, "Changing tags")
    by = asked.may(Action.DELETE_JOB_TAGGING, job, "Changing tags")
    replace_tags(job.pk, {}, by=by, now=asked.now)
    return {}


ON_JOBS = {
    "POST": Call("CreateJob", _create_job, elsewhere=BAD_REQUEST),
    "GET": Call("ListJobs", _list_jobs, bad_input=INVALID_REQUEST, elsewhere=INVALID_REQUEST),
}
ON_JOB = {"GET": Call("DescribeJob", _describe_job)}
ON_PRIORITY = {"POST": Call("UpdateJobPriority", _update_job_priority)}
ON_STATUS = {"POST": Call("UpdateJobStatus", _update_job_status)}
ON_TAGGING = {
    "GET": Call("GetJobTagging", _get_job_tagging),
    "PUT": Call("PutJobTagging", _put_job_tagging),
    "DELETE": Call("DeleteJobTagging", _delete_job_tagging),
}
CALLS = tuple(
    call for on in (ON_JOBS, ON_JOB, ON_PRIORITY, ON_STATUS, ON_TAGGING) for call in on.values()
)
