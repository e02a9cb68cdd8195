"""A generated list as a source of rows: buckets are listed, and what belongs to the list is kept."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from jobs.errors import ManifestError, StorageError, StorageUnavailableError
from jobs.manifests.generated.keeping import keeping
from jobs.manifests.generated.looked_up import Judge, calls_per_object, judge_of
from jobs.manifests.generated.refusals import INVALID, not_listed, rules_unknown
from jobs.manifests.listing.blocks import Freeze, frozen_rows, listed_blocks
from jobs.manifests.listing.checking import PAGE_ROWS
from jobs.manifests.listing.listed import Keeps, Listed
from jobs.manifests.listing.places import KeepsOf, PrefixOf, Wanted, all_of_bucket
from jobs.manifests.source import Checkpoint, ListAnewError, Reading, RowBlock
from jobs.s3.replication_rules import Rule, enabled
from jobs.s3.storage import Storage
from jobs.spec.generator import GeneratorSpec

REPLICATION = "GetBucketReplication"
ROWS_LOOKED_UP = 100
"""Of a page whose objects are asked for one by one: how far that came is known after each page."""


class GeneratedList:
    """A checkpoint is the listing's own."""

    def check(self, manifest: GeneratorSpec, reading: Reading) -> None:
        """Nothing can be told of a listing before it is made."""

    def blocks(
        self,
        manifest: GeneratorSpec,
        reading: Reading,
        checkpoint: Checkpoint,
        also: KeepsOf = all_of_bucket,
        frozen: Freeze = frozen_rows,
    ) -> Iterator[RowBlock]:
        """`also` as `wanted` has it; `frozen` makes another text of the rows."""
        rows = ROWS_LOOKED_UP if calls_per_object(manifest) else PAGE_ROWS
        try:
            asked = wanted(manifest, reading, also)
        except ValueError as error:
            raise ManifestError(INVALID, str(error)) from error
        try:
            yield from listed_blocks(asked, reading, checkpoint, page_rows=rows, frozen=frozen)
        except (StorageUnavailableError, ListAnewError):
            raise
        except StorageError as error:
            raise not_listed(manifest, error) from error


SOURCE = GeneratedList()


def wanted(spec: GeneratorSpec, reading: Reading, also: KeepsOf = all_of_bucket) -> Wanted:
    """What is listed for a generator, and what is kept of it: of what a listing tells what `also` keeps
    besides, before objects are asked. Raises ValueError for a pattern that is none.
    """
    places = [
        PrefixOf(one.bucket, prefix) for one in spec.sources for prefix in one.prefixes or ("",)
    ]
    skipped: Counter[str] = Counter()
    keeps = keeping(spec, skipped, takes_markers=reading.takes_delete_markers)
    looked_up = _LookedUp(spec, reading, keeps, also)
    return Wanted(tuple(places), spec.names_versions, looked_up.keeps_of, skipped)


@dataclass(slots=True)
class _LookedUp:
    """Behind what a listing tells, what it does not."""

    spec: GeneratorSpec
    reading: Reading
    told: Keeps
    also: KeepsOf
    _judges: dict[str, Judge | None] = field(default_factory=dict)

    def keeps_of(self, bucket: str) -> Keeps:
        also, asks = self.also(bucket), bool(calls_per_object(self.spec))

        def keeps(page: list[Listed]) -> list[Listed]:
            rows = also(self.told(page))
            judge = self._judge(bucket) if rows and asks else None
            return rows if judge is None else self.reading.look_up(bucket, rows, judge)

        return keeps

    def _judge(self, bucket: str) -> Judge | None:
        if bucket not in self._judges:
            by_rules = self.spec.filter.eligible_for_replication is not None
            self._judges[bucket] = judge_of(self.spec, self._rules(bucket) if by_rules else ())
        return self._judges[bucket]

    def _rules(self, bucket: str) -> list[Rule]:
        return rules_of(self.reading.storage(bucket), bucket)


def rules_of(storage: Storage, bucket: str) -> list[Rule]:
    """The enabled replication rules of a bucket, at least one. Raises ManifestError where there are none
    to be read, and StorageUnavailableError.
    """
    answer = storage.look_at_bucket(bucket, REPLICATION)
    try:
        rules = [] if answer.code else [Rule.covering(one) for one in enabled(answer.data)]
    except ValueError as error:
        raise rules_unknown(bucket, str(error)) from error
    if not rules:
        raise rules_unknown(bucket, answer.code)
    return rules
