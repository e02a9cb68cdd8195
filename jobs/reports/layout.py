"""Where the objects of a completion report lie. Pure.

See docs/batch-operations.md, Where a report lies.
"""

import hashlib


def folder(prefix: str, job_id: str) -> str:
    """Without a slash at its end."""
    return f"{prefix}/job-{job_id}" if prefix else f"job-{job_id}"


def manifest_key(prefix: str, job_id: str) -> str:
    return f"{folder(prefix, job_id)}/manifest.json"


def result_key(prefix: str, job_id: str, status: str, index: int) -> str:
    """The name follows from the job, the status and the file's number, so that writing a file
    again overwrites it.
    """
    name = hashlib.sha1(f"{job_id}/{status}/{index}".encode(), usedforsecurity=False)
    return f"{folder(prefix, job_id)}/results/{name.hexdigest()}.csv"
