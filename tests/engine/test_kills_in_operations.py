"""A worker is killed in the middle of each operation's tasks: nothing is lost, nothing doubled, and what
a row says is what the storage did.

The usual run takes one operation of each kind of task, `ALL_CRASHES=1` (and `make soak`) all of them.
What needs more than a storage (a function, another Region) has tests of its own.
"""

import os

import pytest

from jobs.operations import registry
from tests.counting_storage import OPERATIONS
from tests.engine.houses import running_chunks
from tests.examples import PLAINEST, written_to
from tests.faults import kill
from tests.servers import eventually

KINDS = {
    "S3MergeObjectTagging": "reads, then changes",
    "S3PutObjectAcl": "asks once whether the storage has the call",
    "S3InitiateRestoreObject": "is never simply repeated",
    "S3ComputeObjectChecksum": "reads a body",
}
KILLED = [
    (name, written_to(parameters, "archive"))
    for name, parameters in PLAINEST
    if name in OPERATIONS and (name in KINDS or os.environ.get("ALL_CRASHES"))
]
pytestmark = pytest.mark.timeout(240)


def test_operations_that_are_killed_here_exist():
    assert {name for name, _ in KILLED} >= KINDS.keys()
    assert {operation.name for operation in registry.OPERATIONS} >= OPERATIONS


@pytest.mark.parametrize(("name", "parameters"), KILLED, ids=[name for name, _ in KILLED])
def test_kill_in_mid_task_loses_and_doubles_nothing(house, name, parameters):
    house.start()
    job = house.in_the_middle(200, operation=name, parameters=parameters)
    held = eventually(lambda: sum(running_chunks(job).values_list("rows", flat=True)))
    for horse in house.family.horses("run"):
        house.fault(kill(horse))
    found = house.ends(job)
    assert found.repeated <= held + 40, "at most what was in flight, and what was claimed since"
