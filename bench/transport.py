"""The data plane alone, over keys of its own: no database, no list, no report; says what it took."""

import json
import resource
import sys
import threading
import time
from collections.abc import Iterator
from itertools import islice

import django

django.setup()

from bench import lists, trials  # noqa: E402
from jobs.dataplane import retry  # noqa: E402
from jobs.dataplane.plane import DataPlane  # noqa: E402
from jobs.dataplane.trust import Trust  # noqa: E402
from jobs.dataplane.work import Limits, Work  # noqa: E402
from jobs.operations import registry  # noqa: E402
from jobs.s3.endpoints import Credentials, Endpoint  # noqa: E402
from jobs.services.destination import Destination  # noqa: E402
from jobs.services.s3 import bucket_at  # noqa: E402
from jobs.spec.target import Target  # noqa: E402

WORK_TARGETS = 5_000
OPEN = 3
"""Works on their way at once, so that connections never drain."""


class OneEndpoint:
    """Where all buckets lie."""

    def __init__(self, url: str) -> None:
        self._endpoint = Endpoint(url, "us-east-1", "path")

    def bucket(self, name: str) -> Destination:
        return bucket_at(self._endpoint, Credentials("AKIDEXAMPLE", "x" * 40), name)


def works(url: str, operation: str, tasks: int, in_flight: int) -> Iterator[Work]:
    """All of one job: what the first of them find out of the storage serves the others."""
    places, trust = OneEndpoint(url), Trust()
    parsed = registry.get(operation).parse(trials.PARAMETERS.get(operation, {}))
    for start in range(0, tasks, WORK_TARGETS):
        end = min(start + WORK_TARGETS, tasks)
        yield Work(
            operation=parsed,
            targets=[Target(lists.BUCKET, lists.key_of(n), None) for n in range(start, end)],
            places=places,
            limits=Limits(in_flight, task_deadline_s=60.0, patience_s=10.0),
            stop=threading.Event(),
            decide=retry.decide,
            trust=trust,
        )


def run(url: str, operation: str, tasks: int, in_flight: int) -> int:
    """How many tasks succeeded."""
    plane, waiting = DataPlane(in_flight=in_flight), works(url, operation, tasks, in_flight)
    open_works = [plane.submit(work) for work in islice(waiting, OPEN)]
    succeeded = 0
    while open_works:
        batch = open_works.pop(0).result()
        succeeded += sum(outcome is not None and outcome.succeeded for outcome in batch.outcomes)
        open_works += [plane.submit(work) for work in islice(waiting, 1)]
    plane.close()
    return succeeded


def used_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    url, operation, tasks, in_flight = sys.argv[1:]
    cpu_s, began_s = used_s(), time.monotonic()
    succeeded = run(url, operation, int(tasks), int(in_flight))
    took = {"wall_s": time.monotonic() - began_s, "cpu_s": used_s() - cpu_s}
    print(json.dumps({**took, "succeeded": succeeded}))


if __name__ == "__main__":
    main()
