import pytest

from jobs.choices import Risk
from jobs.console.forms.operations.table import FORMS
from jobs.errors import ValidationFailedError
from jobs.operations import restore_waiting
from jobs.operations.base import Finding, Outcome
from jobs.operations.initiate_restore_object import (
    NO_EXPEDITED,
    REQUESTED,
    RESTORED,
    RUNNING,
    TIERS,
    InitiateRestoreObject,
)
from jobs.operations.steps import Later
from jobs.operations.waiting import Waits
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.faults import Verdict
from jobs.spec.target import Target
from tests.operations.test_wire_model import CONTROL, S3, enum, members
from tests.operations.walking import walk
from tests.sequential import context_at

ENDPOINT = Endpoint("http://127.0.0.1:1", "us-east-1", "path")
CONTEXT = context_at(ENDPOINT, None)
ACCEPTED = Answer(202, "", "")
IN_PROGRESS = Answer(409, "RestoreAlreadyInProgress", "Object restore is already in progress.")
LOST = Answer(0, "ReadTimeoutError", "No answer came.")
TARGET = Target("photos", "k")


def parse(**parameters):
    return InitiateRestoreObject.parse(parameters)


DAYS_WRONG = (
    "ExpirationInDays must be a whole number, 1 or more; leave it out for Intelligent-Tiering."
)


@pytest.mark.parametrize("days", [-1, -(2**40), 1.5, True, "7", 2**31, [1]])
def test_days_that_are_none_are_refused_with_their_field(days):
    with pytest.raises(ValidationFailedError) as caught:
        parse(ExpirationInDays=days)
    assert [(p.field, p.message) for p in caught.value.problems] == [
        ("ExpirationInDays", DAYS_WRONG)
    ]


@pytest.mark.parametrize(
    ("parameters", "field", "words"),
    [
        ({"GlacierJobTier": "EXPEDITED"}, "GlacierJobTier", "must be one of STANDARD, BULK."),
        ({"GlacierJobTier": "Bulk"}, "GlacierJobTier", "must be one of STANDARD, BULK."),
        ({"Days": 1}, "Days", "is not a parameter here."),
        ({"WaitUntilReadable": "yes"}, "WaitUntilReadable", "must be true or false."),
        (
            {"WaitUntilReadable": True, "WaitAtMostDays": 0},
            "WaitAtMostDays",
            "must be a whole number from 1 to 30.",
        ),
        (
            {"WaitUntilReadable": True, "WaitAtMostDays": 31},
            "WaitAtMostDays",
            "must be a whole number from 1 to 30.",
        ),
        ({"WaitAtMostDays": 3}, "WaitAtMostDays", "goes with WaitUntilReadable only."),
    ],
)
def test_wrong_parameter_gets_a_sentence_at_its_place(parameters, field, words):
    with pytest.raises(ValidationFailedError) as caught:
        InitiateRestoreObject.parse(parameters)
    assert [problem.field for problem in caught.value.problems] == [field]
    assert words in caught.value.message


def test_members_and_values_are_those_of_the_models():
    assert members("S3InitiateRestoreObjectOperation") == {"ExpirationInDays", "GlacierJobTier"}
    assert CONTROL.shape_for("S3ExpirationInDays").metadata == {"min": 0}
    assert set(TIERS) == enum("S3GlacierJobTier")
    assert set(S3.shape_for("Tier").enum) - set(TIERS.values()) == {"Expedited"}


@pytest.mark.parametrize(
    "parameters", [{}, {"ExpirationInDays": 0}, {"ExpirationInDays": 2**31 - 1}]
)
def test_what_the_model_allows_is_taken_and_written_again(parameters):
    assert InitiateRestoreObject.parse(parameters).to_wire() == parameters


