"""Objects that are too large for one request are copied in parts, and never half or mixed."""

import dataclasses
import functools
import threading

import pytest

from jobs.operations.copying import large_copy_state
from jobs.services.s3 import S3Service
from jobs.services.table import SERVICES
from jobs.spec.target import Guard, Target
from tests.answering_storage import Play
from tests.operations.copying_in_parts import CONTENT, copying

LARGE = Target("photos", "large")


@pytest.fixture(params=["data plane", "boto3"])
def copies(request, monkeypatch):
    by_boto3 = {"s3": functools.partial(S3Service, by_boto3=True)}
    services = SERVICES if request.param == "data plane" else by_boto3
    with copying(monkeypatch, services=services) as made:
        yield made


@pytest.fixture
def quick(monkeypatch):
    with copying(monkeypatch) as made:
        yield made


def known(*, size_bytes, **facts):
    return Target("photos", "large", guard=Guard(size_bytes=size_bytes, **facts))


def test_object_that_one_request_does_not_copy_is_copied_in_parts(copies):
    outcome = copies.run_one()
    assert outcome.succeeded and outcome.message == "Successful"
    assert copies.made().content == CONTENT
    assert set(copies.world.copied.values()) == {1} and len(copies.world.copied) == 30
    assert copies.world.uploads == {} and copies.states.left == {}


def test_object_that_one_request_copies_is_not_looked_at_first(copies):
    copies.world.put("photos", "small", b"123")
    assert copies.run(Target("photos", "small"))[0].succeeded
    assert copies.asked() == {"CopyObject": 1}


