"""Lists a whole bucket, by our ranges or by boto3's paginator; says what came and what it took."""

import json
import resource
import sys
import time

import boto3
import django
from botocore.config import Config

django.setup()

from jobs.manifests.listing.blocks import listed_blocks  # noqa: E402
from jobs.manifests.listing.places import PrefixOf, Wanted  # noqa: E402
from jobs.manifests.source import Reading  # noqa: E402
from jobs.s3.clients import make_client  # noqa: E402
from jobs.s3.endpoints import Credentials, Endpoint  # noqa: E402
from jobs.s3.storage import Storage  # noqa: E402

BUCKET = "data"
KEY, SECRET = "AKIDEXAMPLE", "x" * 40


def ours(url: str) -> tuple[int, int]:
    """How many rows of the frozen list, and the sum of the hashes of their keys."""
    storage = Storage(make_client(Endpoint(url, "us-east-1", "path"), Credentials(KEY, SECRET)))
    rows = total = 0
    for block in listed_blocks(Wanted((PrefixOf(BUCKET),)), Reading(lambda _: storage, 1000)):
        rows += block.rows.rows
        for line in block.rows.text.decode().split("\n")[:-1]:
            total += hash(line.partition("\0")[2])
    return rows, total


def by_boto3(url: str) -> tuple[int, int]:
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(s3={"addressing_style": "path"}, parameter_validation=False),
    )
    rows = total = 0
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page["Contents"]:
            rows += 1
            total += hash(item["Key"])
    return rows, total


PEERS = {"ours": ours, "boto3": by_boto3}


def main() -> None:
    peer, url = sys.argv[1:]
    began_s = time.monotonic()
    rows, total = PEERS[peer](url)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    took = {
        "wall_s": time.monotonic() - began_s,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    print(json.dumps({"rows": rows, "keys": total, **took}))


if __name__ == "__main__":
    main()
