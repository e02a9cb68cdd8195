"""Answers that may be read in two ways, and what a storage really did then."""

from dataclasses import replace

import pytest

from jobs.dataplane import surroundings
from jobs.operations import checked
from jobs.spec.target import Target
from tests.answering_facts import ANEW, OURS
from tests.answering_forms import Form
from tests.answering_storage import FastClock, Play
from tests.answering_world import World
from tests.dataplane.answer_cases import NEW_TAGS, OLD_TAGS
from tests.dataplane.answered import Trial

LONG_S = 9000.0


@pytest.fixture
def unhurried(bench, monkeypatch):
    """Trials in which a second takes a second: all of a test happens within one or two."""
    clock = FastClock(1.0)
    monkeypatch.setattr(surroundings, "time", clock)
    monkeypatch.setattr(checked, "LASTS_S", 0.1)
    return replace(bench, clock=clock, trials=bench.trials + 1000)


def world(bench, *, versioned=False):
    made = World(bench.clock.time)
    for name in ("photos", "target"):
        made.make_bucket(name, versioned=versioned)
    return made


def keys(count):
    return [f"k{n:02}" for n in range(count)]


def filled(bench, count, *, versioned=False):
    """Objects of long ago, with a tag."""
    made = world(bench, versioned=versioned)
    for key in keys(count):
        made.put("photos", key, key.encode(), tags=OLD_TAGS, changed_s=made.clock() - LONG_S)
    return made, [Target("photos", key) for key in keys(count)]


def stops_at(culprit, made):
    """A storage that deletes in order, and refuses the whole when it comes to `culprit`."""

    def script(asked):
        named = [key for key, _ in asked.items] or [asked.key]
        if not asked.action.startswith("Delete") or culprit not in named:
            return None
        for key in named[: named.index(culprit)]:
            made.delete(asked.bucket, key)
        return Play(False, Form(403, "error: final"))

    return script


def test_whole_that_is_refused_after_a_part_was_done_deletes_nothing_that_was_written_anew(bench):
    made, targets = filled(bench, 64)
    made.anew = set(keys(40))
    trial = Trial(bench, "delete", made, targets)
    trial.run(stops_at("k40", made))
    assert made.deleted_anew == 0
    assert [trial.outcomes[40].code, trial.outcomes[41].succeeded] == ["AccessDenied", True]
    assert all(out.succeeded or out.code == "DeletionUnclear" for out in trial.outcomes[:40])


def test_whole_that_is_refused_deletes_nothing_that_was_written_anew_in_the_same_second(unhurried):
    made, targets = filled(unhurried, 64)
    made.anew = set(keys(40))
    Trial(unhurried, "delete", made, targets).run(stops_at("k40", made))
    assert made.deleted_anew == 0


def test_whole_that_is_refused_after_some_in_the_middle_were_done_deletes_nothing_anew(bench):
    made, targets = filled(bench, 64)
    some = keys(64)[22:34]
    made.anew = set(some)

    def script(asked):
        if asked.action != "DeleteObjects" or asked.overall > 1:
            return None
        for key in some:
            made.delete(asked.bucket, key)
        return Play(False, Form(500, "error: again"))

    Trial(bench, "delete", made, targets).run(script)
    assert made.deleted_anew == 0


def test_error_of_one_key_that_was_deleted_all_the_same_deletes_nothing_anew(bench):
    made, targets = filled(bench, 4)
    made.anew = set(keys(4))
    again = Play(True, Form(200, "errors: again"))
    trial = Trial(bench, "delete", made, targets)
    trial.run(lambda a: again if a.action == "DeleteObjects" and a.overall == 1 else None)
    assert made.deleted_anew == 0
    assert all(trial.outcomes)


def test_whole_that_is_refused_after_a_part_was_done_adds_no_third_delete_marker(bench):
    made, targets = filled(bench, 64, versioned=True)
    trial = Trial(bench, "delete", made, targets)
    trial.run(stops_at("k40", made))
    assert max(made.markers("photos", key) for key in keys(64)) <= 2
    assert [n for n, out in enumerate(trial.outcomes) if not out.succeeded] == [40]


def test_what_was_deleted_before_and_written_anew_since_is_left_and_nothing_is_doubted(bench):
    made, targets = filled(bench, 2)
    began_s = bench.clock.time() - 60
    made.delete("photos", "k00")
    made.put("photos", "k00", b"new", ANEW, changed_s=made.clock() - 10)
    trial = Trial(bench, "delete", made, targets)
    trial.run(lambda asked: None, tried_since_s=began_s)
    assert [out.succeeded for out in trial.outcomes] == [True, True]
    assert "newer object" in trial.outcomes[0].message
    assert made.deleted_anew == 0
    assert trial.batches[0].doubt == ""


def test_object_that_is_written_anew_as_soon_as_it_was_deleted_raises_no_doubt(bench):
    made, targets = filled(bench, 16)
    made.anew = set(keys(16))
    trial = Trial(bench, "delete", made, targets)
    trial.run(lambda asked: None)
    assert made.deleted_anew == 0
    assert trial.batches[0].doubt == ""
    assert all(out.succeeded for out in trial.outcomes)


def test_object_of_a_moment_ago_is_not_taken_for_a_newer_one_because_the_look_is_slow(bench):
    made, targets = filled(bench, 1)

    def script(asked):
        if asked.action == "DeleteObject":
            if asked.nth == 1:
                made.put("photos", "k00", b"x", changed_s=made.clock() - 3)
            return Play(False, lost=True)
        return Play(delay_s=0.2) if asked.action == "HeadObject" else None

    trial = Trial(bench, "delete", made, targets)
    trial.run(script)
    assert made.newest("photos", "k00").content == b"x"
    assert not (trial.outcomes[0] and trial.outcomes[0].succeeded)