@pytest.mark.parametrize(
    ("parameters", "asked"),
    [
        (
            {"ExpirationInDays": 7, "GlacierJobTier": "BULK"},
            {"Days": 7, "GlacierJobParameters": {"Tier": "Bulk"}},
        ),
        ({"GlacierJobTier": "STANDARD"}, {"GlacierJobParameters": {"Tier": "Standard"}}),
        ({"ExpirationInDays": 0}, {"Days": 0}),
        ({}, {}),
    ],
)
@pytest.mark.parametrize(("version", "named"), [(None, {}), ("v1", {"VersionId": "v1"})])
def test_task_asks_for_the_version_that_the_list_names(parameters, asked, version, named):
    operation = InitiateRestoreObject.parse(parameters)
    (call,), outcome = walk(operation.run(Target("photos", "k", version), CONTEXT), ACCEPTED)
    assert (call.action, call.params) == (
        "RestoreObject",
        {"Key": "k", **named, "RestoreRequest": asked},
    )
    assert call.once
    assert outcome == REQUESTED


def test_report_says_that_the_restore_was_requested():
    _, outcome = walk(parse(ExpirationInDays=1).run(TARGET, CONTEXT), ACCEPTED)
    assert outcome == Outcome(True, 200, "", "Restore requested.")
    _, outcome = walk(parse(ExpirationInDays=1).run(TARGET, CONTEXT), Answer(200, "", ""))
    assert outcome == RESTORED
    assert outcome.message.startswith("Restore requested.")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "RestoreAlreadyInProgress"),
        (403, "InvalidObjectState"),
        (404, "NoSuchKey"),
        (403, "AccessDenied"),
        (503, NO_EXPEDITED),
    ],
)
def test_refusal_is_the_tasks_failure_with_the_storages_own_code(status, code):
    answer = Answer(status, code, "Said so.")
    steps, outcome = walk(parse(ExpirationInDays=1).run(TARGET, CONTEXT), answer)
    assert outcome == Outcome(False, status, code, "Said so.")
    assert len(steps) == 1


def test_restore_in_progress_after_a_lost_answer_may_be_our_own():
    steps, outcome = walk(parse(ExpirationInDays=1).run(TARGET, CONTEXT), LOST, True, IN_PROGRESS)
    assert isinstance(steps[1], Later)
    assert outcome == RUNNING
    assert "may be one that was requested before" in outcome.message


def test_restore_in_progress_after_a_kill_may_be_our_own():
    context = context_at(ENDPOINT, None)
    context.tried_since_s = 1.0
    _, outcome = walk(parse(ExpirationInDays=1).run(TARGET, context), IN_PROGRESS)
    assert outcome == RUNNING


def test_answer_that_stays_lost_is_no_success():
    _, outcome = walk(parse(ExpirationInDays=1).run(TARGET, CONTEXT), LOST, False)
    assert (outcome.succeeded, outcome.code) == (False, "ReadTimeoutError")


def test_lack_of_expedited_retrievals_is_final_and_other_busy_answers_are_not():
    operation = parse(ExpirationInDays=1)
    (call,), _ = walk(operation.run(TARGET, CONTEXT), ACCEPTED)
    assert operation.judge(call, Answer(503, NO_EXPEDITED, "")) is Verdict.FINAL
    assert operation.judge(call, Answer(503, "SlowDown", "")) is None


def facts(**more):
    return Answer(200, "", "", {"ContentLength": 1, "ETag": '"a"', **more})


@pytest.mark.parametrize(
    ("head", "finding"),
    [
        (facts(StorageClass="GLACIER", Restore='ongoing-request="true"'), Finding()),
        (facts(StorageClass="DEEP_ARCHIVE"), Finding(lost="restore request")),
        (facts(StorageClass="GLACIER"), Finding(lost="restore request")),
        (facts(StorageClass="INTELLIGENT_TIERING"), Finding(is_unsure=True)),
        (facts(), Finding(is_unsure=True)),
    ],
)
def test_object_of_an_archive_class_shows_its_restore(head, finding):
    _, found = walk(parse(ExpirationInDays=1).check(TARGET, CONTEXT, None), head)
    assert found == finding


