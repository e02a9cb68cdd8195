"""An object that changed since it was looked at is not touched, and its row says what changed."""

import inspect
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jobs.operations import registry
from jobs.operations.base import DONE, Operation
from jobs.operations.batch import BatchOperation
from jobs.operations.delete_object import DeleteObject
from jobs.operations.guard_looks import guard_of
from jobs.operations.guarded import Guarded, GuardedTogether, guarded
from jobs.operations.put_object_tagging import PutObjectTagging
from jobs.operations.units import units_of
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.s3.proof import Proof
from jobs.spec.target import Guard, Target
from tests.operations.places import Patient
from tests.operations.walking import walk
from tests.sequential import context_at

ENDPOINT = Endpoint("http://storage.example", "us-east-1", "path")
CHANGED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 3, 4, 7, tzinfo=UTC)
TAGGING = PutObjectTagging.parse({"TagSet": [{"Key": "a", "Value": "1"}]})
OK = Answer(200, "", "", proof=Proof.PROVEN)
UNTOUCHED = "The object changed since it was looked at and was not touched: "


def head(size=12, etag='"a"', version="", changed=CHANGED):
    headers = {"x-amz-version-id": version} if version else {}
    facts = {"ContentLength": size, "ETag": etag, "LastModified": changed}
    return Answer(200, "", "", data=facts, headers=headers, proof=Proof.PROVEN)


def refused(status, code, message=""):
    return Answer(status, code, message, proof=Proof.PROVEN)


def run(guard, *answers, operation=TAGGING, tried_since_s=0.0, version_id=None):
    """The actions of what was called, and how the task ended."""
    context = replace(context_at(ENDPOINT, None), tried_since_s=tried_since_s)
    target = Target("photos", "cat.jpg", version_id, guard)
    steps, outcome = walk(guarded(operation).run(target, context), *answers)
    return [step.action for step in steps], outcome


SEEN = guard_of(head())


def tagged(**pairs):
    tag_set = [{"Key": key, "Value": value} for key, value in pairs.items()]
    return Answer(200, "", "", data={"TagSet": tag_set}, proof=Proof.PROVEN)


@pytest.mark.parametrize(
    ("guard", "now"),
    [
        (SEEN, head()),
        (guard_of(head(version="v1")), head(version="v1")),
        (guard_of(head(version="null")), head(version="null")),
        (Guard(etag="a"), head(etag='"a"')),
        (Guard(size_bytes=12), head(etag='"other"')),
        (replace(SEEN, last_modified_s=CHANGED.timestamp() + 0.123), head()),
        (Guard(etag='"a"', version_id="v1"), head()),
    ],
    ids=["same", "same version", "no version", "etag bare", "size alone", "within a second",
         "a version that is not told any more"],
)  # fmt: skip
def test_object_that_is_as_it_was_is_changed(guard, now):
    assert run(guard, now, OK) == (["HeadObject", "PutObjectTagging"], DONE)


@pytest.mark.parametrize(
    ("guard", "now", "what"),
    [
        (SEEN, head(size=1300), "size from 12 to 1,300 bytes."),
        (SEEN, head(etag='"b"'), 'ETag from "a" to "b".'),
        (SEEN, head(changed=LATER),
         "last change from 2026-01-02 03:04:05 UTC to 2026-01-02 03:04:07 UTC."),
        (SEEN, head(size=1, etag='"b"'), 'size from 12 to 1 bytes, ETag from "a" to "b".'),
        (guard_of(head(version="v1")), head(version="v2"), "version from v1 to v2."),
        (guard_of(head(version="null")), head(version="null", etag='"b"'),
         'ETag from "a" to "b".'),
    ],
)  # fmt: skip
def test_object_that_changed_is_not_touched_and_its_row_says_what_changed(guard, now, what):
    calls, outcome = run(guard, now)
    assert calls == ["HeadObject"]
    assert (outcome.succeeded, outcome.http_status, outcome.code) == (False, 412, "ObjectChanged")
    assert outcome.message == UNTOUCHED + what


