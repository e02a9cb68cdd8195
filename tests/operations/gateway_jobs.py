"""Whole jobs against a real gateway: buckets of objects with awkward keys, an installation that runs
the jobs, and what the gateway itself says afterwards.
"""

import contextlib
import hashlib
import random
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import ClientError
from django.utils import timezone

from jobs.models import Job, Region, Role, RoleCredentials
from tests.engine import places as engine_places
from tests.engine.houses import Parts, running_chunks
from tests.faults import Tally, children_of, kill
from tests.operations.places import AWKWARD_KEYS, GATEWAY, GATEWAY_KEYS, Place

PIECES = [
    *(" ", "  ", "+", "%", "%20", "%2F", "%%", "'", '"', "&", "<", ">", "&amp;", "]]>", "<!--"),
    *(
        ",",
        ";",
        "=",
        "?",
        "#",
        ":",
        "@",
        "\\",
        "*",
        "(",
        ")",
        "!",
        "~",
        "{",
        "}",
        "|",
        "^",
        "`",
        "$",
    ),
    *("é", "e\u0301", "ß", "日本", "\u0915\u094d", "\U0001f600", "\U0001f469\u200d\U0001f680"),
    *("\u00a0", "\u2028", "\ufeff", "\u202e", "\t", "//", "/./", "/../", "?versionId=null"),
]
MOST_BYTES = 1_000


def awkward_keys(rng: random.Random) -> Iterator[str]:
    """Without end, each another one, and none a folder of another; the first are short."""
    yield from AWKWARD_KEYS
    number = 0
    while True:
        number += 1
        key = "".join(rng.choices([*PIECES, "a", "b"], k=rng.randint(1, 6)))
        key = f"{key}{number:05d}{rng.choice([*PIECES, ''])}"
        shape = rng.choice(["{}", "{}", "{}", "/{}", "{}/", "a/{}", " {}", "{} ", "long"])
        yield _as_long_as_may_be(key) if shape == "long" else shape.format(key)


def _as_long_as_may_be(key: str) -> str:
    return key + "k" * (MOST_BYTES - len(key.encode()))


def etag_of(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


@dataclass
class Objects:
    """`contents` by key, of a bucket of the gateway: what it stores under just these names."""

    s3: Any
    bucket: str
    contents: dict[str, bytes] = field(default_factory=dict)

    def fill(self, count: int, keys: Iterator[str]) -> None:
        """With the next keys that the gateway takes, until there are so many."""
        while (missing := count - len(self.contents)) > 0:
            self._add({key: f"of {key}".encode() for key in islice(keys, missing)})

    def _add(self, given: dict[str, bytes]) -> None:
        on_all(given, lambda key: self._put(key, given[key]))
        # Some gateways take two names for one, and then the older content is gone.
        everything = {**self.contents, **given}
        kept = on_all(everything, lambda key: self.has(self.bucket, key, everything[key]))
        self.contents = {key: everything[key] for key in everything if kept[key]}

    def _put(self, key: str, content: bytes) -> None:
        with contextlib.suppress(ClientError):
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)

    def has(self, bucket: str, key: str, content: bytes) -> bool:
        found = self.facts(bucket, key)
        return (found.get("ETag"), found.get("ContentLength")) == (etag_of(content), len(content))

    def facts(self, bucket: str, key: str) -> dict[str, Any]:
        """What HEAD says; nothing of an object that is not there."""
        try:
            found: dict[str, Any] = self.s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404):
                return {}
            raise
        return found

    def tags(self, key: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.s3.get_object_tagging(Bucket=self.bucket, Key=key)[
            "TagSet"
        ]
        return found


def on_all(keys: Any, ask: Callable[[str], Any]) -> dict[str, Any]:
    """What `ask` says of each key."""
    asked = list(keys)
    with ThreadPoolExecutor(16) as threads:
        return dict(zip(asked, threads.map(ask, asked), strict=True))


def region_of_gateway() -> tuple[Region, Role]:
    region = Region.objects.create(
        name="Gateway",
        slug="gateway",
        endpoint_url=GATEWAY.url,
        allowed_operations=["S3DeleteObject"],
        created_at=timezone.now(),
    )
    role = Role.objects.create(arn="arn:aws:iam::123456789012:role/gateway")
    RoleCredentials.objects.create(
        role=role,
        region=region,
        access_key_id=GATEWAY_KEYS.access_key_id,
        secret_access_key=GATEWAY_KEYS.secret_access_key,
    )
    return region, role


def place_of_jobs(gateway: Place) -> engine_places.Place:
    """Buckets for objects, lists and reports; the lists lie beside the objects."""
    region, role = region_of_gateway()
    source, reports = gateway.make_bucket(), gateway.make_bucket()
    return engine_places.Place(gateway.client, region, role, source, reports)


def empty(gateway: Place) -> None:
    """Also on gateways that cannot list versions."""
    for bucket in gateway.buckets:
        for page in gateway.client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            keys = [item["Key"] for item in page.get("Contents", [])]
            on_all(keys, lambda key, bucket=bucket: _remove(gateway, bucket, key))
        with contextlib.suppress(ClientError):
            gateway.client.delete_bucket(Bucket=bucket)


def _remove(gateway: Place, bucket: str, key: str) -> None:
    with contextlib.suppress(ClientError):
        gateway.client.delete_object(Bucket=bucket, Key=key)


def kill_worker_of(parts: Parts, job: Job) -> int:
    """With -9, parent and horse of a worker that runs a chunk of the job; 0 where none does now."""
    owners = running_chunks(job).values_list("owner", flat=True)
    pids = {int(owner.rpartition(":")[2]) for owner in owners}
    for worker in parts.family.workers("run"):
        everyone = [worker, *children_of(worker.pid)]
        if pids & {process.pid for process in everyone}:
            return kill(*everyone)
    return 0


def order(command: str) -> None:
    """Run a command of the person who named the gateway; raises CalledProcessError."""
    nothing = subprocess.DEVNULL
    subprocess.run(["sh", "-c", command], check=True, stdin=nothing, stdout=nothing, stderr=nothing)


@dataclass
class Verdict:
    """`examples` are rows that do not say what the gateway says, as far as one wants to read.
    `failures` counts the rows that failed by what they say.
    """

    tally: Tally
    examples: list[str]
    failures: Counter[str]

    def __str__(self) -> str:
        return "\n".join([str(self.tally), *self.examples])


def compared(rows: list[list[str]], done: dict[str, bool]) -> Verdict:
    """Rows of a report, with what is true of each key that was listed."""
    found = Counter(unquote(row[1]) for row in rows)
    wrong = [row for row in rows if (row[3] == "succeeded") != done.get(unquote(row[1]))]
    tally = Tally(
        tasks=len(done),
        lost=len(done.keys() - found.keys()),
        doubled=sum(found.values()) - len(found),
        untrue=len(wrong),
    )
    examples = [f"{row[1][:60]} {row[3:]}, done: {done.get(unquote(row[1]))}" for row in wrong[:20]]
    failures = Counter(" ".join(row[4:])[:120] for row in rows if row[3] != "succeeded")
    return Verdict(tally, examples, failures)
