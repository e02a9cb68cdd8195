import math
import threading
from dataclasses import dataclass

import pytest

from jobs.dataplane.plane import DataPlane
from jobs.dataplane.pool import Timeouts
from jobs.dataplane.work import Work
from jobs.engine import retry
from jobs.engine.transports import Threads, Transport
from jobs.operations.base import outcome_of
from jobs.s3.calls import Call
from jobs.s3.endpoints import Credentials
from jobs.spec.target import Target
from tests import s3_double

KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


@dataclass
class Limits:
    in_flight: int = 4
    task_deadline_s: float = 5.0
    patience_s: float = 0.3
    begin_s: float = math.inf


class Noting:
    """An operation of one call per task; `answers` by key are what `proceed` was given.

    With `one_call` it says so: successes then take the short way, past `proceed`.
    """

    name = "Noting"
    one_call = False

    def __init__(self, action="PutObjectTagging", params=None):
        self.action = action
        self.params = {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}
        if params is not None:
            self.params = params
        self.answers = {}

    def target_buckets(self):
        return []

    def is_one_call(self, endpoint):
        return self.one_call

    def start(self, target, endpoint):
        version = {"VersionId": target.version_id} if target.version_id else {}
        return Call(self.action, target.bucket, {"Key": target.key, **version, **self.params})

    def proceed(self, target, endpoint, call, answer):
        self.answers[target.key] = answer
        return outcome_of(answer)


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
    """Runs targets over a transport against the double."""

    plane: Transport
    double: s3_double.Double

    def work(self, given, operation=None, stop=None, decide=quickly, keys=KEYS, **limits):
        return Work(
            operation or Noting(),
            given,
            lambda bucket: self.double.endpoint,
            lambda bucket: keys,
            Limits(**limits),
            stop or threading.Event(),
            decide,
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
    threads = Threads()
    yield Runner(threads, double)
    threads.close()
