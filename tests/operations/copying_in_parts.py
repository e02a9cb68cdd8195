"""Copies of objects that one request does not copy, over a data plane and a storage of a test's own."""

import contextlib
import threading
from dataclasses import dataclass, field

from jobs.dataplane import retry
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.trust import Trust
from jobs.dataplane.work import Limits, Work
from jobs.operations.copying import large_copy_ending, large_copy_limits
from jobs.operations.giving_up import GivingUp
from jobs.operations.put_object_copy import PutObjectCopy
from jobs.s3.endpoints import Credentials, Endpoint
from jobs.services.s3 import bucket_at
from jobs.spec.target import Target
from tests import answering_storage
from tests.answering_storage import FastClock, Stage
from tests.answering_uploads import UploadingWorld

CONTENT = bytes(range(100)) * 3
"""300 bytes: 30 parts of ten."""
KEYS = Credentials("world", "secret")


def quickly(**facts):
    decision = retry.decide(**facts)
    return decision and retry.RetryDecision(decision.delay_s / 100)


class States(dict):
    """Of tasks, by index; `history` is all that was ever kept, in order."""

    def __init__(self):
        super().__init__()
        self.history = []

    def put(self, index, state):
        self[index] = state
        self.history.append(state)

    def swap(self, index, instead_of, state):
        if self.get(index, b"") not in (instead_of, state):
            return False
        self.put(index, state)
        return True

    @property
    def left(self):
        return {index: state for index, state in self.items() if state}


@dataclass
class Copying:
    plane: DataPlane
    endpoint: Endpoint
    stage: Stage
    states: States = field(default_factory=States)

    @property
    def world(self):
        return self.stage.world

    def bucket(self, name):
        return bucket_at(self.endpoint, KEYS, name)

    def submit(self, *targets, kept=None, stop=None, gives_up=False, **members):
        operation = PutObjectCopy.parse({"TargetResource": "arn:aws:s3:::archive", **members})
        work = Work(
            GivingUp(operation) if gives_up else operation,
            targets or [Target("photos", "large")],
            self,
            Limits(in_flight=8, task_deadline_s=2.0, patience_s=5.0),
            stop or threading.Event(),
            quickly,
            trust=Trust(waived=True),
            tried_since_s=1.0 if kept else 0.0,
            kept=kept or {},
            states=self.states,
        )
        return self.plane.submit(work)

    def run(self, *targets, **options):
        """The outcome of each; None where it was not decided."""
        return self.submit(*targets, **options).result(timeout=60).outcomes

    def run_one(self, **options):
        return self.run(**options)[0]

    def made(self, key="large"):
        return self.world.newest("archive", key)

    def asked(self):
        return dict(self.world.asked)


@contextlib.contextmanager
def copying(monkeypatch, **options):
    monkeypatch.setattr(large_copy_limits, "LEAST_PART_BYTES", 10)
    monkeypatch.setattr(large_copy_limits, "USUAL_PART_BYTES", 10)
    monkeypatch.setattr(large_copy_ending, "ABORT_AGAIN_S", 0.01)
    monkeypatch.setattr(large_copy_ending, "LOOK_AGAIN_S", 0.01)
    with answering_storage.running() as storage:
        world = UploadingWorld(FastClock(1.0).time)
        world.make_bucket("photos")
        world.make_bucket("archive")
        world.put("photos", "large", CONTENT)
        storage.stages[KEYS.access_key_id] = stage = Stage(world)
        plane = DataPlane(in_flight=16, **options)
        try:
            yield Copying(plane, storage.endpoint, stage)
        finally:
            plane.close()