@pytest.mark.parametrize(
    "refusal",
    [
        (400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size."),
        (413, "EntityTooLarge", ""),
        (400, "InvalidArgument", "The copy source is too large."),
    ],
)
def test_storages_say_in_other_words_that_an_object_is_too_large(quick, refusal):
    quick.world.too_large = refusal
    assert quick.run_one().succeeded
    assert quick.made().content == CONTENT


def test_refusal_for_another_reason_is_the_tasks_outcome(quick):
    quick.world.too_large = (400, "InvalidRequest", "This copy request is illegal.")
    outcome = quick.run_one()
    assert (outcome.code, outcome.message) == ("InvalidRequest", "This copy request is illegal.")
    assert quick.asked() == {"CopyObject": 1}


def test_limit_that_was_learnt_spares_the_request_that_can_only_be_refused(quick):
    quick.world.put("photos", "larger", CONTENT * 2)
    assert quick.run_one().succeeded
    larger = Target("photos", "larger", guard=Guard(size_bytes=len(CONTENT) * 2))
    small = Target("photos", "large", guard=Guard(size_bytes=10))
    assert quick.run(larger)[0].succeeded
    assert quick.world.asked["CopyObject"] == 1
    quick.run(small)
    assert quick.world.asked["CopyObject"] == 2


def test_object_that_the_list_calls_too_large_goes_in_parts_at_once(quick):
    assert quick.run(known(size_bytes=5 * 1024**3 + 1))[0].succeeded
    assert quick.world.asked["CopyObject"] == 0
    assert quick.made().content == CONTENT


def test_object_that_is_not_the_one_that_was_seen_is_left_alone(quick):
    outcome = quick.run(known(size_bytes=5 * 1024**3 + 1, etag='"another"'))[0]
    assert (outcome.succeeded, outcome.code) == (False, "ObjectChanged")
    assert quick.made() is None and quick.world.created == []


def test_empty_object_goes_by_a_put_with_the_same_headers(copies):
    copies.world.put_shown("photos", "empty", b"", content_type="text/x-none")
    target = Target("photos", "empty", guard=Guard(size_bytes=5 * 1024**3 + 1))
    assert copies.run(target)[0].succeeded
    assert copies.made("empty").content == b"" and copies.world.created == []
    assert copies.world.asked["PutObject"] == 1


# --- A source that changes


def change_source_at(copies, number):
    def script(asked):
        if asked.action == "UploadPartCopy" and asked.query["partNumber"] == str(number):
            copies.world.put("photos", "large", b"other" * 60)
        return None

    copies.stage.script = script


@pytest.mark.parametrize("ignored", [frozenset(), frozenset({"if-match"})])
def test_source_that_changes_fails_the_task_and_no_object_is_made(copies, ignored):
    """Also on a storage that takes no notice of the condition."""
    copies.world.ignores = ignored
    change_source_at(copies, 12)
    outcome = copies.run_one()
    assert (outcome.http_status, outcome.code) == (412, "PreconditionFailed")
    assert "changed while it was copied" in outcome.message
    assert copies.made() is None
    assert copies.world.uploads == {} and copies.states.left == {}


def test_source_that_is_gone_in_the_middle_fails_the_task(quick):
    def script(asked):
        if asked.action == "UploadPartCopy" and asked.query["partNumber"] == "12":
            quick.world.delete("photos", "large")
        return None

    quick.stage.script = script
    assert quick.run_one().code == "NoSuchKey"
    assert quick.world.uploads == {} and quick.made() is None


# --- Going on after a kill or a stop


class Stops:
    """A script that sets `stop` at a part, and whose storage does that part all the same."""

    def __init__(self, number):
        self.number, self.stop = number, threading.Event()

    def __call__(self, asked):
        if asked.action == "UploadPartCopy" and int(asked.query["partNumber"]) == self.number:
            self.stop.set()
        return None


def stopped_in_the_middle(copies, number=20, **members):
    copies.stage.script = stops = Stops(number)
    assert copies.run_one(stop=stops.stop, **members) is None
    copies.stage.script = lambda asked: None
    return dict(copies.states.left)


def test_what_was_stopped_in_the_middle_goes_on_where_it_was(copies):
    kept = stopped_in_the_middle(copies)
    before = len(copies.world.copied)
    assert 0 < before < 30
    assert copies.run_one(kept=kept).succeeded
    assert copies.made().content == CONTENT
    assert set(copies.world.copied.values()) == {1} and len(copies.world.copied) == 30
    assert copies.world.asked["HeadObject"] == 2, "one for each beginning, one before the end"
    assert len(copies.world.created) == 1 and copies.states.left == {}


def test_part_of_another_size_is_copied_again(quick):
    kept = stopped_in_the_middle(quick)
    (upload,) = quick.world.uploads.values()
    upload.parts[3] = b"half"
    assert quick.run_one(kept=kept).succeeded
    assert quick.made().content == CONTENT
    assert quick.world.copied["large", 3] == 2


def test_storage_that_does_not_list_parts_gets_all_of_them_again(quick):
    kept = stopped_in_the_middle(quick)
    refused = Play(form=dataclasses.replace(Play().form, status=403, body="error: final"))
    quick.stage.script = lambda asked: refused if asked.action == "ListParts" else None
    assert quick.run_one(kept=kept).succeeded
    assert quick.made().content == CONTENT


def test_upload_that_is_gone_is_begun_anew(quick):
    kept = stopped_in_the_middle(quick)
    quick.world.uploads.clear()
    assert quick.run_one(kept=kept).succeeded
    assert quick.made().content == CONTENT and len(quick.world.created) == 2


def ready_to_be_made(copies):
    """What lies there of a worker that died after its object was made, and what it made."""
    assert copies.run_one().succeeded
    (ready,) = [
        state for state in copies.states.history if state and large_copy_state.read(state).made_etag
    ]
    copies.states[0] = ready
    return {0: ready}


def test_object_that_was_made_before_a_kill_is_not_made_again(copies):
    kept = ready_to_be_made(copies)
    made = copies.made()
    assert copies.run_one(kept=kept).succeeded
    assert copies.made() is made and len(copies.world.created) == 1
    assert copies.states.left == {}


def test_object_that_somebody_else_wrote_does_not_count_as_made(quick):
    kept = ready_to_be_made(quick)
    quick.world.put("archive", "large", b"x" * len(CONTENT))
    assert quick.run_one(kept=kept).succeeded
    assert quick.made().content == CONTENT and len(quick.world.created) == 2


def test_equal_object_of_an_earlier_copy_does_not_count_as_made(quick):
    kept = ready_to_be_made(quick)
    made = quick.made()
    quick.world._change("archive", "large", made, changed_s=made.changed_s - 60)
    assert quick.run_one(kept=kept).succeeded
    assert len(quick.world.created) == 2


@pytest.mark.parametrize(
    ("status", "code"), [(404, "error: gone"), (403, "error: final"), (501, "error: no call")]
)
def test_made_object_is_recognised_whatever_a_storage_says_of_an_upload_that_is_gone(
    quick, status, code
):
    """Ceph says NoSuchKey; others do not list parts at all."""
    kept = ready_to_be_made(quick)
    quick.stage.script = lambda asked: (
        answered(status, code) if asked.action == "ListParts" else None
    )
    assert quick.run_one(kept=kept).succeeded
    assert len(quick.world.created) == 1 and quick.states.left == {}


def test_whoever_was_left_behind_does_not_make_the_object(quick):
    """Another worker takes over while the last part is on its way."""

    def script(asked):
        if asked.action == "UploadPartCopy" and asked.query["partNumber"] == "30":
            state = large_copy_state.read(quick.states[0])
            quick.states[0] = state.taken_over().written()
        return None

    quick.stage.script = script
    assert quick.run_one() is None
    assert quick.made() is None and len(quick.world.uploads) == 1
    assert quick.run_one(kept=dict(quick.states)).succeeded
    assert quick.made().content == CONTENT


def test_whoever_comes_after_the_end_of_the_job_does_not_make_the_object(quick):
    def script(asked):
        if asked.action == "UploadPartCopy" and asked.query["partNumber"] == "30":
            quick.states.clear()
        return None

    quick.stage.script = script
    assert quick.run_one() is None and quick.made() is None


def test_parts_that_were_copied_once_more_by_whoever_was_left_behind_are_listed_again(quick):
    quick.world.salts = True

    def script(asked):
        if asked.action == "CompleteMultipartUpload" and asked.overall == 1:
            (upload,) = quick.world.uploads.values()
            upload.salts[7] = b"another time"
        return None

    quick.stage.script = script
    assert quick.run_one().succeeded
    assert quick.made().content == CONTENT and quick.world.asked["CompleteMultipartUpload"] == 2


# --- The end


def answered(status=None, body="true", **options):
    return Play(form=dataclasses.replace(Play().form, status=status, body=body), **options)


def at_the_end(play):
    """It comes with the first request to make the object."""
    return lambda asked: (
        play if asked.action == "CompleteMultipartUpload" and asked.nth == 1 else None
    )


@pytest.mark.parametrize("does", [True, False])
@pytest.mark.parametrize(
    "play",
    [
        answered(200, "error: again"),
        answered(500, "error: again"),
        answered(200, "html"),
        answered(200, "none"),
        answered(lost=True),
    ],
)
def test_object_is_made_though_the_storage_did_not_say_so_at_once(quick, play, does):
    quick.stage.script = at_the_end(dataclasses.replace(play, does=does))
    assert quick.run_one().succeeded
    assert quick.made().content == CONTENT
    assert quick.states.left == {} and quick.world.uploads == {}


def test_error_within_a_success_is_the_tasks_failure(copies):
    copies.stage.script = at_the_end(answered(200, "error: final", does=False))
    outcome = copies.run_one()
    assert (outcome.succeeded, outcome.http_status, outcome.code) == (False, 403, "AccessDenied")
    assert copies.made() is None
    assert copies.world.uploads == {} and copies.states.left == {}


def test_object_that_is_made_while_it_is_asked_for_again_counts(quick):
    """The first answer was lost; the storage was still at it when the second came."""
    held, looks = [], []

    def script(asked):
        if asked.action == "CompleteMultipartUpload" and asked.nth == 1:
            (upload,) = quick.world.uploads.values()
            held.append(quick.world._made(upload, sorted(upload.parts)))
            quick.world.uploads.clear()
            return answered(lost=True, does=False)
        if asked.action == "HeadObject" and asked.bucket == "archive":
            looks.append(asked)
            if len(looks) == 2:
                quick.world._add("archive", "large", held[0])
        return None

    quick.stage.script = script
    assert quick.run_one().succeeded
    assert quick.made().content == CONTENT


def test_end_that_nobody_can_prove_does_not_count(quick):
    """The answer was lost, and what lies there cannot be told from what others write."""
    quick.world.makes_odd_etags = True
    quick.stage.script = at_the_end(answered(lost=True))
    outcome = quick.run_one()
    assert (outcome.succeeded, outcome.code) == (False, "NoSuchUpload")


def test_part_that_is_refused_fails_the_task_with_its_number_and_aborts_the_upload(quick):
    refused = answered(403, "error: final", does=False)
    quick.stage.script = lambda asked: refused if asked.query.get("partNumber") == "7" else None
    outcome = quick.run_one()
    assert (outcome.code, outcome.message) == (
        "AccessDenied", "Part 7 of 30 was not copied: It is so."
    )  # fmt: skip
    assert quick.world.uploads == {} and quick.states.left == {}


def test_upload_that_cannot_be_aborted_now_is_aborted_when_the_job_ends(quick):
    refused = answered(403, "error: final", does=False)
    quick.stage.script = lambda asked: (
        refused
        if asked.query.get("partNumber") == "7" or asked.action == "AbortMultipartUpload"
        else None
    )
    assert quick.run_one().code == "AccessDenied"
    assert len(quick.world.uploads) == 1
    quick.stage.script = lambda asked: None
    assert quick.run_one(kept=dict(quick.states), gives_up=True).succeeded
    assert quick.world.uploads == {}


def test_job_that_ends_in_the_middle_aborts_what_it_began(copies):
    kept = stopped_in_the_middle(copies)
    assert copies.run_one(kept=kept, gives_up=True).succeeded
    assert copies.world.uploads == {} and copies.made() is None


def test_aborting_what_is_gone_is_no_failure(quick):
    kept = stopped_in_the_middle(quick)
    quick.world.uploads.clear()
    assert quick.run_one(kept=kept, gives_up=True).succeeded


def test_part_that_arrives_after_the_abort_is_aborted_too(quick):
    kept = stopped_in_the_middle(quick)
    (held,) = quick.world.uploads.items()

    def script(asked):
        if asked.action == "ListParts" and asked.overall == 1:
            quick.world.uploads[held[0]] = held[1]
        return None

    quick.stage.script = script
    assert quick.run_one(kept=kept, gives_up=True).succeeded
    assert quick.world.uploads == {} and quick.world.asked["AbortMultipartUpload"] == 2


def test_why_an_upload_stays_is_said(quick):
    kept = stopped_in_the_middle(quick)
    quick.stage.script = lambda asked: answered(403, "error: final", does=False)
    outcome = quick.run_one(kept=kept, gives_up=True)
    assert (outcome.succeeded, outcome.code) == (False, "AccessDenied")
