"""Which files of an inventory others may read."""

from collections.abc import Sequence

from jobs.manifests.inventory.manifest_json import DataFile
from jobs.manifests.source import Checkpoint

MOST_PARTS = 64
LEAST_BYTES = 1024 * 1024
"""Of a part, packed: reading less takes no longer than taking turns at it."""


def shared(files: Sequence[DataFile], first: int) -> tuple[int, list[Checkpoint]]:
    """The files from `first` on, divided: the place behind those that whoever asks keeps, and checkpoints for
    the others, in the order of the files. There are none where it does not pay.
    """
    left_bytes = sum(file.size_bytes for file in files[first:])
    part_bytes = max(LEAST_BYTES, left_bytes / MOST_PARTS)
    ends, taken_bytes = [], 0
    for place in range(first, len(files)):
        taken_bytes += files[place].size_bytes
        if taken_bytes >= part_bytes:
            ends.append(place + 1)
            taken_bytes = 0
    if len(ends) < 2:
        return len(files), []
    ends[-1] = len(files)
    parts = [
        {"file": begin, "line": 1, "rows": 0, "until": end}
        for begin, end in zip(ends, ends[1:], strict=False)
    ]
    return ends[0], parts
