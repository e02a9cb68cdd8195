"""What a dry run learns of many objects by a listing, and when it asks for each all the same."""

from datetime import UTC, datetime

import pytest

from jobs.operations.compute_object_checksum import ComputeObjectChecksum
from jobs.operations.dry_run import DryRun
from jobs.operations.listed_looks import are_listed, just_before, listed
from jobs.operations.put_object_tagging import PutObjectTagging
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Guard, Target
from tests.operations.walking import walk
from tests.sequential import context_at

ENDPOINT = Endpoint("http://storage.example", "us-east-1", "path")
CHANGED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
KEYS = [f"{n:02}.jpg" for n in range(10)]
TARGETS = [Target("photos", key) for key in KEYS]
TAGGING = PutObjectTagging.parse({"TagSet": [{"Key": "team", "Value": "blue"}]})
CHECKSUM = ComputeObjectChecksum.parse(ComputeObjectChecksum.examples[0])


def context():
    return context_at(ENDPOINT, None)


def guard(key):
    return Guard(f'"{key}"', "", 12, CHANGED.timestamp())


def page(*keys, more=False, encoding=""):
    contents = [
        {"Key": key, "ETag": f'"{key}"', "Size": 12, "LastModified": CHANGED} for key in keys
    ]
    data = {"Contents": contents, "IsTruncated": more, "EncodingType": encoding}
    return Answer(200, "", "", data=data)


def head(etag):
    facts = {"ContentLength": 12, "ETag": etag, "LastModified": CHANGED}
    return Answer(200, "", "", data=facts)


def refused(status, code):
    return Answer(status, code, "")


def seen_of(*answers):
    return walk(listed(TARGETS, context()), *answers)


def test_one_listing_shows_all_objects_that_lie_together():
    (step,), seen = seen_of(page(*KEYS, "other.jpg"))
    assert seen == {key: guard(key) for key in KEYS}
    assert (step.action, step.params["Prefix"], step.params["MaxKeys"]) == (
        "ListObjectsV2",
        "0",
        10,
    )
    assert "00.jp" < step.params["StartAfter"] < "00.jpg"


def test_next_page_begins_behind_the_last_key_of_the_one_before():
    steps, seen = seen_of(page(*KEYS[:4], more=True), page(*KEYS[4:], more=True))
    assert list(seen) == KEYS
    assert steps[1].params["StartAfter"] == KEYS[3]
    assert len(steps) == 2


def test_listing_with_few_objects_of_ours_is_given_up_after_its_first_page():
    others = [f"00.jpg-{n}" for n in range(9)]
    steps, seen = seen_of(page(KEYS[0], *others, more=True))
    assert (len(steps), list(seen)) == (1, [KEYS[0]])


@pytest.mark.parametrize("code", [(403, "AccessDenied"), (501, "NotImplemented")])
def test_where_listing_is_refused_nothing_is_seen(code):
    steps, seen = seen_of(refused(*code))
    assert (len(steps), seen) == (1, {})


def test_storage_that_lists_the_same_page_again_is_not_asked_for_ever():
    steps, seen = seen_of(page(*KEYS[:4], more=True), page(*KEYS[:4], more=True), page(*KEYS))
    assert (len(steps), len(seen)) == (2, 4)


def test_object_whose_listing_lacks_its_etag_was_not_seen():
    answer = page(*KEYS)
    del answer.data["Contents"][3]["ETag"]
    assert set(seen_of(answer)[1]) == {*KEYS} - {KEYS[3]}


def test_keys_are_decoded_where_the_storage_encoded_them():
    key = "a b+ü.jpg"
    answer = page("a+b%2B%C3%BC.jpg", encoding="url")
    _, seen = walk(listed([Target("photos", key)], context()), answer)
    assert list(seen) == [key]


@pytest.mark.parametrize("key", ["a", "cat.jpg", "x/", "ü", "a ", "0", "a\U0010ffff", "!", "\x7f"])
def test_a_listing_begins_before_its_first_key(key):
    assert just_before(key) < key


def test_versions_and_keys_that_are_no_text_are_asked_for_one_by_one():
    some = [Target("photos", "a"), Target("photos", "a", "v1"), Target("photos", "\udce4")]
    assert are_listed(some) == [0]


# --- In a dry run


def run_many(operation, *answers, targets=TARGETS):
    there = context()
    steps, ended = walk(DryRun(operation).run_many(targets, there), *answers)
    assert ended.outcomes == [None] * len(targets)
    assert [list(part) for part in ended.parts] == [[n] for n in range(len(targets))]
    return steps, there


def tags():
    return Answer(200, "", "", data={"TagSet": []})


def test_object_that_was_listed_is_not_looked_at_once_more():
    _, there = run_many(TAGGING, page(*KEYS), head(f'"{KEYS[0]}"'))
    steps, outcome = walk(DryRun(TAGGING).run(TARGETS[3], there), tags())
    assert [step.action for step in steps] == ["GetObjectTagging"]
    assert outcome.seen == guard(KEYS[3])


def test_object_that_the_listing_did_not_show_is_looked_at():
    _, there = run_many(TAGGING, page(*KEYS[1:]), head(f'"{KEYS[1]}"'))
    gone = Answer(404, "NoSuchKey", "")
    steps, outcome = walk(DryRun(TAGGING).run(TARGETS[0], there), gone, gone)
    assert [step.action for step in steps] == ["HeadObject", "GetObjectTagging"]
    assert outcome.seen.is_absent


@pytest.mark.parametrize("answer", [head('"other"'), refused(403, "AccessDenied")])
def test_listing_that_says_something_else_than_a_look_counts_for_nothing(answer):
    """The job that is run for real would find that every object had changed."""
    _, there = run_many(TAGGING, page(*KEYS), answer)
    assert not there.seen_before


def test_operation_that_looks_at_its_objects_itself_needs_no_listing():
    assert run_many(CHECKSUM)[0] == []


def test_a_version_is_not_what_the_listing_shows():
    _, there = run_many(TAGGING, page(*KEYS), head(f'"{KEYS[0]}"'))
    versioned = Target("photos", KEYS[3], "v1")
    steps, _ = walk(DryRun(TAGGING).run(versioned, there), head('"old"'), tags())
    assert [step.action for step in steps] == ["HeadObject", "GetObjectTagging"]


def test_rows_of_a_bucket_go_together_and_few_go_alone():
    few = [Target("docs", "a"), Target("docs", "b")]
    assert DryRun(TAGGING).batches([*few, *TARGETS]) == [[*range(2, 12)], [0], [1]]
