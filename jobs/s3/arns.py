"""Names of things in storage: ARNs, buckets, s3:// addresses (reference 2.6). Pure."""

import re

BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_BUCKET_ARN = re.compile(r"arn:[^:]+:s3:::([^/]+)\Z")
_ROLE_ARN = re.compile(r"arn:[^:]+:iam::\d{12}:role/.+\Z")


def bucket_arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"


def parse_bucket_arn(arn: str) -> str:
    """The bucket's name. Raises ValueError with a sentence."""
    match = _BUCKET_ARN.match(arn)
    if not match:
        raise ValueError(f'"{arn}" is not the ARN of a bucket. Write it as arn:aws:s3:::name.')
    return match[1]


def object_arn(bucket: str, key: str) -> str:
    return f"arn:aws:s3:::{bucket}/{key}"


def is_role_arn(arn: str) -> bool:
    return bool(_ROLE_ARN.match(arn))


def parse_s3_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`; the key may be empty. Raises ValueError with a
    sentence.
    """
    scheme, found, rest = uri.strip().partition("s3://")
    if scheme or not found:
        raise ValueError("Write the path as s3://bucket/key.")
    bucket, _, key = rest.partition("/")
    check_bucket_name(bucket)
    if len(key.encode()) > 1024:
        raise ValueError("The key has more than 1,024 bytes.")
    return bucket, key


def check_bucket_name(bucket: str) -> None:
    """Raises ValueError with a sentence."""
    if not BUCKET_NAME.match(bucket):
        raise ValueError(
            f'"{bucket[:80]}" is not a bucket name: use 3 to 63 small letters, digits, hyphens'
            " and dots."
        )
