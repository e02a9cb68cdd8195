"""The data plane alone, computing checksums of one object again and again; says what it took."""

import json
import sys
import threading
import time

import django

django.setup()

from bench.transport import OneEndpoint, used_s  # noqa: E402
from jobs.dataplane import retry  # noqa: E402
from jobs.dataplane.plane import DataPlane  # noqa: E402
from jobs.dataplane.work import Limits, Work  # noqa: E402
from jobs.operations import registry  # noqa: E402
from jobs.spec.target import Target  # noqa: E402


def run(url: str, bucket: str, key: str, objects: int, in_flight: int, algorithm: str) -> int:
    """How many tasks succeeded."""
    operation = registry.get("S3ComputeObjectChecksum").parse({"ChecksumAlgorithm": algorithm})
    plane = DataPlane(in_flight=in_flight)
    work = Work(
        operation=operation,
        targets=[Target(bucket, key, None)] * objects,
        places=OneEndpoint(url),
        limits=Limits(in_flight, task_deadline_s=60.0, patience_s=10.0),
        stop=threading.Event(),
        decide=retry.decide,
    )
    outcomes = plane.submit(work).result().outcomes
    plane.close()
    return sum(outcome is not None and outcome.succeeded for outcome in outcomes)


def main() -> None:
    url, bucket, key, objects, in_flight, algorithm = sys.argv[1:]
    cpu_s, began_s = used_s(), time.monotonic()
    succeeded = run(url, bucket, key, int(objects), int(in_flight), algorithm)
    took = {"wall_s": time.monotonic() - began_s, "cpu_s": used_s() - cpu_s}
    print(json.dumps({**took, "succeeded": succeeded}))


if __name__ == "__main__":
    main()
