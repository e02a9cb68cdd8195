"""Ticked folders become a generated list: the job lists what lies below them when it prepares."""

from jobs.models import Draft, Region

NOT_YET = (
    "Folders cannot be a list yet: tick the objects in them, or use a list of the folder's objects."
)


def use_folders(draft: Draft, region: Region, bucket: str, prefixes: list[str]) -> tuple[str, str]:
    """Where the browser goes next, or "" and a sentence that says why not."""
    return "", NOT_YET
