import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from jobs.lifecycle import commands
from jobs.models import JobEvent
from tests.allowed import allowed
from tests.make import make_job, make_region, make_user

pytestmark = pytest.mark.django_db
COPY = {
    "operation": "S3PutObjectCopy",
    "parameters": {"TargetResource": "arn:aws:s3:::archive"},
}


def url(job, name):
    return reverse(f"job-{name}", args=[job.pk])


def status(job):
    job.refresh_from_db()
    return job.status


def flashes(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


# Run


def test_run_page_says_how_many_objects_where_and_what_happens_to_them(as_operator):
    text = as_operator.get(url(make_job("Suspended", total=12_000), "run")).content.decode()
    assert "Replaces every tag on <strong>12,000</strong> objects in photos." in text
    assert "12,000 objects lose their current tags. You can’t undo this." in text
    assert "type the name of the bucket: photos" in text


def test_destructive_job_runs_when_the_bucket_was_typed(as_operator, operator):
    job = make_job("Suspended")
    for typed in ("", "Photos", "other"):
        answer = as_operator.post(url(job, "run"), {"typed": typed})
        assert (answer.status_code, status(job)) == (200, "Suspended")
        assert "<title>Error: Run job" in answer.content.decode()
    answer = as_operator.post(url(job, "run"), {"typed": " photos "})
    assert (answer.status_code, answer.url) == (303, url(job, "detail"))
    assert flashes(answer) == [f"Successfully received confirmation to run job ID {job.short_id}."]
    assert (status(job), job.confirmed_by) == ("Ready", operator)


def test_destructive_job_over_several_buckets_wants_the_word_confirm(as_operator):
    job = make_job("Suspended", buckets={"a-one": [5, 1], "b-two": [5, 6]})
    assert as_operator.post(url(job, "run"), {"typed": "a-one"}).status_code == 200
    assert as_operator.post(url(job, "run"), {"typed": "confirm"}).status_code == 303


def test_job_that_wants_caution_runs_when_the_box_was_ticked(as_operator):
    job = make_job("Suspended", **COPY)
    answer = as_operator.post(url(job, "run"))
    assert "Confirm that you understand what will happen." in answer.content.decode()
    assert status(job) == "Suspended"
    assert as_operator.post(url(job, "run"), {"understood": "on"}).status_code == 303
    assert status(job) == "Ready"


def test_run_sent_twice_runs_once_and_answers_the_same(as_operator):
    job = make_job("Suspended")
    for _ in range(2):
        answer = as_operator.post(url(job, "run"), {"typed": "photos"})
        assert (answer.status_code, answer.url) == (303, url(job, "detail"))
    assert job.status_changes.filter(to_status="Ready").count() == 1


def test_run_after_somebody_else_ran_it_is_a_conflict_that_names_them(as_operator):
    ana = make_user("operator", name="ana", first_name="Ana")
    job = make_job("Ready", actor=ana)
    answer = as_operator.post(url(job, "run"), {"typed": "photos"})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "This job changed while you were looking" in text
    assert "Ana ran it at" in text
    assert "Ana ran it at" in as_operator.get(url(job, "run")).content.decode()


def test_run_that_loses_the_race_is_a_conflict(as_operator, monkeypatch):
    job, other = make_job("Suspended"), make_user("operator")
    confirm = commands.confirm

    def late(job_id, *, by, now):
        confirm(job_id, by=allowed(other), now=now)
        return confirm(job_id, by=by, now=now)

    monkeypatch.setattr(commands, "confirm", late)
    assert as_operator.post(url(job, "run"), {"typed": "photos"}).status_code == 409
    assert job.status_changes.filter(to_status="Ready").count() == 1


def test_job_of_an_earlier_demo_storage_cannot_be_run(as_operator):
    job = make_job("Suspended")
    make_region_of(job, emptied=True)
    assert "keeps nothing between starts" in as_operator.get(url(job, "run")).content.decode()
    assert as_operator.post(url(job, "run"), {"typed": "photos"}).status_code == 409
    assert status(job) == "Suspended"


def make_region_of(job, *, emptied):
    region = make_region(emptied_at=job.suspended_at if emptied else None)
    job.region = region
    job.save()


# Cancel


def test_cancel_page_has_the_real_numbers(as_operator):
    job = make_job("Active", total=12_000, succeeded=7_301, failed=42)
    text = as_operator.get(url(job, "cancel")).content.decode()
    assert "7,301 objects are already changed and stay changed." in text
    assert "42 failed." in text and "4,657 will not be touched" in text


def test_cancel_stops_the_job_and_notes_the_reason(as_operator, operator):
    job = make_job("Active")
    answer = as_operator.post(url(job, "cancel"), {"reason": "Wrong tag"})
    assert answer.status_code == 303
    assert (status(job), job.status_update_reason) == ("Cancelling", "Wrong tag")
    change = job.status_changes.last()
    assert (change.actor, change.reason) == (operator, "Wrong tag")
    assert as_operator.post(url(job, "cancel")).status_code == 303


def test_reason_of_257_characters_is_refused_at_its_field(as_operator):
    job = make_job("Active")
    text = as_operator.post(url(job, "cancel"), {"reason": "x" * 257}).content.decode()
    assert "The reason must be 256 characters or fewer." in text
    assert status(job) == "Active"


@pytest.mark.parametrize("ended", ["Complete", "Completing", "Failed"])
def test_cancel_of_a_job_that_ends_is_a_conflict(as_operator, ended):
    job = make_job(ended)
    assert "cannot be cancelled" in as_operator.get(url(job, "cancel")).content.decode()
    assert as_operator.post(url(job, "cancel")).status_code == 409
    assert status(job) == ended


# Priority


def test_priority_changes_while_the_job_runs(as_operator):
    job = make_job("Active")
    assert as_operator.post(url(job, "priority"), {"priority": "2147483647"}).status_code == 303
    assert (status(job), job.priority) == ("Active", 2_147_483_647)


@pytest.mark.parametrize("typed", ["", "-1", "2147483648", "1.5", "ten", "9" * 5000])
def test_priority_that_is_none_is_refused_with_one_sentence(as_operator, typed):
    job = make_job("Active", priority=7)
    text = as_operator.post(url(job, "priority"), {"priority": typed}).content.decode()
    assert text.count("Priority must be a whole number from 0 to 2147483647.") == 2
    job.refresh_from_db()
    assert job.priority == 7


def test_priority_of_an_ended_job_is_a_conflict(as_operator):
    job = make_job("Complete")
    assert as_operator.post(url(job, "priority"), {"priority": "1"}).status_code == 409


# Tags


def tags_of(job):
    return dict(job.tags.values_list("key", "value"))


def save(client, job, rows, **more):
    keys, values = zip(*rows, strict=True) if rows else ((), ())
    seen = client.get(url(job, "tags")).context["seen"]
    return client.post(url(job, "tags"), {"seen": seen, "key": keys, "value": values, **more})


def test_tags_are_added_changed_and_removed(as_operator):
    job = make_job("Complete", tags={"team": "media", "year": "2024"})
    answer = save(as_operator, job, [("team", "fin"), ("", ""), ("new", "")])
    assert answer.status_code == 303
    assert tags_of(job) == {"team": "fin", "new": ""}
    assert JobEvent.objects.get(job=job).before == {"team": "media", "year": "2024"}
    save(as_operator, job, [])
    assert tags_of(job) == {}


def test_rows_of_tags_are_added_and_taken_away_without_saving(as_operator):
    job = make_job(tags={"team": "media"})
    rows = [("team", "fin"), ("year", "2026")]
    more = save(as_operator, job, rows, add="tag")
    assert [row["key"] for row in more.context["rows"]] == ["team", "year", ""]
    less = save(as_operator, job, rows, remove="0")
    assert [(row["key"], row["value"]) for row in less.context["rows"]] == [("year", "2026")]
    assert tags_of(job) == {"team": "media"}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("", "lonely")], "Enter a key, or clear the value."),
        ([("a", "1"), ("a", "2")], "is entered twice"),
        ([("aws:a", "1")], "are reserved"),
        ([("a", "x" * 257)], "has more than 256 characters"),
        ([("k" * 129, "")], "has 1 to 128 characters"),
        ([("a<b", "")], "use letters, digits, spaces"),
    ],
)
def test_tag_that_is_not_right_is_refused_at_its_row(as_operator, rows, sentence):
    job = make_job(tags={"team": "media"})
    answer = save(as_operator, job, rows)
    assert answer.status_code == 200
    assert sentence in [row["error"] for row in answer.context["rows"] if row["error"]][0]
    assert tags_of(job) == {"team": "media"}


def test_tags_that_somebody_changed_meanwhile_are_not_overwritten_unseen(as_operator):
    job = make_job(tags={"team": "media"})
    seen = as_operator.get(url(job, "tags")).context["seen"]
    job.tags.create(key="late", value="1")
    form = {"seen": seen, "key": ["team"], "value": ["fin"]}
    answer = as_operator.post(url(job, "tags"), form)
    assert "Somebody else changed these tags." in answer.content.decode()
    assert tags_of(job) == {"team": "media", "late": "1"}
    answer = as_operator.post(url(job, "tags"), {**form, "seen": answer.context["seen"]})
    assert (answer.status_code, tags_of(job)) == (303, {"team": "fin"})
