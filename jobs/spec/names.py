"""Names of buckets in wire forms: ARNs, checked and read. Pure."""

from typing import Any

from jobs.spec.checking import Checker

MOST_ARN = 128
_ARN = "arn:aws:s3:::"


def bucket_arn(bucket: str) -> str:
    return f"{_ARN}{bucket}"


def parse_bucket(value: Any, field: str, check: Checker) -> str:
    """The name of the bucket with that ARN; "" where it is none, which was said then."""
    arn = check.text(value, field, high=MOST_ARN)
    if arn is None:
        if value is None:
            check.say(field, f"{field} is missing. Name a bucket as arn:aws:s3:::name.")
        return ""
    scheme, _, name = arn.partition(":s3:::")
    is_arn = scheme.startswith("arn:") and scheme.count(":") == 1 and scheme != "arn:"
    if not is_arn or not name or "/" in name:
        check.say(field, f"{field} must be the ARN of a bucket, such as arn:aws:s3:::name.")
        return ""
    return name
