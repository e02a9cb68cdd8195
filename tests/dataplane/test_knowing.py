"""A storage that takes a call for another one: it is found out before anything is lost."""

import pytest

from jobs.operations.probing import probe_key
from jobs.spec.target import Target
from tests.answering_forms import Form
from tests.answering_storage import Play
from tests.answering_world import World
from tests.dataplane.answer_cases import OLD_TAGS
from tests.dataplane.answered import Trial

KEYS = [f"k{n}" for n in range(12)]


def tried(
    bench,
    operation,
    *,
    content=b"content",
    ignores=("queries",),
    versioned=False,
    script=lambda asked: None,
):
    """A trial over some objects, and what became of each."""
    world = World(bench.clock.time)
    world.ignores = frozenset(ignores)
    world.make_bucket("photos", versioned=versioned)
    for key in KEYS:
        world.put("photos", key, content, tags=OLD_TAGS)
    trial = Trial(bench, operation, world, [Target("photos", key) for key in KEYS])
    trial.run(script)
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


@pytest.mark.parametrize("versioned", [False, True])
def test_storage_that_takes_a_change_of_encryption_for_an_upload_keeps_every_object(
    bench, versioned
):
    trial = tried(bench, "encryption", versioned=versioned)
    (batch,) = trial.batches
    assert batch.fatal.message == (
        "This storage has no call to change the encryption of objects in place: it takes one for an"
        " upload. Copy the objects onto themselves with the new encryption instead."
    )
    assert not any(outcome and outcome.succeeded for outcome in batch.outcomes)
    for key in KEYS:
        assert trial.world.newest("photos", key).content == b"content"
    probe = probe_key(KEYS[0])
    assert trial.world.asked_of["UpdateObjectEncryption", probe] >= 1
    assert trial.world.newest("photos", probe) is None
    assert trial.world.markers("photos", probe) == 0, "nothing of it stays"


def test_storage_that_knows_the_call_is_asked_with_a_key_that_is_not_there(bench):
    trial = tried(bench, "encryption", ignores=())
    assert trial.batches[0].fatal is None
    assert all(outcome.succeeded for outcome in trial.outcomes)
    assert trial.world.asked_of["UpdateObjectEncryption", probe_key(KEYS[0])] == 1
    assert trial.world.asked["UpdateObjectEncryption"] == 1 + len(KEYS)
    assert trial.world.asked["DeleteObject"] == 0


def test_page_of_a_proxy_in_the_place_of_the_probes_answer_ends_no_job(bench):
    page = Play(False, Form(200, "none", "nginx"))
    trial = tried(bench, "encryption", ignores=(), script=lambda asked: answered(asked, page))
    (batch,) = trial.batches
    assert batch.fatal is None
    assert trial.world.asked["DeleteObject"] == 0


def answered(asked, play):
    return play if asked.action == "UpdateObjectEncryption" else None