def test_look_that_is_refused_proves_nothing():
    refused = Answer(403, "AccessDenied", "")
    _, found = walk(parse(ExpirationInDays=1).check(TARGET, CONTEXT, None), refused)
    assert not found.lost
    assert found.unseen == "HeadObject was answered with 403 AccessDenied"


def test_person_reads_that_the_job_does_not_wait_for_the_data():
    operation = parse(ExpirationInDays=7, GlacierJobTier="BULK")
    assert operation.consequence(12, ["photos"]) == (
        "Requests the restore of 12 objects in photos for 7 days. The job ends when the requests are"
        " made, not when the data is ready."
    )
    assert operation.summary() == [
        ("Days until the copies expire", "7"),
        ("Retrieval tier", "Bulk"),
    ]
    assert parse().summary() == [
        ("Days until the copies expire", "Not specified"),
        ("Retrieval tier", "Not specified"),
    ]
    assert operation.danger() is Risk.COST


@pytest.mark.parametrize("days", ["-1", "0", "1.5", "many", "36501"])
def test_form_says_at_its_field_what_days_may_be(days):
    form = FORMS["S3InitiateRestoreObject"]({"days": days})
    assert not form.is_valid()
    assert form.errors == {
        "days": ["Days until the copies expire must be a whole number from 1 to 36,500."]
    }


def test_form_asks_for_days_of_glacier_objects_and_sends_none_for_the_others():
    form = FORMS["S3InitiateRestoreObject"]({"archived_in": "glacier", "days": ""})
    assert not form.is_valid()
    assert form.errors == {"days": ["Enter for how many days the copies are needed."]}
    form = FORMS["S3InitiateRestoreObject"]({"archived_in": "tiering", "days": "x", "tier": "BULK"})
    assert form.is_valid(), form.errors
    assert form.wire() == {"GlacierJobTier": "BULK"}


def test_archived_object_is_restored_and_asked_for_again(place, source):
    if place.endpoint.tags_after_copy:
        pytest.skip("Gateway: restore answers 501 there.")
    place.client.put_object(Bucket=source, Key="k", Body=b"x", StorageClass="GLACIER")
    wanted = {"ExpirationInDays": 3, "GlacierJobTier": "BULK"}
    assert place.run("S3InitiateRestoreObject", wanted, Target(source, "k")) == REQUESTED
    assert "ongoing-request" in place.client.head_object(Bucket=source, Key="k")["Restore"]
    assert place.run("S3InitiateRestoreObject", wanted, Target(source, "k")) == RESTORED


def test_object_that_is_not_archived_is_the_storages_refusal(place, source):
    if place.endpoint.tags_after_copy:
        pytest.skip("Gateway: restore answers 501 there.")
    place.client.put_object(Bucket=source, Key="plain", Body=b"x")
    outcome = place.run("S3InitiateRestoreObject", {"ExpirationInDays": 1}, Target(source, "plain"))
    assert (outcome.http_status, outcome.code) == (403, "InvalidObjectState")


# --- Waiting until the objects can be read


WAITING = {"ExpirationInDays": 7, "WaitUntilReadable": True}
NOW_S = 1_800_000_000.0


def visiting(*, since_s=NOW_S - 60):
    context = context_at(ENDPOINT, None)
    context.waits, context.tried_since_s, context.now_s = 1, since_s, lambda: NOW_S
    return context


def test_job_that_waits_says_for_how_long_and_both_ways_on_the_wire():
    operation = parse(**WAITING)
    assert operation.to_wire() == {**WAITING, "WaitAtMostDays": 3}
    assert operation.summary()[-1] == ("Wait until readable", "Yes, for 3 days at most")
    assert operation.consequence(2, ["photos"]).endswith(
        "The job ends when every object can be read, or after 3 days at most."
    )
    assert not parse(ExpirationInDays=7, WaitUntilReadable=False).is_waiting
    assert parse(ExpirationInDays=7, WaitUntilReadable=False).to_wire() == {"ExpirationInDays": 7}


