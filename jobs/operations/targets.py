"""A target as the parameters of a call."""

from typing import Any

from jobs.spec.target import Target


def addressed(target: Target) -> dict[str, Any]:
    """Key and version, as nearly every S3 call about an object takes them."""
    version = {"VersionId": target.version_id} if target.version_id else {}
    return {"Key": target.key, **version}
