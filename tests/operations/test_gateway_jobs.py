"""What the jobs against a gateway are about, and how their reports are judged."""

import random
from itertools import islice
from urllib.parse import quote

from tests.faults import Tally
from tests.operations.gateway_jobs import MOST_BYTES, awkward_keys, compared


def row(key, status):
    return ["bucket", quote(key), "", status, "200", "", ""]


def test_rows_that_say_what_is_true_are_sound():
    rows = [row("a b", "succeeded"), row("é+", "failed")]
    verdict = compared(rows, {"a b": True, "é+": False})
    assert verdict.tally == Tally(tasks=2) and verdict.tally.sound


def test_rows_that_are_untrue_missing_or_too_many_are_counted_and_shown():
    done = {"there": True, "gone": False, "silent": True, "twice": True}
    rows = [row("there", "failed"), row("gone", "succeeded"), *[row("twice", "succeeded")] * 2]
    verdict = compared(rows, done)
    assert verdict.tally == Tally(tasks=4, lost=1, doubled=1, untrue=2)
    assert "there" in str(verdict) and "gone" in str(verdict)


def test_row_of_an_object_that_nobody_listed_is_untrue():
    assert compared([row("strange", "failed")], {}).tally.untrue == 1


def test_awkward_keys_are_the_same_for_a_seed_each_once_and_within_what_s3_allows():
    keys = list(islice(awkward_keys(random.Random(7)), 2_000))
    assert keys == list(islice(awkward_keys(random.Random(7)), 2_000))
    assert len(set(keys)) == len(keys)
    sizes = [len(key.encode()) for key in keys]
    assert max(sizes) == MOST_BYTES and sizes.count(MOST_BYTES) > 100
    for awkward in ("//", " ", "+", "%", "'", '"', "&", "<", "e\u0301", "\U0001f600"):
        assert any(awkward in key for key in keys)
    assert any(key.startswith("/") for key in keys) and any(key.endswith("/") for key in keys)