@pytest.mark.parametrize("days", ["", "0", "31", "x"])
def test_form_says_at_its_field_for_how_many_days_a_job_may_wait(days):
    form = FORMS["S3InitiateRestoreObject"]({"days": "7", "wait": "on", "wait_days": days})
    assert not form.is_valid()
    assert list(form.errors) == ["wait_days"]
    form = FORMS["S3InitiateRestoreObject"]({"days": "7", "wait": "on", "wait_days": "5"})
    assert form.is_valid(), form.errors
    wanted = {"WaitUntilReadable": True, "WaitAtMostDays": 5}
    assert {name: form.wire()[name] for name in wanted} == wanted


@pytest.mark.parametrize("answer", [ACCEPTED, Answer(200, "", ""), IN_PROGRESS])
def test_what_was_requested_or_is_restored_by_somebody_is_waited_for(answer):
    steps, outcome = walk(parse(**WAITING).run(TARGET, CONTEXT), answer)
    assert [step.action for step in steps] == ["RestoreObject"]
    assert isinstance(outcome, Waits)


def test_what_is_refused_is_not_waited_for():
    refused = Answer(403, "InvalidObjectState", "It is not archived.")
    _, outcome = walk(parse(**WAITING).run(TARGET, CONTEXT), refused)
    assert outcome == Outcome(False, 403, "InvalidObjectState", "It is not archived.")


ONGOING = 'ongoing-request="true"'
DONE_UNTIL = 'ongoing-request="false", expiry-date="Fri, 21 Dec 2029 00:00:00 GMT"'


@pytest.mark.parametrize(
    ("shown", "is_readable"),
    [
        ({"StorageClass": "GLACIER", "Restore": ONGOING}, False),
        ({"StorageClass": "GLACIER", "Restore": DONE_UNTIL}, True),
        ({"StorageClass": "CLOUDTIER", "Restore": DONE_UNTIL}, True),
        ({"StorageClass": "GLACIER"}, False),
        ({"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"}, False),
        ({"StorageClass": "INTELLIGENT_TIERING"}, True),
        ({}, True),
    ],
)
def test_visit_asks_what_the_object_shows_and_requests_nothing(shown, is_readable):
    steps, outcome = walk(parse(**WAITING).run(TARGET, visiting()), facts(**shown))
    assert [step.action for step in steps] == ["HeadObject"]
    assert (outcome == restore_waiting.READY) is is_readable
    assert isinstance(outcome, Waits) is not is_readable


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"Restore": ONGOING}, ""),
        ({}, " The storage shows no restore of it any more."),
    ],
)
def test_object_that_stays_archived_fails_when_its_days_are_over(shown, said):
    since_s = NOW_S - 3 * restore_waiting.DAY_S - 1
    head = facts(StorageClass="GLACIER", **shown)
    _, outcome = walk(parse(**WAITING).run(TARGET, visiting(since_s=since_s)), head)
    assert outcome == Outcome(
        False,
        200,
        "RestoreNotReady",
        f"The restore was requested, and the object cannot be read after 3 days.{said}",
    )


def test_object_that_went_away_meanwhile_is_a_failed_task():
    gone = Answer(404, "404", "Not Found")
    _, outcome = walk(parse(**WAITING).run(TARGET, visiting()), gone)
    assert (outcome.succeeded, outcome.code) == (False, "NoSuchKey")


def test_looks_get_rarer_and_begin_later_for_bulk():
    waits = [parse(**WAITING).wait_s(n) for n in range(8)]
    assert waits[:5] == [60, 120, 240, 480, 900] and waits[-1] == 900
    bulk = parse(**WAITING, GlacierJobTier="BULK")
    assert [bulk.wait_s(n) for n in (0, 1, 100)] == [300, 600, 1800]
