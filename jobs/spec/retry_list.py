"""What the list of a job's failed rows is called. Pure.

The name tells which job's rows they are, and the error code that they were narrowed to, so that
two jobs over lists of the same name run the same objects, and a list that is made again
overwrites itself.
"""

import hashlib
import re

from jobs.spec.manifest import ManifestSpec
from jobs.spec.object_list import ListSpec

_PLAIN_CODE = re.compile(r"[A-Za-z0-9]{1,64}")


def list_name(job_id: str, code: str | None) -> str:
    """The file name; `code` None for all failed rows."""
    if code is None:
        return f"retry-of-{job_id}.csv"
    if not _PLAIN_CODE.fullmatch(code):
        code = f"code-{hashlib.sha256(code.encode()).hexdigest()[:16]}"
    return f"retry-of-{job_id}-{code}.csv"


def name_of(manifest: ListSpec) -> str:
    """The file name of the list that a job runs; "" for one that is no file."""
    return manifest.key.rpartition("/")[2] if isinstance(manifest, ManifestSpec) else ""


def overlap(job_id: str, one: str, other: str) -> bool:
    """Whether two lists of this job's failed rows, by their names, have rows in common."""
    return one == other or list_name(job_id, None) in (one, other)
