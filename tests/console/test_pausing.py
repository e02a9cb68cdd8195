"""Pausing and resuming in the browser, and what the pages say of a pause."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from jobs.choices import PauseCause
from jobs.lifecycle import commands, notes, pauses
from tests.allowed import allowed
from tests.make import make_chunk, make_failures, make_job, make_user

pytestmark = pytest.mark.usefixtures("transactional_db", "redis")


def url(job, name):
    return reverse(f"job-{name}", args=[job.pk])


def with_rest(status, **fields):
    job = make_job(status, **fields)
    make_chunk(job)
    return job


def status(job):
    job.refresh_from_db()
    return job.status


def text_of(answer):
    return answer.content.decode()


def flashes(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def canary_failed(**fields):
    job = with_rest(
        "Paused",
        paused_cause=PauseCause.CANARY,
        total=1000,
        succeeded=13,
        failed=12,
        canary_tasks=25,
        **fields,
    )
    make_failures(job, "NoSuchKey", 404, tasks=12)
    return job


def test_pause_page_says_what_stays_changed_and_what_waits(as_operator):
    text = text_of(as_operator.get(url(make_job("Active", total=1000, failed=2), "pause")))
    assert "Requests in flight finish first." in text
    assert "498 objects are already changed and stay changed." in text
    assert "500 wait until somebody chooses Resume job." in text


def test_job_is_paused_and_resumed_by_its_buttons(as_operator, operator):
    job = with_rest("Active")
    answer = as_operator.post(url(job, "pause"))
    assert (answer.status_code, answer.url) == (303, url(job, "detail"))
    assert flashes(answer) == [f"Job ID {job.short_id} pauses. Requests in flight finish first."]
    assert status(job) == "Paused"
    page = text_of(as_operator.get(url(job, "detail")))
    assert f"Paused by {operator.get_username()}" in page
    assert url(job, "resume") in page and url(job, "pause") not in page
    answer = as_operator.post(url(job, "resume"))
    assert flashes(answer)[-1] == f"Job ID {job.short_id} goes on."
    assert status(job) == "Active"


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_form_that_is_sent_twice_gets_the_answer_of_the_first_time(as_operator, action):
    job = with_rest("Active")
    if action == "resume":
        pauses.pause(job.pk, by=allowed(), now=timezone.now())
    for _ in range(2):
        assert as_operator.post(url(job, action)).status_code == 303
    assert job.status_changes.filter(to_status="Pausing").count() == 1


def test_pause_after_somebody_else_paused_is_a_conflict_that_names_them(as_operator):
    job = with_rest("Active")
    pauses.pause(job.pk, by=allowed(make_user(name="ana", first_name="Ana")), now=timezone.now())
    answer = as_operator.post(url(job, "pause"))
    assert answer.status_code == 409
    assert "This job changed while you were looking" in text_of(answer)


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_viewer_can_neither_pause_nor_resume_and_reads_why(as_viewer, action):
    job = with_rest("Active" if action == "pause" else "Paused", paused_cause="person")
    assert as_viewer.get(url(job, action)).status_code == 403
    assert as_viewer.post(url(job, action)).status_code == 403
    assert "This needs the Operator role" in text_of(as_viewer.get(url(job, "detail")))


@pytest.mark.parametrize(
    ("found", "reason"),
    [("Ready", "The job has not started"), ("Completing", "The job is ending already")],
)
def test_job_that_cannot_be_paused_says_why(as_operator, found, reason):
    job = make_job(found)
    assert reason in text_of(as_operator.get(url(job, "detail")))
    assert reason in text_of(as_operator.get(url(job, "pause")))
    assert as_operator.post(url(job, "pause")).status_code == 409


def test_job_that_stands_back_names_the_job_that_runs_first_and_may_be_kept_paused(as_operator):
    high = with_rest("Ready", priority=40, description="Urgent tags")
    low = with_rest("Paused", priority=5, paused_cause=PauseCause.PRIORITY)
    text = text_of(as_operator.get(url(low, "detail")))
    assert f'<a href="{url(high, "detail")}">Urgent tags</a> with priority 40 runs first' in text
    assert "Keep" in text_of(as_operator.get(url(low, "pause")))
    as_operator.post(url(low, "pause"))
    low.refresh_from_db()
    assert low.paused_cause == PauseCause.PERSON


def test_canary_that_failed_shows_its_failures_and_asks(as_operator):
    job = canary_failed()
    text = text_of(as_operator.get(url(job, "detail")))
    assert "The canary found failures. The job waits for you." in text
    assert "12 of the first 25 objects failed, more than 10%." in text
    assert "13 objects were changed, the others were not touched." in text
    assert text.count("photos/2024/a picture ") == 5
    assert f'href="{url(job, "resume")}" data-dialog>Continue job</a>' in text
    assert url(job, "cancel") in text and url(job, "failures") in text


def test_going_on_in_spite_of_the_canary_is_confirmed_on_a_page_that_repeats_what_it_found(
    as_operator,
):
    job = canary_failed()
    text = text_of(as_operator.get(url(job, "resume")))
    assert "12 of the first 25 objects failed, more than 10%." in text
    assert "You are not asked again." in text
    as_operator.post(url(job, "resume"))
    assert (status(job), job.canary_settled) == ("Active", True)


def test_page_that_shows_another_cause_of_the_pause_is_told(as_operator):
    job = with_rest("Paused", paused_cause=PauseCause.PRIORITY)
    live = f"{reverse('job-live', args=[job.pk])}?seen=Paused-priority"
    headers = {"HX-Request": "true"}
    assert "state-alert" not in text_of(as_operator.get(live, headers=headers))
    pauses.pause(job.pk, by=allowed(), now=timezone.now())
    assert "Paused by batchconsole" in text_of(as_operator.get(live, headers=headers))


def test_running_canary_says_what_it_is(as_operator):
    job = make_job("Active", canary_tasks=25, total=1000, succeeded=3)
    text = text_of(as_operator.get(url(job, "detail")))
    assert "The first 25 objects run before all others." in text


def test_lists_say_why_a_job_is_paused_and_the_overview_asks_for_a_decision(as_operator):
    job = canary_failed(description="Nightly tags")
    assert "The canary found failures." in text_of(as_operator.get(reverse("job-list")))
    text = text_of(as_operator.get(reverse("overview")))
    assert "“Nightly tags” is paused: its first objects failed too often." in text
    assert url(job, "detail") in text


def test_activity_shows_who_paused_who_kept_paused_and_who_let_go(as_operator, operator):
    job = with_rest("Paused", paused_cause=PauseCause.PRIORITY)
    as_operator.post(url(job, "pause"))
    as_operator.post(url(job, "resume"))
    text = text_of(as_operator.get(url(job, "activity")))
    assert "Kept paused" in text and "May go on" in text
    assert text.count(operator.get_username()) >= 3


LOST = "The storage accepted the tags and did not keep them. Seen at s3://photos/2024/<a>.jpg"


def doubted(**fields):
    job = with_rest("Active", total=1000, succeeded=3, failed=1, **fields)
    commands.pause(job.pk, cause=PauseCause.STORAGE, now=timezone.now(), reason=LOST)
    return job


def test_storage_that_does_not_keep_what_it_accepts_is_said_with_the_object_and_what_to_do(
    as_operator,
):
    job = doubted()
    text = text_of(as_operator.get(url(job, "detail")))
    assert "The storage does not keep what it accepts. The job waits for you." in text
    assert escape(LOST) in text
    assert "A job that is resumed continues without further checks." in text
    assert f'href="{url(job, "resume")}" data-dialog>Resume job</a>' in text
    assert url(job, "cancel") in text and url(job, "failures") in text


def test_going_on_in_spite_of_the_storage_is_confirmed_on_a_page_that_repeats_what_was_seen(
    as_operator,
):
    job = doubted()
    text = text_of(as_operator.get(url(job, "resume")))
    assert escape(LOST) in text
    assert "The job continues without further checks" in text
    as_operator.post(url(job, "resume"))
    assert (status(job), job.checks_waived) == ("Active", True)


def test_lists_the_overview_and_a_screen_reader_are_told_of_doubt_about_the_storage(as_operator):
    job = doubted(description="Nightly tags")
    reason = "The storage did not do what was asked."
    assert reason in text_of(as_operator.get(reverse("job-list")))
    overview = text_of(as_operator.get(reverse("overview")))
    assert "“Nightly tags” is paused: the storage does not keep what it accepts." in overview
    assert escape(LOST) in overview and url(job, "detail") in overview
    live = f"{reverse('job-live', args=[job.pk])}?seen=Active"
    heard = text_of(as_operator.get(live, headers={"HX-Request": "true"}))
    assert f"Status: Paused, 1 failed. {reason}" in heard


def test_activity_shows_what_could_not_be_checked(as_operator):
    job = with_rest("Active")
    notes.note_unchecked(job.pk, "What was done in bucket a was not checked.", now=timezone.now())
    text = text_of(as_operator.get(url(job, "activity")))
    assert "Not checked" in text and "What was done in bucket a was not checked." in text