def test_old_object_at_the_target_is_not_taken_for_the_copy_because_the_look_is_slow(bench):
    made, targets = filled(bench, 1)

    def script(asked):
        if asked.action == "CopyObject":
            if asked.nth == 1:
                made.put("target", "k00", b"old", changed_s=made.clock() - 3)
            return Play(False, Form(200, "other root"))
        is_look = asked.action == "HeadObject" and asked.bucket == "target"
        return Play(delay_s=0.2) if is_look else None

    trial = Trial(bench, "copy", made, targets)
    trial.run(script)
    assert made.newest("target", "k00").content == b"old"
    assert not (trial.outcomes[0] and trial.outcomes[0].succeeded)


def test_delete_that_is_never_answered_while_looks_are_has_an_end(bench):
    made, targets = filled(bench, 1)
    trial = Trial(bench, "delete", made, targets)
    trial.run(lambda asked: Play(False, lost=True) if asked.action == "DeleteObject" else None)
    assert not trial.has_no_end
    assert not (trial.outcomes[0] and trial.outcomes[0].succeeded)


def test_every_plain_copy_has_its_tags_on_a_storage_that_drops_them(bench):
    made, targets = filled(bench, 12)
    made.ignores = frozenset({"tags"})
    trial = Trial(bench, "copy", made, targets)
    trial.run(lambda asked: None)
    done = [key for key in keys(12) if made.newest("target", key)]
    assert done
    assert {made.newest("target", key).tags for key in done} == {OLD_TAGS}


def test_copy_that_was_not_made_is_seen_where_the_target_has_an_older_object_of_its_size(bench):
    made, targets = filled(bench, 4)
    for key in keys(4):
        made.put("target", key, b"old", changed_s=made.clock() - LONG_S)
    trial = Trial(bench, "copy", made, targets)
    trial.run(lambda asked: Play(False) if asked.action == "CopyObject" else None)
    assert not any(out and out.succeeded for out in trial.outcomes)


def test_copy_whose_tags_follow_is_not_undone_by_an_odd_answer_onto_itself(bench):
    made = world(bench)
    made.put("target", "k00", b"x", tags=OLD_TAGS, changed_s=made.clock() - LONG_S)
    trial = Trial(bench, "copy, other metadata", made, [Target("target", "k00")])
    trial.run(lambda a: Play(True, Form(200, "other root")) if a.action == "CopyObject" else None)
    kept = made.newest("target", "k00")
    assert (kept.origin, kept.tags, kept.metadata) == (OURS, OLD_TAGS, {"color": "red"})
    assert trial.outcomes[0].succeeded


def test_maintenance_page_in_the_middle_makes_no_row_of_a_marked_storage_untrue(bench):
    made, targets = filled(bench, 40)
    trial = Trial(bench, "tagging", made, targets)
    page = Play(False, Form(200, "none", "nginx"))
    trial.run(lambda a: page if a.action == "PutObjectTagging" and 12 <= a.overall <= 20 else None)
    said = {t.key for t, out in zip(targets, trial.outcomes, strict=True) if out and out.succeeded}
    assert {key for key in said if made.newest("photos", key).tags != NEW_TAGS} == set()
    assert len(said) > 20


@pytest.mark.parametrize(
    ("operation", "look"), [("tagging", "GetObjectTagging"), ("copy, locked", "GetObjectRetention")]
)
def test_look_that_a_storage_answers_with_something_else_is_no_outage(bench, operation, look):
    """One that does not know the sub-resource answers with the object."""
    made, targets = filled(bench, 4)
    made.ignores = frozenset({"lock"})
    trial = Trial(bench, operation, made, targets)
    trial.run(lambda asked: Play(form=Form(200, "text")) if asked.action == look else None)
    assert trial.batches[0].outage is None
    assert trial.outcomes[0] is not None
    for target, outcome in zip(targets, trial.outcomes, strict=True):
        if operation == "copy, locked" and outcome and outcome.succeeded:
            assert made.newest("target", target.key).retention[0] == "GOVERNANCE"


def test_chunk_that_is_stopped_while_deletes_are_lost_deletes_nothing_anew_when_it_goes_on(bench):
    made, targets = filled(bench, 12)
    made.anew = set(keys(12))
    trial = Trial(bench, "delete", made, targets)

    def script(asked):
        if not asked.action.startswith("Delete"):
            return None
        trial.stop.set()
        return Play(True, lost=True)

    left = trial.run(script)
    assert left == [n for n, out in enumerate(trial.outcomes) if out is None]
    trial.stop.clear()
    trial.run(lambda asked: None, left, tried_since_s=trial.began_s)
    assert made.deleted_anew == 0
    assert all(out and (out.succeeded or out.code == "DeletionUnclear") for out in trial.outcomes)


def test_clock_of_ours_that_is_set_back_in_the_middle_makes_no_new_object_an_old_one(
    bench, monkeypatch
):
    """Nothing can be told then: the storage's clock and ours have no moment in common."""
    made, targets = filled(bench, 1)
    made.anew = {"k00"}
    ours = FastClock()
    monkeypatch.setattr(surroundings, "time", ours)

    def script(asked):
        if asked.action != "DeleteObject" or asked.nth > 1:
            return None
        ours.set_back_s(7200.0)
        return Play(True, lost=True)

    trial = Trial(bench, "delete", made, targets)
    trial.run(script)
    assert made.deleted_anew == 0
