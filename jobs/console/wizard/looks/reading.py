"""With what a list is read for a page, while somebody waits."""

from collections.abc import Callable, Sequence
from typing import Any

from jobs.lifecycle.connections import storage_for_page
from jobs.manifests.listing.listed import Listed
from jobs.manifests.source import Reading, never
from jobs.models import Region, Role


def page_reading(
    region: Region, role: Role, rows: int, is_slow: Callable[[], bool] = never
) -> Reading:
    return Reading(
        storage=lambda bucket: storage_for_page(bucket, region, role),
        rows_per_block=rows,
        is_slow=is_slow,
        look_up=_as_they_are,
        patience_s=0.0,
    )


def _as_they_are(bucket: str, rows: Sequence[Listed], judge: Any) -> list[Listed]:
    """What only each object itself tells is asked while the job prepares, not while a page waits."""
    return list(rows)
