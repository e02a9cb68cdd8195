"""Actions over many jobs: counted, confirmed, then done one by one."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs import queueing
from jobs.choices import PauseCause
from jobs.console.bulk import views
from jobs.console.bulk.acts import ACTS
from jobs.lifecycle import bulk_actions, clean_up
from jobs.models import AccessPolicy, AuditEntry, BulkAction, BulkItem, Job, SetAside
from tests.make import make_job, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_redis(monkeypatch):
    for name in ("_enqueue", "_enqueue_runners", "_enqueue_control"):
        monkeypatch.setattr(queueing, name, lambda *args: None)


def count(client, act, jobs=(), query="", **posted):
    """The page that says what would happen."""
    posted |= {"job": [job.pk for job in jobs]}
    answer = client.post(reverse("bulk-count", args=[act]) + query, posted)
    assert answer.status_code == 303, answer.content
    return answer["Location"]


def text_of(client, url):
    answer = client.get(url)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


def confirm(client, url, **posted):
    answer = client.post(url, posted)
    assert answer.status_code == 303, answer.content.decode()
    return text_of(client, url)


def may_cancel_team_blue():
    """A person who sees all jobs, and may cancel those of a tag."""
    person = make_user("viewer")
    statement = {
        "Effect": "Allow",
        "Action": "s3:UpdateJobStatus",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    AccessPolicy.objects.create(name="Blue", document=document).users.add(person)
    return person


def entries(allowed=True):
    return list(AuditEntry.objects.filter(target_type="Job", allowed=allowed))


def statuses(*jobs):
    return [Job.objects.get(pk=job.pk).status for job in jobs]


def test_page_says_how_many_are_eligible_and_why_others_are_not_and_changes_nothing(as_operator):
    runs = [make_job("Active", description=f"Runs {n}", total=1000, failed=4) for n in range(7)]
    ended = [make_job("Complete", description=f"Ended {n}") for n in range(2)]
    late = make_job("Completing", description="Late")
    url = count(as_operator, "cancel", [*runs, *ended, late])
    text = text_of(as_operator, url)
    assert "Cancel 7 jobs" in text and "7 of 10 chosen jobs are eligible" in text
    assert "The job has ended 2 jobs" in text and "The job is ending already 1 job" in text
    assert "Runs 4" in text and "Runs 5" not in text and "and 2 more" in text
    assert "3,472 objects are already changed" in text and "3,500 will not be touched" in text
    assert set(statuses(*runs)) == {"Active"} and not entries()


def test_each_job_is_cancelled_by_itself_with_an_entry_in_the_audit_log(as_operator, operator):
    jobs = [make_job("Active"), make_job("Suspended"), make_job("Complete")]
    url = count(as_operator, "cancel", jobs)
    text = confirm(as_operator, url, reason="Wrong list")
    assert statuses(*jobs) == ["Cancelling", "Cancelled", "Complete"]
    assert "2 jobs were cancelled." in text and "The job has ended 1 job" in text
    found = entries()
    assert {(entry.who, entry.target) for entry in found} == {
        (operator.username, job.pk) for job in jobs[:2]
    }
    assert jobs[0].status_changes.last().reason == "Wrong list"


def test_all_that_match_are_all_pages_and_no_job_that_fits_only_later(as_operator):
    jobs = [make_job("Suspended", description=f"Nightly {n}", parameters={}, operation="S3DeleteObject")
            for n in range(30)]  # fmt: skip
    other = make_job("Suspended", description="Other")
    url = count(as_operator, "cancel", query="?q=nightly&per=25", all="1")
    late = make_job("Suspended", description="Nightly late")
    confirm(as_operator, url)
    assert set(statuses(*jobs)) == {"Cancelled"}
    assert statuses(other, late) == ["Suspended", "Suspended"]


def test_to_run_what_destroys_a_word_is_typed_first(as_operator):
    jobs = [make_job("Suspended"), make_job("Suspended", buckets={"archive": [5, 1]})]
    url = count(as_operator, "run", jobs)
    page = as_operator.get(url).content.decode()
    assert "2,000 objects lose their current tags" in " ".join(page.split())
    answer = as_operator.post(url, {})
    assert (
        answer.status_code == 200 and "Type confirm to run these jobs." in answer.content.decode()
    )
    assert statuses(*jobs) == ["Suspended", "Suspended"]
    assert "2 jobs were confirmed to run" in confirm(as_operator, url, typed="confirm")
    assert statuses(*jobs) == ["Ready", "Ready"]


def test_jobs_of_one_bucket_are_run_by_its_name_and_costly_ones_by_a_tick(as_operator):
    one = make_job("Suspended")
    url = count(as_operator, "run", [one])
    assert as_operator.post(url, {"typed": "confirm"}).status_code == 200
    confirm(as_operator, url, typed="photos")
    some = make_job("Suspended", operation="S3ComputeObjectChecksum", parameters={})
    url = count(as_operator, "run", [some])
    assert "Confirm that you understand" in as_operator.post(url, {}).content.decode()
    confirm(as_operator, url, understood="on")
    assert statuses(one, some) == ["Ready", "Ready"]


def test_pause_and_resume_say_what_a_canary_found(as_operator):
    active, paused = make_job("Active"), make_job("Paused", paused_cause=PauseCause.CANARY)
    stands_back = make_job("Paused", paused_cause=PauseCause.PRIORITY, priority=1)
    confirm(as_operator, count(as_operator, "pause", [active]))
    assert Job.objects.get(pk=active.pk).paused_cause == PauseCause.PERSON
    url = count(as_operator, "resume", [paused, stands_back])
    text = text_of(as_operator, url)
    assert "1 of them paused because the first objects failed too often" in text
    assert "continues by itself after a job of higher priority 1 job" in text
    assert "1 job was resumed" in confirm(as_operator, url)


def test_priority_and_tags_are_typed_once_for_all(as_operator):
    jobs = [make_job("Ready", tags={"team": "red"}), make_job("Complete", tags={"year": "2024"})]
    url = count(as_operator, "priority", jobs)
    assert "whole number from 0" in as_operator.post(url, {"priority": "-1"}).content.decode()
    confirm(as_operator, url, priority="77")
    assert [job.priority for job in Job.objects.order_by("created_at")] == [77, 10]
    url = count(as_operator, "add-tag", jobs)
    assert "reserved" in as_operator.post(url, {"key": "aws:x"}).content.decode()
    confirm(as_operator, url, key="team", value="blue")
    tags = [dict(job.tags.values_list("key", "value")) for job in jobs]
    assert tags == [{"team": "blue"}, {"team": "blue", "year": "2024"}]
    text = confirm(as_operator, count(as_operator, "delete-tag", jobs), key="year")
    assert "1 job was changed: the tag is deleted." in text
    assert "The job has no tag with the key year. 1 job" in text
    confirm(as_operator, count(as_operator, "delete-tag", jobs[:1]), key="team")
    assert [job.tags.count() for job in jobs] == [0, 1]


def test_who_may_not_do_it_to_some_jobs_is_told_before_and_these_stay(client):
    client.force_login(may_cancel_team_blue())
    mine, others = make_job("Active", tags={"team": "blue"}), make_job("Active")
    url = count(client, "cancel", [mine, others])
    text = text_of(client, url)
    assert "1 of 2 chosen jobs is eligible" in text
    assert "which your policies do not allow here" in text
    confirm(client, url)
    assert statuses(mine, others) == ["Cancelling", "Active"]


def test_right_that_was_lost_meanwhile_refuses_and_is_in_the_audit_log(client):
    client.force_login(may_cancel_team_blue())
    job, other = (
        make_job("Active", tags={"team": "blue"}),
        make_job("Active", tags={"team": "blue"}),
    )
    url = count(client, "cancel", [job, other])
    job.tags.update(value="red")
    text = confirm(client, url)
    assert statuses(job, other) == ["Active", "Cancelling"]
    assert "1 job was cancelled" in text and "Refused" in text
    assert [entry.target for entry in entries(allowed=False)] == [job.pk]


def test_job_that_moved_on_is_refused_with_what_it_is_now(as_operator):
    jobs = [make_job("Suspended"), make_job("Suspended")]
    url = count(as_operator, "cancel", jobs)
    Job.objects.filter(pk=jobs[0].pk).update(status="Complete")
    text = confirm(as_operator, url)
    assert "1 job was cancelled" in text and "The job has ended 1 job" in text
    # The audit log has nothing of what was not done.
    assert jobs[0].pk not in [entry.target for entry in entries()]


def test_request_that_took_long_enough_leaves_the_rest_to_the_next(as_operator, monkeypatch):
    jobs = [make_job("Suspended") for _ in range(5)]
    url = count(as_operator, "cancel", jobs)
    monkeypatch.setattr(bulk_actions, "AT_ONCE", 3)
    text = confirm(as_operator, url, reason="Enough")
    assert "2 jobs are still to be done" in text and "3 jobs were cancelled" in text
    assert statuses(*jobs) == ["Cancelled"] * 3 + ["Suspended"] * 2
    monkeypatch.setattr(views, "SECONDS_AT_ONCE", -1.0)
    assert "2 jobs are still to be done" in confirm(as_operator, url)
    monkeypatch.setattr(views, "SECONDS_AT_ONCE", 5.0)
    text = confirm(as_operator, url)
    assert "5 jobs were cancelled" in text and "Continue" not in text
    assert {job.status_changes.last().reason for job in jobs} == {"Enough"}


class Killed(BaseException):
    """The process ends here."""


def test_kill_between_two_jobs_loses_nothing_and_repeats_nothing(as_operator, monkeypatch):
    jobs = [make_job("Suspended") for _ in range(4)]
    url = count(as_operator, "cancel", jobs)
    command, tried = bulk_actions._do, []

    def killed_at_the_third(item_id, job_id, *others):
        tried.append(job_id)
        if len(tried) == 3:
            raise Killed
        command(item_id, job_id, *others)

    monkeypatch.setattr(bulk_actions, "_do", killed_at_the_third)
    with pytest.raises(Killed):
        as_operator.post(url, {})
    assert "2 jobs were cancelled" in text_of(as_operator, url)
    confirm(as_operator, url)
    assert set(statuses(*jobs)) == {"Cancelled"}
    assert [job.status_changes.filter(to_status="Cancelled").count() for job in jobs] == [1] * 4


def test_sent_twice_it_is_done_once(as_operator):
    job = make_job("Active", priority=1)
    url = count(as_operator, "priority", [job])
    confirm(as_operator, url, priority="5")
    confirm(as_operator, url, priority="6")
    assert Job.objects.get(pk=job.pk).priority == 5


def test_nothing_chosen_and_too_many_lead_back_to_the_list(as_operator, monkeypatch):
    assert count(as_operator, "cancel", query="?q=a") == "/jobs/?q=a"
    assert "Tick jobs first" in text_of(as_operator, "/jobs/")
    monkeypatch.setattr(bulk_actions, "MOST_JOBS", 1)
    for _ in range(2):
        make_job("Active")
    assert count(as_operator, "cancel", all="1") == "/jobs/?"
    assert "More than 1 job match" in text_of(as_operator, "/jobs/")
    assert not BulkAction.objects.exists()


def test_page_is_found_by_who_made_it_alone(as_operator, client):
    url = count(as_operator, "cancel", [make_job("Active")])
    client.force_login(make_user("admin"))
    assert client.get(url).status_code == 404


def test_list_offers_what_its_reader_may_do(client):
    job = make_job("Active")
    client.force_login(make_user("viewer"))
    assert 'name="job"' not in client.get("/jobs/").content.decode()
    client.force_login(make_user("operator"))
    page = client.get("/jobs/?q=").content.decode()
    assert f'name="job" value="{job.pk}" form="bulk"' in page
    for act in ACTS:
        assert reverse("bulk-count", args=[act.name]) in page


@pytest.mark.parametrize("number", [1, 3])
def test_counting_takes_as_many_queries_however_many_jobs(
    as_operator, django_assert_num_queries, number
):
    jobs = [make_job("Active", tags={"a": "b"}) for _ in range(number)]
    with django_assert_num_queries(20):
        count(as_operator, "cancel", jobs)


def test_actions_of_long_ago_go(as_operator):
    count(as_operator, "cancel", [make_job("Active")])
    BulkAction.objects.update(created_at=timezone.now() - timedelta(days=31))
    clean_up.clean_up(timezone.now())
    assert not BulkAction.objects.exists() and not BulkItem.objects.exists()
    assert not SetAside.objects.exists()
