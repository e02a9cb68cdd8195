"""Whether a page is what was asked for: in order, behind where it begins, and with nothing left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import le, lt
from typing import NamedTuple

from jobs.errors import StorageError
from jobs.manifests.listing.listed import Listed
from jobs.manifests.listing.pages import KeyNotUtf8Error, NoListingError, Page, read_page
from jobs.manifests.listing.places import PrefixOf
from jobs.s3.foreign import quoted
from jobs.s3.listing import OBJECTS, Listing

UNUSABLE = "ListingNotUsable"
"""Code of ours for a storage whose listings nobody can rely on."""

PAGE_ROWS = 1000


class UnorderedError(Exception):
    """This storage is not to be asked for ranges of keys; the text says why, as a sentence."""


class IgnoredError(UnorderedError):
    """It takes no notice of where a range begins, and may list in order nevertheless."""


class Spot(NamedTuple):
    """A row, by key and version; "" for the version of current objects, and for none."""

    key: str
    version_id: str = ""


BEGINNING = Spot("")


def spot_of(row: Listed) -> Spot:
    return Spot(row.key, row.version_id or "")


@dataclass(frozen=True, slots=True)
class Lister:
    """Asks for the pages of one place; from several threads."""

    listing: Listing
    action: str
    place: PrefixOf
    page_rows: int = PAGE_ROWS
    patience_s: float | None = None

    def page(self, query: Mapping[str, str], *, rows: int = 0) -> Page:
        """Raises StorageError."""
        asked = {"prefix": self.place.prefix} if self.place.prefix else {}
        asked |= {"max-keys": str(rows or self.page_rows), **query}
        body = self.listing.page(self.action, self.place.bucket, asked)
        try:
            page = read_page(body)
        except KeyNotUtf8Error as error:
            raise not_utf8(self.place.bucket, str(error)) from error
        except NoListingError as error:
            raise self.listing.refused(self.action, body) from error
        self._require_prefix([row.key for row in page.rows], self.place.prefix)
        return page

    def _require_prefix(self, keys: list[str], prefix: str) -> None:
        stray = next((key for key in keys if not key.startswith(prefix)), None) if prefix else None
        if stray is not None:
            raise unusable(
                f"The storage was asked for keys of the bucket {self.place.bucket} that begin with"
                f' "{quoted(prefix)}", and listed "{quoted(stray)}".'
            )

    def still_has(self, spot: Spot) -> bool:
        """Whether that row is there now: it is what is listed first of all that begin with its key."""
        whole = Lister(self.listing, self.action, PrefixOf(self.place.bucket, spot.key))
        return any(spot_of(row) == spot for row in whole.page({}).rows)


@dataclass(frozen=True, slots=True)
class Asked:
    """What follows on `after`. Where `before` is the row that stands before that one, the page begins
    with `after` once more, which proves that nothing was left out between two pages.
    """

    after: Spot
    before: Spot | None


def checked_page(lister: Lister, asked: Asked) -> Page:
    """The rows that follow on `asked.after`, in order. Raises UnorderedError, and StorageError where
    a page was left out.
    """
    begin = asked.before or asked.after
    page = lister.page(_query(lister.action, begin))
    rows = page.rows
    require_order([row.key for row in rows], lister.action)
    if rows and not _is_behind(spot_of(rows[0]), begin):
        raise IgnoredError(
            f'The storage was asked for what follows on the key "{quoted(begin.key)}", and listed'
            f' "{quoted(rows[0].key)}".'
        )
    if asked.before is not None:
        if rows and spot_of(rows[0]) == asked.after:
            rows = rows[1:]
        elif lister.still_has(asked.after):
            raise skipped(lister.place.bucket, asked.after.key)
        elif rows and not _is_behind(spot_of(rows[0]), asked.after):
            raise IgnoredError(_OUT_OF_ORDER.format(quoted(rows[0].key), quoted(asked.after.key)))
    if page.is_truncated and not rows:
        raise IgnoredError("The storage says that more follows, and lists nothing more.")
    return Page(rows, page.is_truncated, page.next)


_OUT_OF_ORDER = 'The storage lists out of order: "{}" behind "{}".'


def require_order(keys: Sequence[str], action: str) -> None:
    """Keys are out of order, too, where a storage lists delete markers apart from versions. Raises
    UnorderedError.
    """
    follows: Callable[[str, str], bool] = lt if action == OBJECTS else le
    if not all(map(follows, keys, keys[1:])):
        before, behind = next(pair for pair in pairwise(keys) if not follows(*pair))
        raise UnorderedError(_OUT_OF_ORDER.format(quoted(behind), quoted(before)))


def _is_behind(spot: Spot, begin: Spot) -> bool:
    return spot.key > begin.key or (
        bool(begin.version_id) and spot.key == begin.key and spot.version_id != begin.version_id
    )


def _query(action: str, begin: Spot) -> dict[str, str]:
    if not begin.key:
        return {}
    if action == OBJECTS:
        return {"start-after": begin.key}
    versions = {"version-id-marker": begin.version_id} if begin.version_id else {}
    return {"key-marker": begin.key, **versions}


def unusable(sentence: str) -> StorageError:
    return StorageError(UNUSABLE, f"{sentence} A list cannot be made from such listings.")


def skipped(bucket: str, key: str) -> StorageError:
    return unusable(
        f"The storage leaves out objects of the bucket {bucket} when it lists: the page behind"
        f' "{quoted(key)}" does not follow on it.'
    )


def not_utf8(bucket: str, encoded: str) -> StorageError:
    return unusable(
        f"The bucket {bucket} has a key that is not UTF-8, URL-encoded: {quoted(encoded)}. Leave it"
        " out by a prefix, or give the list as a manifest for a function or a webhook."
    )
