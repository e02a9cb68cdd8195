"""The failed rows of a completion report as a manifest, beside the report in its bucket.

Rows are streamed from the report's files into the list: memory stays flat however many there are.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from jobs import conf
from jobs.choices import ManifestField
from jobs.errors import BatchConsoleError, StorageError, StorageUnavailableError
from jobs.lifecycle.retrying import failed_tasks
from jobs.manifests.opening import header_words
from jobs.manifests.rows import split_line
from jobs.models import Job, Report
from jobs.reports.reading import ReportRow, UnreadableReportError, parse
from jobs.reports.rows import FAILED, csv_line
from jobs.s3.storage import Storage, describe
from jobs.spec.retry_list import list_name

BATCH_ROWS = 1_000
MAX_CODE = 128
"""Error codes are counted by so many of their letters."""

BUCKETS_COUNTED = 1_000
_LOST = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


class RetryListError(BatchConsoleError):
    """The list of the failed objects cannot be made."""


@dataclass(slots=True)
class RetryList:
    """`read` rows of the report were looked at, `rows` of them are in the list. `buckets` has the
    rows of each bucket, of the first thousand buckets.
    """

    read: int = 0
    rows: int = 0
    buckets: dict[str, int] = field(default_factory=dict)


def fields_of(job: Job) -> list[ManifestField]:
    """The columns of the list: with versions if the job's manifest named them."""
    both = [ManifestField.BUCKET, ManifestField.KEY]
    versions = ManifestField.VERSION_ID
    return [*both, versions] if job.names_versions else both


def place_of(report: Report, code: str | None) -> tuple[str, str]:
    """Bucket and key of the list."""
    folder = report.manifest_key.rpartition("/")[0]
    name = list_name(report.job_id, code)
    return report.bucket, f"{folder}/{name}" if folder else name


def size_to_read(report: Report) -> int:
    """Bytes of the report's files that a list is made from."""
    return sum(int(file["size_bytes"]) for file in _failed_files(report))


def write_list(
    report: Report, code: str | None, *, storage: Storage, alive: Callable[[RetryList], None]
) -> RetryList:
    """Write the rows that failed, with `code` or with any, in the report's order.

    `alive` is called often, with what was done so far, and may raise to stop. Nothing is written
    unless the list is whole. Raises RetryListError with a sentence for a person, and
    StorageUnavailableError where trying later may help.
    """
    listed = RetryList()
    bucket, key = place_of(report, code)
    try:
        with storage.upload(
            bucket,
            key,
            "text/csv",
            part_bytes=conf.report_part_bytes(),
            alive=lambda: alive(listed),
        ) as upload:
            for lines in _batches(_lines(report, code, storage, listed, alive)):
                upload.write(lines)
                alive(listed)
            _check(report, code, listed)
    except StorageUnavailableError:
        raise
    except StorageError as error:
        sentence = describe(error, place=f"s3://{bucket}/{key}", verb="write to")
        raise RetryListError(sentence) from error
    return listed


def _check(report: Report, code: str | None, listed: RetryList) -> None:
    """Against what was counted when the tasks were recorded."""
    counted = failed_tasks(report.job, code)
    if listed.rows != counted:
        what = f" with {code}" if code is not None else ""
        raise RetryListError(
            f"The completion report lists {listed.rows:,} failed objects{what}, but the job"
            f" counted {counted:,}. Clone the job to run all of its objects again."
        )


def _lines(
    report: Report,
    code: str | None,
    storage: Storage,
    listed: RetryList,
    alive: Callable[[RetryList], None],
) -> Iterator[bytes]:
    versions = report.job.names_versions
    return _opened(
        csv_line((row.bucket, row.key, row.version_id) if versions else (row.bucket, row.key))
        for row in _seen(_rows(report, storage, listed), listed, alive)
        if code is None or row.code[:MAX_CODE] == code
        if _count(row, listed)
    )


def _seen(
    rows: Iterable[ReportRow], listed: RetryList, alive: Callable[[RetryList], None]
) -> Iterator[ReportRow]:
    """The same rows; also where few of very many are wanted, somebody is seen at it."""
    for row in rows:
        yield row
        if listed.read % BATCH_ROWS == 0:
            alive(listed)


def _count(row: ReportRow, listed: RetryList) -> bool:
    listed.rows += 1
    known = listed.buckets
    if row.bucket in known or len(known) < BUCKETS_COUNTED:
        known[row.bucket] = known.get(row.bucket, 0) + 1
    return True


def _opened(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The same lines, but none comes first that reads like a row of column names.

    An object "key" in a bucket "bucket" is fine further down, and refused in a manifest's line 1.
    """
    held = []
    for line in lines:
        if header_words(line.removesuffix(b"\n")) is None:
            yield line
            break
        held.append(line)
    else:
        held[:1] = map(_disguised, held[:1])
    yield from held
    yield from lines


def _disguised(line: bytes) -> bytes:
    """The same object, its key's first letter URL-encoded."""
    bucket, key, *version = split_line(line.removesuffix(b"\n"))
    first = "".join(f"%{byte:02X}" for byte in key[:1].encode())
    return csv_line((bucket, first + key[1:], *version))


def _batches(lines: Iterable[bytes]) -> Iterator[bytes]:
    batch: list[bytes] = []
    for line in lines:
        batch.append(line)
        if len(batch) == BATCH_ROWS:
            yield b"".join(batch)
            batch = []
    yield b"".join(batch)


def _failed_files(report: Report) -> list[dict[str, str]]:
    return [file for file in report.files if file["status"] == FAILED]


def _rows(report: Report, storage: Storage, listed: RetryList) -> Iterator[ReportRow]:
    for file in _failed_files(report):
        place = f"s3://{report.bucket}/{file['key']}"
        try:
            with storage.open_object(report.bucket, file["key"]) as pieces:
                for row in parse(_unchanged(pieces, file["md5"], place), strict=True):
                    listed.read += 1
                    yield row
        except StorageUnavailableError:
            raise
        except StorageError as error:
            raise RetryListError(_unread(error, place)) from error
        except UnreadableReportError as error:
            raise RetryListError(_changed(place)) from error


def _unchanged(pieces: Iterator[bytes], md5: str, place: str) -> Iterator[bytes]:
    """Raises RetryListError at the end of what is not the file that was written."""
    read = hashlib.md5(usedforsecurity=False)
    for piece in pieces:
        read.update(piece)
        yield piece
    if md5 and read.hexdigest() != md5:
        raise RetryListError(_changed(place))


def _changed(place: str) -> str:
    return (
        f"{place} was changed since the completion report was written, so it does not tell any more"
        " which objects failed. Clone the job to run all of its objects again."
    )


def _unread(error: StorageError, place: str) -> str:
    if error.code in _LOST:
        return (
            f"{place}, a file of the completion report, was moved or deleted. Put it back, or clone"
            " the job to run all of its objects again."
        )
    return describe(error, place=place)
