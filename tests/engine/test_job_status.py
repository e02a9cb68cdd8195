"""What the end of a chunk means for its job, besides what was done."""

import pytest
from django.utils import timezone

from jobs.choices import JobStatus, PauseCause
from jobs.dataplane.work import Batch
from jobs.engine import job_status
from jobs.lifecycle import commands, pauses
from jobs.s3.answers import Answer, foreign
from jobs.s3.reachable import FORBIDDEN
from tests.allowed import allowed
from tests.make import make_chunk, make_job

pytestmark = pytest.mark.usefixtures("transactional_db", "redis")
LOST = "The storage accepted the tags and did not keep them. Seen at s3://photos/2024/a picture.jpg"
GOING = [JobStatus.ACTIVE, JobStatus.PAUSING, JobStatus.PAUSED]


def with_rest(status=JobStatus.ACTIVE, **fields):
    job = make_job(status, **fields)
    make_chunk(job)
    return job


def follow(job, **batch):
    job.refresh_from_db()
    job_status.follow(job, Batch([], **batch), has_done=True, now=timezone.now())
    job.refresh_from_db()
    return job


def from_api(status=JobStatus.ACTIVE, **fields):
    return with_rest(status, confirmation_required=False, **fields)


def test_console_job_whose_storage_keeps_nothing_is_paused_and_says_what_was_seen_where():
    job = follow(with_rest(), doubt=LOST)
    assert (job.status, job.paused_cause, job.paused_reason) == ("Paused", "storage", LOST)
    assert job.status_changes.get(to_status=JobStatus.PAUSING).reason == LOST


def test_pause_for_the_storage_is_let_go_by_a_person_alone_and_then_not_asked_again():
    job = follow(with_rest(), doubt=LOST)
    commands.take_turns(job.region_id, now=timezone.now())
    assert follow(job).status == JobStatus.PAUSED
    pauses.resume(job.pk, by=allowed(), now=timezone.now())
    job = follow(job, doubt=LOST)
    assert (job.status, job.checks_waived, job.paused_reason) == (JobStatus.ACTIVE, True, "")


@pytest.mark.parametrize("cause", [PauseCause.PRIORITY, PauseCause.PERSON, PauseCause.CANARY])
@pytest.mark.parametrize("status", [JobStatus.PAUSING, JobStatus.PAUSED])
def test_doubt_about_the_storage_takes_the_place_of_any_other_pause(status, cause):
    job = follow(with_rest(status, paused_cause=cause), doubt=LOST)
    assert (job.paused_cause, job.paused_reason) == (PauseCause.STORAGE, LOST)
    assert job.events.get(kind="held").after == LOST


@pytest.mark.parametrize("cause", [PauseCause.PERSON, PauseCause.CANARY])
def test_no_other_pause_takes_the_place_of_doubt_about_the_storage(cause):
    job = follow(with_rest(), doubt=LOST)
    assert not commands.pause(job.pk, cause=cause, now=timezone.now())
    assert (follow(job).paused_cause, job.paused_reason) == (PauseCause.STORAGE, LOST)


def test_person_who_lifts_another_pause_waives_no_check():
    job = with_rest(JobStatus.PAUSED, paused_cause=PauseCause.CANARY)
    pauses.resume(job.pk, by=allowed(), now=timezone.now())
    assert follow(job, doubt=LOST).paused_cause == PauseCause.STORAGE


def test_job_with_nothing_left_to_run_is_not_asked_about():
    job = follow(make_job("Active", total=10, succeeded=9, failed=1), doubt=LOST)
    assert (job.status, job.paused_cause) == (JobStatus.ACTIVE, "")


@pytest.mark.parametrize("status", GOING)
def test_job_of_an_api_client_fails_since_nobody_can_let_it_go_on(status):
    job = follow(from_api(status), doubt=LOST)
    assert (job.status, job.failure_code, job.failure_reason) == ("Failing", "NotKept", LOST)


@pytest.mark.parametrize("make", [with_rest, from_api])
@pytest.mark.parametrize(
    "status", [JobStatus.COMPLETING, JobStatus.CANCELLING, JobStatus.CANCELLED]
)
def test_doubt_changes_nothing_about_a_job_that_does_not_run_any_more(make, status):
    assert follow(make(status), doubt=LOST).status == status


def test_what_could_not_be_looked_at_is_noted_once_whoever_says_it():
    why = "What the storage did was not checked for bucket a: GetObjectTagging: 403 AccessDenied"
    job = with_rest()
    for _ in range(2):
        follow(job, notes=[why, "Something else."])
    assert [event.after for event in job.events.filter(kind="unchecked")] == [
        why,
        "Something else.",
    ]


def test_job_waits_for_a_silent_storage():
    no_answer = Answer(0, "EndpointConnectionError", "Could not connect.")
    assert follow(with_rest(), outage=no_answer).waiting_for == (
        "The storage at http://127.0.0.1:9 does not answer (Could not connect.)."
        " The job goes on by itself when it does."
    )


def test_job_waits_for_a_storage_whose_name_leads_where_it_may_not():
    refused = Answer(0, FORBIDDEN, "A storage cannot be at a link-local address.")
    assert follow(with_rest(), outage=refused).waiting_for == (
        "A storage cannot be at a link-local address. The job goes on by itself when"
        " http://127.0.0.1:9 leads elsewhere."
    )


def test_job_waits_while_something_on_the_way_answers_and_says_what_it_is():
    page = foreign(200, 'HTML page titled "Sign in"', {})
    assert follow(with_rest(), outage=page).waiting_for == (
        'The answer does not come from an S3 storage (HTML page titled "Sign in"). The job goes on'
        " by itself when the storage at http://127.0.0.1:9 answers again."
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            Answer(501, "NotImplemented", "This storage has no object tags (501 NotImplemented)."),
            "This storage has no object tags (501 NotImplemented).",
        ),
        (
            Answer(301, "PermanentRedirect", "The bucket must be addressed elsewhere."),
            "The bucket must be addressed elsewhere.",
        ),
        (
            Answer(403, "InvalidAccessKeyId", "The key does not exist."),
            "The storage refused every further task: The key does not exist.",
        ),
        (
            Answer(301, "PermanentRedirect", ""),
            "The storage refused every further task: PermanentRedirect",
        ),
    ],
)
def test_answer_after_which_nothing_can_succeed_is_the_reason_in_whole_sentences(answer, reason):
    job = follow(with_rest(), fatal=answer, doubt=LOST)
    assert (job.status, job.failure_code, job.failure_reason) == ("Failing", answer.code, reason)
