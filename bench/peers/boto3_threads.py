"""A tuned boto3 script: one client, as many connections as threads, no checks of parameters, no
retries of its own, and each thread taking the next key by itself. Says what it took, as JSON.
"""

import base64
import hashlib
import itertools
import json
import resource
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

BUCKET, COPIES = "data", "copies"
BATCH = 1000


def client(url: str, threads: int) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="x" * 40,
        config=Config(
            s3={"addressing_style": "path"},
            max_pool_connections=threads,
            parameter_validation=False,
            retries={"total_max_attempts": 1},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def key(number: int) -> str:
    return f"data/part-{number:09d}.parquet"


def tag(s3: Any, number: int) -> None:
    tags = {"TagSet": [{"Key": "team", "Value": "blue"}]}
    s3.put_object_tagging(Bucket=BUCKET, Key=key(number), Tagging=tags)


def copy(s3: Any, number: int) -> None:
    s3.copy_object(
        Bucket=COPIES, Key=key(number), CopySource={"Bucket": BUCKET, "Key": key(number)}
    )


def delete(s3: Any, number: int, *, quiet: bool = False) -> None:
    keys = [{"Key": key(number * BATCH + index)} for index in range(BATCH)]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": keys, "Quiet": quiet})


def delete_quietly(s3: Any, number: int) -> None:
    """The answer names no key that was deleted."""
    delete(s3, number, quiet=True)


def checksum(s3: Any, number: int) -> None:
    answer = s3.get_object(Bucket=BUCKET, Key=key(number))
    hasher = hashlib.sha256()
    for piece in answer["Body"].iter_chunks(256 * 1024):
        hasher.update(piece)
    base64.b64encode(hasher.digest())


CALLS: dict[str, Callable[[Any, int], None]] = {
    "tag": tag,
    "copy": copy,
    "checksum": checksum,
    "delete": delete,
    "delete-quietly": delete_quietly,
}


def run(url: str, call: Callable[[Any, int], None], calls: int, threads: int) -> None:
    s3, numbers = client(url, threads), itertools.count()

    def work() -> None:
        while (number := next(numbers)) < calls:
            call(s3, number)

    crew = [threading.Thread(target=work) for _ in range(threads)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()


def used_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    url, name, calls, threads = sys.argv[1:]
    cpu_s, began_s = used_s(), time.monotonic()
    run(url, CALLS[name], int(calls), int(threads))
    print(json.dumps({"wall_s": time.monotonic() - began_s, "cpu_s": used_s() - cpu_s}))


if __name__ == "__main__":
    main()
