"""An operation of a test's own: its steps are what the test gives it."""

from collections import Counter

from jobs.choices import Risk
from jobs.operations.base import DONE, Operation, Outcome
from jobs.services.call import Call


class Stepping(Operation):
    """`steps` is a generator function of target and context; what it returns is the outcome, or
    what came of its steps, which `returned` has by key then.
    """

    name = label = "Stepping"
    risk = Risk.SAFE

    def __init__(self, steps, judge=None):
        self._steps = steps
        self._judge = judge
        self.returned = {}

    @classmethod
    def parse(cls, parameters):
        raise NotImplementedError

    def to_wire(self):
        return {}

    def consequence(self, total, buckets):
        return "Nothing is changed."

    def summary(self):
        return []

    def run(self, target, context):
        found = yield from self._steps(target, context)
        if isinstance(found, Outcome):
            return found
        self.returned[target.key] = found
        return DONE

    def judge(self, call, answer):
        return self._judge(call, answer) if self._judge else None


def part(context, key, action="GetObjectTagging", **params):
    return Call(context.bucket("photos"), action, {"Key": key, **params})


def codes(answers):
    return [answer and answer.code for answer in answers]


class Job:
    """A pace without a limit of its own: counts what is in flight and what was throttled."""

    def __init__(self, in_flight=100.0):
        self.in_flight, self.most, self._running = in_flight, 0, 0
        self.answers = Counter()

    @property
    def running(self):
        return self._running

    @running.setter
    def running(self, count):
        self._running = count
        self.most = max(self.most, count)

    def turns(self, to):
        return self

    def wait_s(self, now_s):
        return 0.0

    def answered(self, *, throttled):
        self.answers[throttled] += 1


def paced(run, given, operation, job, **limits):
    work = run.work(given, operation=operation, **limits)
    object.__setattr__(work, "pace", job)
    return run.plane.submit(work).result(timeout=30)
