"""Delete objects: which keys share a request, and what the answer says about each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import ValidationFailedError
from jobs.operations.base import DONE, Outcome, outcome_of
from jobs.operations.delete_object import DeleteObject
from jobs.operations.deleting import delete_object_batches
from jobs.operations.deleting.delete_object_batches import MOST_BYTES
from jobs.operations.deleting.delete_object_together import answers
from jobs.operations.units import units_of
from jobs.s3.answers import Answer
from jobs.s3.endpoints import Endpoint
from jobs.spec.target import Target
from tests.operations.walking import first_call, walk
from tests.sequential import context_at

ENDPOINT = Endpoint("http://127.0.0.1:1", "us-east-1", "path")
DELETE = DeleteObject.parse({})


def objects(*keys, bucket="photos"):
    return [Target(bucket, key) for key in keys]


def answered(deleted=(), errors=()):
    return Answer(200, "", "", {"Deleted": deleted, "Errors": errors})


def outcomes(targets, answer):
    """None where the answer does not say what became of a target."""
    return [single and outcome_of(single) for single in answers(targets, answer)]


def test_it_has_no_parameters_and_says_so():
    assert DELETE.to_wire() == {}
    with pytest.raises(ValidationFailedError) as caught:
        DeleteObject.parse({"Quiet": True})
    assert [problem.field for problem in caught.value.problems] == ["Quiet"]


def test_consequence_says_how_many_and_that_there_is_no_way_back():
    sentence = DELETE.consequence(12_000, ["photos"])
    assert sentence.startswith("Deletes 12,000 objects in photos.")
    assert "cannot be recovered" in sentence


def test_a_thousand_keys_of_one_bucket_share_a_request_and_buckets_do_not():
    targets = [*objects(*map(str, range(1500))), *objects("a", "b", bucket="archive")]
    batches = DELETE.batches(targets)
    assert [len(batch) for batch in batches] == [1000, 500, 2]
    assert batches[2] == [1500, 1501]


def test_long_and_awkward_keys_share_a_request_only_as_far_as_its_answer_can_be_read():
    long = ["k" * 1000 + str(n) for n in range(1000)]
    awkward = ["&ü" * 300 + str(n) for n in range(1000)]
    for keys in (long, awkward):
        batches = DELETE.batches(objects(*keys))
        assert sorted(index for batch in batches for index in batch) == list(range(1000))
        assert all(sum(len(keys[n]) for n in batch) <= MOST_BYTES for batch in batches)
    assert len(DELETE.batches(objects(*awkward))) > len(DELETE.batches(objects(*long)))


@pytest.mark.parametrize(
    "key",
    ["\x01", "a\tb", "a\r", "a\nb", " a", "a ", "\u00a0a", "\x7f", "\x85", "\u2028", "\ufffe", "\uffff",
     "\ud800", ""],
)  # fmt: skip
def test_key_that_xml_may_not_carry_as_it_is_goes_alone_and_outside_of_xml(key):
    targets = objects("a", key, "b")
    assert DELETE.batches(targets) == [[0, 2], [1]]
    assert units_of(DELETE, targets) == [[0, 2], 1]
    call = first_call(DELETE, targets[1], ENDPOINT)
    assert (call.action, call.to.name, call.params) == ("DeleteObject", "photos", {"Key": key})
    if key:
        versions = [Target("photos", "a", version) for version in ("v", key, None)]
        assert DELETE.batches(versions) == [[0, 2], [1]]


def test_key_that_is_listed_twice_is_asked_for_twice():
    targets = [*objects("a", "b", "a"), Target("photos", "a", "v1")]
    assert DELETE.batches(targets) == [[0, 1, 3], [2]]


def test_decided_tasks_are_no_part_of_a_request():
    decided = Outcome(False, 400, "InvalidRequest", "Task failed due to missing VersionId")
    assert units_of(DELETE, [decided, *objects("a", "b")]) == [0, [1, 2]]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=3), st.sampled_from([None, "v"])))
)
def test_every_target_is_in_one_batch(listed):
    targets = [Target(*facts) for facts in listed]
    batches = DELETE.batches(targets)
    assert sorted(index for batch in batches for index in batch) == list(range(len(targets)))
    for batch in batches:
        assert len({targets[index] for index in batch}) == len(batch)
        assert len({targets[index].bucket for index in batch}) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from("aaaab"),
            st.text(st.sampled_from("ab /&'é\u00a0\U0001f600\n"), max_size=3) | st.just("k" * 30),
            st.sampled_from([None, None, "v", "w&"]),
        ),
        min_size=1,
    )
)
def test_list_is_cut_in_the_same_way_whether_or_not_it_is_looked_at_one_by_one(listed):
    targets = [Target(*facts) for facts in listed]
    # One that is listed twice has to be found among them, and goes alone.
    twice = [*targets, targets[0]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delete_object_batches, "MOST_BYTES", 60)
        patch.setattr(delete_object_batches, "MOST_KEYS", 3)
        batches = [list(batch) for batch in DELETE.batches(targets)]
        assert DELETE.batches(twice) == [*batches, [len(targets)]]


def test_a_whole_list_of_plain_keys_is_cut_without_a_list_of_numbers():
    versions = [Target("photos", f"a b/ü{n}", "v1") for n in range(1500)]
    for targets in (objects(*(f"a b/ü{n}" for n in range(1500))), versions):
        assert units_of(DELETE, targets) == [range(1000), range(1000, 1500)]


def test_call_names_the_versions_that_the_list_names():
    targets = [Target("photos", "a", "v1"), Target("photos", "b")]
    named = [{"Key": "a", "VersionId": "v1"}, {"Key": "b"}]
    for some, objects in ((targets, named), (targets[:1], named[:1]), (targets[1:], named[1:])):
        (call,), _ = walk(DELETE.run_many(some, context_at(ENDPOINT, None)))
        assert (call.action, call.to.name) == ("DeleteObjects", "photos")
        assert dict(call.params) == {"Delete": {"Objects": objects}}
        # To delete a version twice is to delete it once.
        assert call.once == any("VersionId" not in item for item in objects)


def test_each_key_has_its_own_outcome_whatever_the_order_of_the_answer():
    answer = answered(
        [{"Key": "c"}, {"Key": "a", "DeleteMarker": True, "DeleteMarkerVersionId": "m"}],
        [{"Key": "b", "Code": "AccessDenied", "Message": "Access Denied"}],
    )
    assert outcomes(objects("a", "b", "c"), answer) == [
        DONE,
        Outcome(False, 403, "AccessDenied", "Access Denied"),
        DONE,
    ]


def test_versions_of_one_key_have_outcomes_of_their_own():
    targets = [Target("photos", "a", "v1"), Target("photos", "a", "v2"), Target("photos", "a")]
    answer = answered(
        [{"Key": "a", "VersionId": "v1"}, {"Key": "a"}],
        [{"Key": "a", "VersionId": "v2", "Code": "InternalError"}],
    )
    assert [outcome.code for outcome in outcomes(targets, answer)] == ["", "InternalError", ""]


def test_answer_that_leaves_the_version_out_counts_for_the_one_that_was_asked_for():
    assert outcomes([Target("photos", "a", "v1")], answered([{"Key": "a"}])) == [DONE]


def test_answer_that_has_a_version_that_nobody_named_counts_for_the_newest():
    """As Garage answers, in a bucket without versions."""
    gone = {"Key": "a", "VersionId": "g1", "DeleteMarkerVersionId": "g2"}
    assert outcomes(objects("a"), answered([gone])) == [DONE]


def test_answer_without_versions_does_not_count_where_it_is_in_doubt_which_is_meant():
    targets = [Target("photos", "a", "v1"), Target("photos", "a")]
    assert outcomes(targets, answered([{"Key": "a"}])) == [None, DONE]
    assert outcomes(targets, answered([{"Key": "a", "VersionId": "v1"}])) == [DONE, None]


def test_answer_says_nothing_of_a_key_that_it_does_not_name():
    assert outcomes(objects("a"), answered([{"Key": "b"}])) == [None]


def test_answer_that_names_all_keys_as_a_url_would_counts_for_them():
    assert outcomes(objects("a b", "ü"), answered([{"Key": "a%20b"}, {"Key": "%C3%BC"}])) == [
        DONE,
        DONE,
    ]
    assert outcomes(objects("a b", "ü"), answered([{"Key": "a%20b"}])) == [None, None]
