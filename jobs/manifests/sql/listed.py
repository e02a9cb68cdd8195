"""A generated list filtered by SQL: what one SELECT keeps of what was listed.

See docs/manifests.md, Filter by SQL. Where the SELECT chooses rows, each for its own sake (WHERE alone, and
bucket, key and version as they are), each page of the listing is filtered as it comes, and the listing stays
what it is: its order, its checkpoints, its parts for others. Any other SELECT needs the whole listing at once: it
lies in a folder on this machine until the list is prepared. On another machine it is made anew.
"""

import contextlib
import uuid
from collections.abc import Iterator

from jobs import conf
from jobs.manifests.frozen_list import BUCKET, KEY, NUL, Frozen
from jobs.manifests.generated import source as generated
from jobs.manifests.listing.blocks import NOWHERE
from jobs.manifests.listing.listed import Keeps, Listed
from jobs.manifests.source import Checkpoint, ListAnewError, Reading, RowBlock
from jobs.manifests.sql import scratch as folders
from jobs.manifests.sql.at_once import OtherRowsError, at_once, checked_length, limits
from jobs.manifests.sql.listed_input import ListedInput
from jobs.manifests.sql.listed_rows import text_of
from jobs.manifests.sql.process import Limits, SqlProcess
from jobs.manifests.sql.scratch import Scratch
from jobs.spec.generator import GeneratorSpec

PAGES_OF_PROCESS = 2_000
"""A process has so much CPU in all; a listing may have any number of pages."""

_NAME = "page.csv"
_ANEW = "ListedAnew"


class FilteredListing:
    """A checkpoint is the listing's own or, where the whole list is needed at once, one of
    `at_once.at_once` with the name of its folder.
    """

    def check(self, manifest: GeneratorSpec, reading: Reading) -> None:
        """Nothing can be told of a listing before it is made."""

    def blocks(
        self, manifest: GeneratorSpec, reading: Reading, checkpoint: Checkpoint
    ) -> Iterator[RowBlock]:
        """The SQL is looked at before anything is listed."""
        with choosing(manifest, reading, limits()) as pages:
            if pages is not None:
                yield from generated.SOURCE.blocks(manifest, reading, checkpoint, pages.keeps_of)
        if pages is None:
            yield from _at_once(manifest, reading, checkpoint)


SOURCE = FilteredListing()


@contextlib.contextmanager
def choosing(spec: GeneratorSpec, reading: Reading, most: Limits) -> Iterator["ChosenPages | None"]:
    """What keeps rows of pages; None where the SELECT needs more than a page. Raises SqlRefusedError."""
    with folders.private(conf.sql_folder(), conf.sql_disk_bytes()) as scratch:
        pages = ChosenPages(ListedInput(spec, reading), scratch, most)
        try:
            yield pages if pages.are_enough() else None
        finally:
            pages.close()


class ChosenPages:
    """Filters pages one after another."""

    def __init__(self, below: ListedInput, scratch: Scratch, limits: Limits) -> None:
        self._below = below
        self._scratch = scratch
        self._limits = limits
        self._pages = 0
        self._process = self._begun()

    def are_enough(self) -> bool:
        """To be asked first. Raises SqlRefusedError."""
        return bool(self._process.ask("plan")["is_a_choice"])

    def keeps_of(self, bucket: str) -> Keeps:
        def keeps(page: list[Listed]) -> list[Listed]:
            return self._kept(bucket, page) if page else page

        return keeps

    def close(self) -> None:
        self._process.close()

    def _kept(self, bucket: str, page: list[Listed]) -> list[Listed]:
        self._pages += 1
        if self._pages % PAGES_OF_PROCESS == 0:
            self._process.close()
            self._process = self._begun()
            self._process.ask("plan")
        text = text_of([(bucket, one) for one in page], with_versions=self._below.has_versions)
        with self._scratch.new(_NAME) as file:
            file.write(text)
        kept = [page[row - 1] for row in self._process.kept_rows(_NAME)]
        self._scratch.remove(_NAME)
        return kept

    def _begun(self) -> SqlProcess:
        question = self._below.question(checked_length(self._below.spec.filter_sql))
        return SqlProcess(question, self._scratch.folder, self._limits, self._below.reading.stop)


def _at_once(spec: GeneratorSpec, reading: Reading, checkpoint: Checkpoint) -> Iterator[RowBlock]:
    """In a folder of this list alone: another one of the same words may list other objects."""
    if checkpoint is None:
        checkpoint = {"folder": uuid.uuid4().hex, "rows": 0, "sum": ""}
        yield RowBlock(Frozen(b"", 0, (BUCKET, KEY), NUL), NOWHERE, checkpoint, {})
    below, folder = ListedInput(spec, reading), checkpoint["folder"]
    try:
        yield from at_once(below, spec.filter_sql, reading, folder, checkpoint)
    except OtherRowsError as error:
        raise ListAnewError(_ANEW, str(error), None) from error
