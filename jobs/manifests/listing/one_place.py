"""Listing one bucket or prefix, in the way that its storage can be relied on."""

import threading
from collections.abc import Callable, Generator

from jobs.manifests.listing.checking import IgnoredError, Lister, UnorderedError
from jobs.manifests.listing.ranged import Batch, Checkpoint, Ranged
from jobs.manifests.listing.sequential import Sequential
from jobs.manifests.listing.spans import span_from_json
from jobs.manifests.source import never

PAGE_BY_PAGE: Checkpoint = {"next": {}, "last": None, "only": None}
"""The checkpoint of a place that was found out to be listed out of order, at its beginning."""


def batches(
    lister: Lister,
    stop: threading.Event,
    checkpoint: Checkpoint | None = None,
    shares: Callable[[], bool] = never,
) -> Generator[Batch, None, None]:
    """Every row once, in any order; an empty batch whenever nothing came for a moment. Raises
    StorageError, StorageUnavailableError, StoppedError, and UnorderedError where the place is to be
    listed anew, `PAGE_BY_PAGE`.
    """
    if checkpoint is not None and "next" in checkpoint:
        yield from Sequential.restored(lister, stop, checkpoint).batches()
        return
    spans = None if checkpoint is None else [span_from_json(one) for one in checkpoint["spans"]]
    ranged = Ranged(lister, stop, spans, shares)
    try:
        yield from ranged.batches()
        return
    except UnorderedError as error:
        instead = _instead(ranged, lister, stop, error)
    yield from instead.batches()


def _instead(
    ranged: Ranged, lister: Lister, stop: threading.Event, error: UnorderedError
) -> Sequential:
    """What was taken is not taken again: the storage is asked on where it stopped, or begins anew
    where its order tells what was taken. Raises `error` where neither will do.
    """
    if ranged.chain is not None:
        return Sequential(lister, stop, ranged.chain)
    if isinstance(error, IgnoredError):
        return Sequential(lister, stop, {}, only=list(ranged.spans.open))
    raise error
