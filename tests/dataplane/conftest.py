import functools
import math
import threading
from dataclasses import dataclass

import pytest

from jobs.choices import Risk
from jobs.dataplane import asking, retry, surroundings
from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.dataplane.trust import Trust
from jobs.dataplane.work import Work
from jobs.operations import checked
from jobs.operations.base import Operation, outcome_of
from jobs.s3.endpoints import Credentials
from jobs.services.call import Call
from jobs.services.s3 import S3Service
from jobs.spec.target import Target
from tests import answering_storage, s3_double
from tests.dataplane.answered import Bench
from tests.sequential import Places

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


@dataclass
class Limits:
    in_flight: int = 4
    task_deadline_s: float = 5.0
    patience_s: float = 0.3
    begin_s: float = math.inf


class Noting(Operation):
    """An operation of one call per task; `answers` by key are what `run` was given.

    With `one_call` it says so: successes then take the short way, past `run`.
    """

    name = label = "Noting"
    risk = Risk.SAFE
    one_call = False

    def __init__(self, action="PutObjectTagging", params=None):
        self.action = action
        self.params = {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}
        if params is not None:
            self.params = params
        self.answers = {}

    @classmethod
    def parse(cls, parameters):
        return cls(**parameters)

    def to_wire(self):
        return {}

    def consequence(self, total, buckets):
        return "Nothing is changed."

    def summary(self):
        return []

    def call(self, target, context):
        version = {"VersionId": target.version_id} if target.version_id else {}
        params = {"Key": target.key, **version, **self.params}
        return Call(context.bucket(target.bucket), self.action, params)

    def only_call(self, target, context):
        return self.call(target, context) if self.one_call else None

    def run(self, target, context):
        answer = yield self.call(target, context)
        self.answers[target.key] = answer
        return outcome_of(answer)


class Listing(Noting):
    """Of one call that only boto3 can make."""

    def only_call(self, target, context):
        return None

    def call(self, target, context):
        return Call(context.bucket(target.bucket), "ListObjectsV2", {"Prefix": f"{target.key}/"})


LISTED = s3_double.reply(
    200, b"<ListBucketResult><Contents><Key>a/1</Key></Contents></ListBucketResult>"
)


def never(**_):
    return None


def quickly(**facts):
    """As the engine decides, a hundred times as fast."""
    decision = retry.decide(**facts)
    return decision and retry.RetryDecision(decision.delay_s / 100)


def targets(*keys):
    return [Target("photos", key) for key in keys]


@pytest.fixture(scope="module")
def plane():
    made = DataPlane(in_flight=64, timeouts=Timeouts(connect_s=2, silence_s=2))
    yield made
    made.close()


@pytest.fixture
def double():
    with s3_double.running() as made:
        yield made


@dataclass
class Runner:
    """Runs targets over a data plane against the double."""

    plane: DataPlane
    double: s3_double.Double

    def work(
        self,
        given,
        operation=None,
        stop=None,
        decide=quickly,
        keys=KEYS,
        places=None,
        trust=None,
        **limits,
    ):
        return Work(
            operation or Noting(),
            given,
            places or Places(self.double.endpoint, keys),
            Limits(**limits),
            stop or threading.Event(),
            decide,
            trust=trust or Trust(waived=True),
        )

    def __call__(self, given, **options):
        return self.plane.submit(self.work(given, **options)).result(timeout=30)


@pytest.fixture
def run(plane, double):
    return Runner(plane, double)


@pytest.fixture
def in_short(monkeypatch):
    monkeypatch.setattr(Noting, "one_call", True)


@pytest.fixture(params=["data plane", "data plane, the short way", "boto3"])
def run_both(request, plane, double, monkeypatch):
    """Runs a test over each transport."""
    if request.param != "boto3":
        monkeypatch.setattr(Noting, "one_call", "short" in request.param)
        yield Runner(plane, double)
        return
    made = DataPlane(
        in_flight=64,
        timeouts=Timeouts(connect_s=2, silence_s=2),
        services={"s3": functools.partial(S3Service, by_boto3=True)},
    )
    yield Runner(made, double)
    made.close()


@pytest.fixture(scope="module")
def bench():
    """Trials against a storage that answers anything; what takes seconds takes moments."""
    with pytest.MonkeyPatch.context() as patch, answering_storage.running() as storage:
        clock = answering_storage.FastClock()
        patch.setattr(surroundings, "time", clock)
        patch.setattr(asking, "FOREIGN_S", 0.15)
        patch.setattr(checked, "LOOK_AGAIN_S", 0.02)
        plane = DataPlane(in_flight=64, timeouts=Timeouts(connect_s=10, silence_s=5))
        yield Bench(plane, storage, clock)
        plane.close()
