"""A storage whose role has a policy: what it does not allow is refused, as on AWS."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.exceptions import ClientError

from tests.bent_storage import Answered, Sent, bent, refused

OF_OBJECTS = {
    ("PUT", "tagging"): "PutObjectTagging",
    ("GET", "tagging"): "GetObjectTagging",
    ("DELETE", "tagging"): "DeleteObjectTagging",
    ("PUT", "acl"): "PutObjectAcl",
    ("GET", "acl"): "GetObjectAcl",
    ("POST", "restore"): "RestoreObject",
    ("PUT", "retention"): "PutObjectRetention",
    ("PUT", "legal-hold"): "PutObjectLegalHold",
}
PLAINLY = {
    "GET": "GetObject",
    "HEAD": "GetObject",
    "PUT": "PutObject",
    "POST": "PutObject",
    "DELETE": "DeleteObject",
}
OF_BUCKETS = {
    "object-lock": "GetBucketObjectLockConfiguration",
    "replication": "GetReplicationConfiguration",
    "versioning": "GetBucketVersioning",
    "versions": "ListBucketVersions",
}


@dataclass
class Policy:
    """`allowed` are pairs such as ("s3:PutObjectTagging", "photos"); `log` has what was asked for."""

    s3: object
    allowed: set[tuple[str, str]]
    log: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, sent: Sent) -> Sent | Answered:
        parts = urlsplit(sent.target)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        query = parse_qs(parts.query, keep_blank_values=True)
        action = f"s3:{_action(sent.method, bool(key), query)}"
        self.log.append((action, bucket, key))
        if (action, bucket) not in self.allowed:
            return _denied(sent)
        if key and not self._may_list(bucket) and not self._is_new(sent, query):
            return sent if self._is_there(bucket, key) else _denied(sent)
        return sent

    def _may_list(self, bucket: str) -> bool:
        return ("s3:ListBucket", bucket) in self.allowed

    @staticmethod
    def _is_new(sent: Sent, query: dict[str, list[str]]) -> bool:
        """A call that makes an object asks for none that is there."""
        return sent.method in ("PUT", "POST") and not {"tagging", "acl", "restore"} & set(query)

    def _is_there(self, bucket: str, key: str) -> bool:
        try:
            self.s3.head_object(Bucket=bucket, Key=key)
        except ClientError:
            return False
        return True


def _denied(sent: Sent) -> Answered:
    """An answer to HEAD has no body."""
    return Answered(403) if sent.method == "HEAD" else refused(403, "AccessDenied")


def _action(method: str, about_object: bool, query: dict[str, list[str]]) -> str:
    if not about_object:
        return next((OF_BUCKETS[name] for name in OF_BUCKETS if name in query), "ListBucket")
    found = [name for (verb, part), name in OF_OBJECTS.items() if verb == method and part in query]
    return found[0] if found else PLAINLY[method]


def tutorial_policy(s3: object, *, objects: str, manifests: str, reports: str) -> Policy:
    """The one of S3BatchJobRole in AWS's tutorial of a tagging job: without ListBucket,
    GetObjectTagging and DeleteObject.
    """
    return Policy(
        s3,
        {
            ("s3:PutObjectTagging", objects),
            ("s3:PutObjectVersionTagging", objects),
            ("s3:GetObject", manifests),
            ("s3:GetObjectVersion", manifests),
            ("s3:PutObject", reports),
        },
    )


@contextlib.contextmanager
def guarded(url: str, policy: Policy) -> Iterator[str]:
    """The address of the storage at `url` under that policy."""
    with bent(url, policy) as address:
        yield address
