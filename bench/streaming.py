"""The data plane alone, copying objects from one endpoint to another by streaming; says what it took."""

import json
import sys
import threading
import time
from dataclasses import dataclass

import django

django.setup()

from bench.transport import used_s  # noqa: E402
from jobs.dataplane import retry  # noqa: E402
from jobs.dataplane.plane import DataPlane  # noqa: E402
from jobs.dataplane.work import Limits, Work  # noqa: E402
from jobs.operations import registry  # noqa: E402
from jobs.s3.endpoints import Credentials, Endpoint  # noqa: E402
from jobs.services.destination import Destination  # noqa: E402
from jobs.services.s3 import bucket_at  # noqa: E402
from jobs.spec.target import Target  # noqa: E402

ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class TwoKeys:
    """One server, as two endpoints with keys of their own."""

    url: str

    def bucket(self, name: str) -> Destination:
        return self._at(name, "AKIDEXAMPLE")

    def bucket_in(self, region: str, name: str) -> Destination:
        return self._at(name, "AKIDELSEWHERE")

    def _at(self, name: str, key_id: str) -> Destination:
        endpoint = Endpoint(self.url, "us-east-1", "path")
        return bucket_at(endpoint, Credentials(key_id, "x" * 40), name)


class States:
    """Of uploads that nobody goes on with."""

    def put(self, index: int, state: bytes) -> None:
        return None


def run(url: str, keys: list[str], prefix: str, in_flight: int) -> tuple[int, int]:
    """How many tasks succeeded, and the most bytes that were held at once."""
    parameters = {
        "TargetResource": "arn:aws:s3:::sink",
        "TargetKeyPrefix": prefix,
        "TargetRegion": ELSEWHERE,
        # As the peers do, which copy no tags.
        "NewObjectTagging": [],
    }
    plane = DataPlane(in_flight=in_flight)
    work = Work(
        operation=registry.get("S3PutObjectCopy").parse(parameters),
        targets=[Target("files", key, None) for key in keys],
        places=TwoKeys(url),
        limits=Limits(in_flight, task_deadline_s=60.0, patience_s=10.0),
        stop=threading.Event(),
        decide=retry.decide,
        states=States(),
    )
    outcomes = plane.submit(work).result().outcomes
    held_bytes = plane.room.most_held_bytes
    plane.close()
    for failed in [outcome for outcome in outcomes if outcome and not outcome.succeeded][:1]:
        print(failed)
    return sum(outcome is not None and outcome.succeeded for outcome in outcomes), held_bytes


def main() -> None:
    url, name, prefix, objects, in_flight = sys.argv[1:]
    keys = [f"{name}-{number}" for number in range(int(objects))]
    cpu_s, began_s = used_s(), time.monotonic()
    succeeded, held_bytes = run(url, keys, prefix, int(in_flight))
    took = {"wall_s": time.monotonic() - began_s, "cpu_s": used_s() - cpu_s}
    print(json.dumps({**took, "succeeded": succeeded, "held_bytes": held_bytes}))


if __name__ == "__main__":
    main()
