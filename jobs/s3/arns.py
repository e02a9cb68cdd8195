"""Names of things in storage: ARNs, buckets, s3:// addresses. Pure.

See docs/batch-operations.md, ARNs.
"""

import re

MAX_KEY_BYTES = 1024
_BUCKET_NAME = re.compile(r"[A-Za-z0-9._-]{3,255}\Z")
_BUCKET_ARN = re.compile(r"arn:[^:]+:s3:::([^/]+)\Z")
_OBJECT_ARN = re.compile(r"arn:[^:]+:s3:::([^/]+)/(.+)\Z", re.DOTALL)
_ROLE_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}\Z")
_ROLE_ARN = re.compile(r"arn:[^:]+:iam::\d{12}:role/.+\Z", re.ASCII)


def bucket_arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"


def parse_bucket_arn(arn: str) -> str:
    """The bucket's name. Raises ValueError with a sentence."""
    match = _BUCKET_ARN.match(arn)
    if not match:
        raise ValueError(
            f'"{_short(arn)}" is not the ARN of a bucket. Write it as arn:aws:s3:::name.'
        )
    check_bucket_name(match[1])
    return match[1]


def object_arn(bucket: str, key: str) -> str:
    """The key stands raw in it (docs/batch-operations.md, Naming a manifest)."""
    return f"arn:aws:s3:::{bucket}/{key}"


def parse_object_arn(arn: str) -> tuple[str, str]:
    """Bucket and key. Raises ValueError with a sentence."""
    match = _OBJECT_ARN.match(arn)
    if not match:
        raise ValueError(
            f'"{_short(arn)}" is not the ARN of an object. Write it as arn:aws:s3:::bucket/key.'
        )
    check_bucket_name(match[1])
    check_key(match[2])
    return match[1], match[2]


def job_arn(region_code: str, account_id: str, job_id: str) -> str:
    return f"arn:aws:s3:{region_code}:{account_id}:job/{job_id}"


def is_role_arn(arn: str) -> bool:
    return len(arn) <= 2048 and bool(_ROLE_ARN.match(arn))


def role_arn(name: str, account_id: str) -> str:
    """For a storage that has no roles: jobs name one all the same. Raises ValueError with a sentence."""
    if not _ROLE_NAME.match(name):
        raise ValueError(
            "Use letters, digits and the characters + = , . @ _ - in the name, 64 at most."
        )
    return f"arn:aws:iam::{account_id}:role/{name}"


def parse_s3_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`; the key may be empty. Raises ValueError with a
    sentence.
    """
    scheme, found, rest = uri.strip().partition("s3://")
    if scheme or not found:
        raise ValueError("Write the path as s3://bucket/key.")
    bucket, _, key = rest.partition("/")
    check_bucket_name(bucket)
    if key:
        check_key(key)
    return bucket, key


def check_bucket_name(bucket: str) -> None:
    """Raises ValueError with a sentence.

    Names that cannot be given any more, but that old buckets have (capitals, underscores, up to
    255 characters), are names too. Whether there is such a bucket, its storage knows.
    """
    if not _BUCKET_NAME.match(bucket) or ".." in bucket:
        raise ValueError(
            f'"{_short(bucket)}" is not a bucket name: use 3 to 63 small letters, digits, hyphens'
            " and dots."
        )


def check_key(key: str) -> None:
    """Raises ValueError with a sentence."""
    try:
        size_bytes = len(key.encode())
    except UnicodeEncodeError as error:
        raise ValueError("The key is not valid Unicode.") from error
    if size_bytes > MAX_KEY_BYTES:
        raise ValueError(f"The key has {size_bytes:,} bytes; {MAX_KEY_BYTES:,} are allowed.")


def _short(text: str) -> str:
    """For a sentence on one line."""
    shown = "".join(c if c.isprintable() else "\ufffd" for c in text[:80])
    return shown if len(text) <= 80 else f"{shown[:79]}…"