def test_object_that_is_gone_has_its_own_code():
    calls, outcome = run(SEEN, refused(404, "NoSuchKey", "Not there."))
    assert calls == ["HeadObject"]
    assert (outcome.http_status, outcome.code, outcome.message) == (404, "NoSuchKey", "Not there.")


def test_version_that_is_gone_has_its_own_code():
    _, outcome = run(SEEN, refused(404, "404"), version_id="v1")
    assert (outcome.http_status, outcome.code) == (404, "NoSuchVersion")


def test_object_that_cannot_be_looked_at_any_more_is_not_touched():
    calls, outcome = run(SEEN, refused(403, "AccessDenied", "Access Denied"))
    assert calls == ["HeadObject"]
    assert outcome.code == "AccessDenied"
    assert outcome.message == (
        "The object was not touched, since it could not be looked at before: Access Denied"
    )


def test_object_that_was_not_there_and_is_now_has_changed():
    calls, outcome = run(Guard(is_absent=True), head())
    assert calls == ["HeadObject"]
    assert (outcome.code, outcome.message) == (
        "ObjectChanged", f"{UNTOUCHED}it was not there, and is now.",
    )  # fmt: skip


def test_object_that_is_still_not_there_fails_without_a_call_that_could_change_something():
    gone = refused(404, "NoSuchKey")
    calls, outcome = run(Guard(is_absent=True), gone, gone)
    assert calls == ["HeadObject", "GetObjectTagging"]
    assert (outcome.succeeded, outcome.code) == (False, "NoSuchKey")


def test_object_to_delete_that_is_still_not_there_is_done():
    gone = refused(404, "NoSuchKey")
    calls, outcome = run(Guard(is_absent=True), gone, gone, operation=DeleteObject.parse({}))
    assert calls == ["HeadObject", "HeadObject"]
    assert outcome == DONE


def test_object_of_which_nothing_was_seen_is_changed_as_ever():
    assert run(None, OK) == (["PutObjectTagging"], DONE)


def test_task_that_was_cut_off_before_says_that_it_may_have_changed_the_object_itself():
    calls, outcome = run(SEEN, head(size=13), tagged(b="2"), tried_since_s=1.0)
    assert calls == ["HeadObject", "GetObjectTagging"]
    assert outcome.code == "ObjectChanged"
    assert outcome.message.endswith(
        "An earlier try of this task, which was cut off, may have changed it."
    )


def test_task_that_was_cut_off_before_is_done_where_the_object_is_as_it_would_make_it():
    calls, outcome = run(SEEN, head(size=13), tagged(a="1"), tried_since_s=1.0)
    assert calls == ["HeadObject", "GetObjectTagging"]
    assert outcome == DONE


def test_task_that_was_cut_off_before_goes_on_where_no_more_than_the_last_change_differs():
    calls, outcome = run(SEEN, head(changed=LATER), OK, tried_since_s=1.0)
    assert calls == ["HeadObject", "PutObjectTagging"]
    assert outcome == DONE


class Conditional(PutObjectTagging):
    guards_itself = True


class ConditionalDelete(DeleteObject):
    guards_itself = True

    def batches(self, targets):
        return [range(len(targets))]


class Unconditional(DeleteObject):
    guards_itself = False


def test_operation_that_guards_itself_is_not_looked_at_before():
    operation = Conditional.parse(TAGGING.to_wire())
    assert run(SEEN, OK, operation=operation) == (["PutObjectTagging"], DONE)


def test_operation_that_guards_itself_is_looked_at_where_nothing_was_there():
    operation = Conditional.parse(TAGGING.to_wire())
    calls, outcome = run(Guard(is_absent=True), head(), operation=operation)
    assert (calls, outcome.code) == (["HeadObject"], "ObjectChanged")


def listed(*guards):
    return [Target("photos", f"k{n}", guard=guard) for n, guard in enumerate(guards)]


