"""A task whose result was not recorded runs again: what that does to objects.

Every operation that calls itself idempotent is tried, with each of its examples.
"""

import pytest

from jobs.operations import registry
from jobs.operations.base import NoSuchCall
from jobs.operations.preconditions import OBJECT_LOCK
from jobs.spec.target import Target
from tests.examples import CASES, PLAINEST, prepared, written_to

LOCK = ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus")
IDEMPOTENT = [case for case in CASES if registry.get(case[0]).idempotent]


def objects_of(place, *buckets):
    """What a reader sees: key, content, metadata, lock and tags of every object."""
    found = []
    for bucket in buckets:
        for item in place.client.list_objects_v2(Bucket=bucket).get("Contents", []):
            facts = place.client.head_object(Bucket=bucket, Key=item["Key"])
            tags = place.tags_of(bucket, item["Key"])
            lock = [facts.get(name) for name in LOCK]
            found.append((bucket, item["Key"], item["ETag"], facts["Metadata"], lock, tags))
    return found


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize(("name", "asked"), IDEMPOTENT)
def test_idempotent_operation_that_runs_twice_ends_as_if_it_ran_once(place, name, asked, versioned):
    locked = OBJECT_LOCK in registry.get(name).preconditions
    source, archive = (place.make_bucket(versioned=versioned, locked=locked) for _ in range(2))
    for key in ("k", "other"):
        place.client.put_object(Bucket=source, Key=key, Body=b"content", Tagging="old=1")
    parameters = written_to(asked, archive)
    outcomes, seen = [], []
    for _ in range(2):
        operation = prepared(name, parameters, source, to=archive)
        outcomes.append(place.run_one(operation, Target(source, "k", None)))
        seen.append(objects_of(place, source, archive))
    # What was deleted is said once.
    ends = [(outcome.succeeded, outcome.http_status, outcome.code) for outcome in outcomes]
    assert ends[0] == ends[1]
    # Not every storage has every option; the plainest each has that knows the call at all.
    may_fail = (name, asked) not in PLAINEST or isinstance(outcomes[0], NoSuchCall)
    assert outcomes[0].succeeded or may_fail
    assert seen[0] == seen[1]
