"""A storage that takes a call for another one: it is found out before anything is lost."""

import pytest

from jobs.spec.target import Target
from tests.answering_world import World
from tests.dataplane.answer_cases import OLD_TAGS
from tests.dataplane.answered import Trial

KEYS = [f"k{n}" for n in range(12)]


def tried(bench, operation, *, content=b"content", ignores=("queries",)):
    """A trial over some objects, and what became of each."""
    world = World(bench.clock.time)
    world.ignores = frozenset(ignores)
    world.make_bucket("photos")
    for key in KEYS:
        world.put("photos", key, content, tags=OLD_TAGS)
    trial = Trial(bench, operation, world, [Target("photos", key) for key in KEYS])
    trial.run(lambda asked: None)
    return trial


@pytest.mark.parametrize("content", [b"content", b"", b"<Other/>", b"x" * 2_000_000])
@pytest.mark.parametrize("operation", ["untagging", "acl"])
def test_job_ends_with_what_the_storage_lacks_and_every_object_is_as_it_was(
    bench, operation, content
):
    trial = tried(bench, operation, content=content)
    (batch,) = trial.batches
    assert (batch.fatal.http_status, batch.fatal.code) == (501, "NotImplemented")
    assert batch.fatal.message.startswith("This storage has no ")
    assert not any(outcome and outcome.succeeded for outcome in batch.outcomes)
    assert not [name for name in trial.world.asked if name.startswith(("Put", "Delete", "Update"))]
    for key in KEYS:
        found = trial.world.newest("photos", key)
        assert (found.content, found.tags) == (content, OLD_TAGS)


@pytest.mark.parametrize(
    ("operation", "read"), [("untagging", "GetObjectTagging"), ("acl", "GetObjectAcl")]
)
def test_storage_that_knows_the_call_is_asked_once_and_then_looked_at_as_ever(
    bench, operation, read
):
    trial = tried(bench, operation, ignores=())
    assert trial.batches[0].fatal is None
    assert all(outcome.succeeded for outcome in trial.outcomes)
    # Three tasks are looked at, before and afterwards.
    assert trial.world.asked[read] == 1 + 2 * 3