def test_guarded_tasks_go_one_by_one_where_the_operation_does_not_guard_itself():
    operation = guarded(Unconditional.parse({}))
    assert not isinstance(operation, BatchOperation)
    assert list(units_of(operation, listed(SEEN, None, SEEN))) == [0, 1, 2]


def test_guarded_tasks_go_together_where_the_operation_guards_itself():
    operation = guarded(ConditionalDelete.parse({}))
    assert isinstance(operation, GuardedTogether)
    absent = Guard(is_absent=True)
    units = units_of(operation, listed(SEEN, absent, SEEN, None))
    assert [one if isinstance(one, int) else [*one] for one in units] == [1, [0, 2, 3]]
    assert len(units_of(operation, listed(SEEN, SEEN))) == 1


@pytest.mark.parametrize("operation", registry.OPERATIONS, ids=lambda one: one.name)
def test_guarded_operation_says_of_itself_what_the_operation_says(operation):
    plain = operation.parse(operation.examples[0])
    wrapped = guarded(plain)
    for name in Operation.__annotations__:
        assert getattr(wrapped, name) == getattr(plain, name), name
    assert wrapped.to_wire() == plain.to_wire()
    assert wrapped.summary() == plain.summary()
    assert wrapped.only_call(Target("photos", "k"), context_at(ENDPOINT, None)) is None


def test_whatever_an_operation_can_do_a_guarded_one_hands_on():
    """A method that is added to Operation has to be thought of here."""
    inherited = [
        name
        for name, _ in inspect.getmembers(Operation, callable)
        if not name.startswith("__") and getattr(Guarded, name) is getattr(Operation, name)
    ]
    assert inherited == []


def test_guarded_task_leaves_an_object_alone_that_a_real_storage_has_otherwise(place, source):
    for key in ("same", "other"):
        place.client.put_object(Bucket=source, Key=key, Body=b"before")
    targets = []
    for key in ("same", "other"):
        seen = place.client.head_object(Bucket=source, Key=key)
        guard = Guard(seen["ETag"], size_bytes=seen["ContentLength"])
        targets.append(Target(source, key, guard=guard))
    place.client.put_object(Bucket=source, Key="other", Body=b"after that")
    runner = Patient(place.endpoint, None, place.client)
    outcomes = runner.run(guarded(TAGGING), targets)
    assert [outcome.code for outcome in outcomes] == ["", "ObjectChanged"]
    assert place.tags_of(source, "same") == {"a": "1"}
    assert place.tags_of(source, "other") == {}


@pytest.mark.parametrize("operation", [TAGGING, Conditional.parse(TAGGING.to_wire())])
def test_look_ahead_of_a_guarded_task_says_that_it_would_leave_the_object_alone(operation):
    context = context_at(ENDPOINT, None)
    target = Target("photos", "cat.jpg", guard=SEEN)
    steps, outcome = walk(guarded(operation).foresee(target, context), head(size=13))
    assert [step.action for step in steps] == ["HeadObject"]
    assert (outcome.succeeded, outcome.code) == (False, "ObjectChanged")
    assert outcome.message.startswith("Would fail: ")


def test_look_ahead_of_a_guarded_task_whose_object_is_as_it_was_is_that_of_the_operation():
    tags = Answer(200, "", "", data={"TagSet": []}, proof=Proof.PROVEN)
    steps = guarded(TAGGING).foresee(
        Target("photos", "cat.jpg", guard=SEEN), context_at(ENDPOINT, None)
    )
    assert walk(steps, head(), tags)[1].code == "WouldChange"


def test_guard_is_the_same_from_the_headers_of_an_answer_as_from_what_they_say():
    headers = {
        "etag": '"a"',
        "content-length": "12",
        "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
        "x-amz-version-id": "v1",
    }
    assert guard_of(Answer(200, "", "", headers=headers)) == guard_of(head(version="v1"))


@pytest.mark.parametrize("text", ["", "soon", "Fri, 99 Foo 2026"])
def test_date_that_is_none_is_not_known(text):
    guard = guard_of(Answer(200, "", "", headers={"etag": '"a"', "last-modified": text}))
    assert guard == Guard(etag='"a"')
