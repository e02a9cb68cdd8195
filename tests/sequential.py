"""Tasks one after the other through boto3, as plainly as can be: what the data plane is compared with."""

import time

from jobs.operations.context import Context
from jobs.operations.steps import Apart, Keep, Later, Stream, Together
from jobs.operations.units import units_of
from jobs.s3.answers import UNPROVEN
from jobs.s3.calls import Call as S3Call
from jobs.s3.calls import perform, stream
from jobs.s3.clients import make_client
from jobs.services.call import Call
from jobs.services.habits import Habits
from jobs.services.s3 import bucket_at
from jobs.spec.target import Target


def of_s3(call):
    """As boto3 is asked."""
    return S3Call(call.action, call.to.name, call.params)


class Places:
    """Every bucket at one endpoint."""

    def __init__(self, endpoint, keys):
        self._endpoint, self._keys = endpoint, keys

    def bucket(self, name):
        return bucket_at(self._endpoint, self._keys, name)

    def bucket_in(self, region, name):
        return self.bucket(name)


def context_at(endpoint, keys):
    """Of a worker that knows of the endpoint what its Region says."""
    habits = Habits(endpoint.tags_after_copy, endpoint.lock_after_copy)
    return Context(Places(endpoint, keys), lambda to: habits, time.time)


class Sequential:
    """`tries` is how often a task may wait and go on. Empty answers without a mark are believed."""

    def __init__(self, endpoint, keys, client=None, tries=0):
        self._client = client or make_client(endpoint, keys)
        self._tries = tries
        self.context = context_at(endpoint, keys)

    def run(self, operation, targets):
        """An outcome for each target."""
        outcomes = [None if isinstance(target, Target) else target for target in targets]
        units = list(units_of(operation, targets))
        while units:
            unit = units.pop(0)
            if isinstance(unit, int):
                if outcomes[unit] is None:
                    self.context.kept = b""
                    outcomes[unit] = self.run_one(operation, targets[unit])
                continue
            ended = self.drive(operation.run_many([targets[n] for n in unit], self.context))
            for n, outcome in zip(unit, ended.outcomes, strict=True):
                outcomes[n] = outcome
            parts = [[unit[n] for n in part] for part in ended.parts]
            units += [part if len(part) > 1 else part[0] for part in parts]
        return outcomes

    def run_one(self, operation, target):
        return self.drive(operation.run(target, self.context))

    def drive(self, steps):
        """What a generator of steps returns."""
        tries, value = self._tries, None
        while True:
            try:
                step = steps.send(value)
            except StopIteration as end:
                return end.value
            if isinstance(step, Call):
                value = self.ask(step)
            elif isinstance(step, Together):
                value = [self.ask(call) for call in step.calls]
            elif isinstance(step, Stream):
                value = self.stream(step)
            elif isinstance(step, Apart):
                value = step.function()
            elif isinstance(step, Keep):
                self.context.kept, value = step.state, None
            elif isinstance(step, Later):
                tries -= 1
                value = tries >= 0
            else:
                raise TypeError(step)

    def stream(self, step):
        began = step.began or (lambda answer: None)
        return believed(stream(self._client, of_s3(step.call), began, step.into))

    def ask(self, call):
        return believed(perform(self._client, of_s3(call)))


def believed(answer):
    if answer.code == UNPROVEN:
        return type(answer)(answer.http_status, "", "", answer.data, headers=answer.headers)
    return answer
