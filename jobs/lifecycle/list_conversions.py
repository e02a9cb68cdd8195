"""Conversions of lists that lie in a storage: read as a stream, written as a new object beside it.

`data["conversion"]` of a draft that waits for one holds, besides what draft_work.py says, "region" (its slug)
and "role" (its ARN), "bucket", "key", "version_id", "etag" and "size_bytes" of the list, "recipe" (see
manifests/converting/recipe.py), "target_bucket" and "target_key" of the manifest, and how far it came:
"read_bytes", "rows", "blank", "encoded" and "filled".
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from django.db import Error as DatabaseProblem

from jobs import queueing
from jobs.errors import (
    ManifestError,
    StoppedError,
    StorageError,
    StorageUnavailableError,
    unexpected,
)
from jobs.lifecycle.connections import storage_for, storage_for_page
from jobs.lifecycle.draft_work import FAILED, FRESH, READY, STALE_S, AtWork, Clock, DraftWork
from jobs.lifecycle.list_places import CSV
from jobs.lifecycle.page_turns import page_turn
from jobs.manifests.converting.convert import Counts, convert
from jobs.manifests.converting.recipe import Recipe
from jobs.models import Draft, Region, Role
from jobs.s3.storage import Storage, describe

logger = logging.getLogger(__name__)

CONVERSION = DraftWork("conversion")
AT_ONCE_BYTES = 4 * 1024 * 1024
"""A list of at most this size is converted while the person waits."""

_GONE = "The Region or the IAM role of this list is not there any more. Choose another list."


def told_of(**facts: Any) -> dict[str, Any]:
    """What a draft is told of a conversion that nobody is at yet."""
    counts = {"read_bytes": 0, "rows": 0, "blank": 0, "encoded": 0, "filled": 0}
    return {**FRESH, **counts, **facts}


def make(
    draft_id: str, *, clock: Clock, stop: threading.Event | None = None, for_page: bool = False
) -> None:
    """Bring the draft's conversion to READY or FAILED; or leave it for another try, when the storage does
    not answer or `stop` is set. Does nothing while somebody else is at it.

    `for_page`: somebody waits in front of a page, so an answer must come soon.
    """
    told = CONVERSION.claim(draft_id, clock(), read_bytes=0, rows=0)
    if told is None:
        return
    stop = stop or threading.Event()
    region = Region.objects.filter(slug=told["region"]).first()
    role = Role.objects.filter(arn=told["role"]).first()
    if region is None or role is None:
        CONVERSION.change(draft_id, state=FAILED, error=_GONE)
        return

    def storage(bucket: str) -> Storage:
        if for_page:
            return storage_for_page(bucket, region, role)
        return storage_for(bucket, region, role, stop)

    _make(draft_id, told, storage, AtWork(CONVERSION, draft_id, clock, stop), for_page=for_page)


def _make(
    draft_id: str,
    told: dict[str, Any],
    storage: Callable[[str], Storage],
    at_work: AtWork,
    *,
    for_page: bool,
) -> None:
    try:
        with page_turn() if for_page else contextlib.nullcontext():
            done = _write(told, storage, at_work)
    except StoppedError:
        CONVERSION.change(draft_id, seen_s=0.0, called_s=0.0)
    except StorageUnavailableError as error:
        sentence = describe(error, place=f"s3://{told['bucket']}")
        again = f"{sentence} It is tried again every {STALE_S:.0f} seconds."
        CONVERSION.change(draft_id, error=again)
    except StorageError as error:
        CONVERSION.change(draft_id, state=FAILED, error=_refused(error, told))
    except ManifestError as error:
        CONVERSION.change(draft_id, state=FAILED, error=error.message)
    except DatabaseProblem:
        raise
    except Exception as error:
        logger.exception("draft %s", draft_id)
        CONVERSION.change(draft_id, error=unexpected(error))
    else:
        CONVERSION.change(draft_id, state=READY, error="", **done)


class _WriteRefusedError(StorageError):
    """The manifest cannot be written."""


def _refused(error: StorageError, told: dict[str, Any]) -> str:
    if isinstance(error, _WriteRefusedError):
        place = f"s3://{told['target_bucket']}/{told['target_key']}"
        return describe(error, place=place, verb="write to")
    return describe(error, place=f"s3://{told['bucket']}/{told['key']}")


def _write(
    told: dict[str, Any], storage: Callable[[str], Storage], at_work: AtWork
) -> dict[str, Any]:
    """Nothing is written unless the manifest is whole."""
    counts, read = Counts(), _Read()

    def so_far() -> dict[str, Any]:
        return {"read_bytes": read.bytes, "rows": counts.rows}

    source = storage(told["bucket"]).open_object(
        told["bucket"], told["key"], version_id=told["version_id"] or None, if_match=told["etag"]
    )
    with (
        source as pieces,
        _of_writing(),
        storage(told["target_bucket"]).upload(
            told["target_bucket"], told["target_key"], CSV, alive=lambda: at_work.alive(so_far)
        ) as upload,
    ):
        for block in convert(read.counted(pieces), Recipe.from_json(told["recipe"]), counts):
            upload.write(block)
            at_work.alive(so_far)
    facts = {"blank": counts.blank, "encoded": counts.encoded, "filled": counts.filled}
    return so_far() | facts


class _ReadRefusedError(Exception):
    """Carries what reading the list raised past those who write."""

    def __init__(self, error: StorageError) -> None:
        super().__init__()
        self.error = error


class _Read:
    def __init__(self) -> None:
        self.bytes = 0

    def counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for piece in pieces:
                self.bytes += len(piece)
                yield piece
        except StorageUnavailableError:
            raise
        except StorageError as error:
            raise _ReadRefusedError(error) from error


@contextlib.contextmanager
def _of_writing() -> Iterator[None]:
    """What the storage refuses inside is the manifest's, unless reading was refused."""
    try:
        yield
    except _ReadRefusedError as error:
        raise error.error from error
    except StorageUnavailableError:
        raise
    except StorageError as error:
        raise _WriteRefusedError(
            error.code, error.message, http_status=error.http_status
        ) from error


def make_in_turn(draft_id: str, *, clock: Clock, stop: threading.Event) -> None:
    """As `make`, but not beside so many others that no workers are left for jobs. Those that had to wait
    are called again when it has ended.
    """
    if not CONVERSION.is_its_turn(draft_id, clock()):
        return
    CONVERSION.change(draft_id, held_s=clock().timestamp())
    try:
        make(draft_id, clock=clock, stop=stop)
    finally:
        CONVERSION.change(draft_id, held_s=0.0)
        for draft in CONVERSION.to_do().exclude(pk=draft_id).order_by("updated_at"):
            if CONVERSION.is_idle(draft, clock()):
                queueing.call("convert_list", str(draft.pk))


def call_if_idle(draft: Draft, *, clock: Clock) -> None:
    """Whoever looks repeats a hint that was lost, so that no sweep has to."""
    now = clock()
    if CONVERSION.is_idle(draft, now):
        CONVERSION.change(str(draft.pk), called_s=now.timestamp())
        queueing.call("convert_list", str(draft.pk))
