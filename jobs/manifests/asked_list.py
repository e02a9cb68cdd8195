"""A list whose objects are asked for what it does not tell: rows are kept by tags and metadata, and get the
version that is current now.

See docs/manifests.md, Filter by tags and metadata, and Pin current versions. Blocks and checkpoints are those
of the list below; a block has fewer rows where objects do not belong to it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jobs.errors import ManifestError, StorageError
from jobs.manifests.frozen_list import BUCKET, KEY, NUL, Frozen, Rows, frozen, taken_apart
from jobs.manifests.generated.looked_up import (
    HEAD,
    UNSEEN,
    Facts,
    Judge,
    UnseenError,
    judge_of_pairs,
)
from jobs.manifests.left_out import FILTERED_OUT
from jobs.manifests.listing.checking import Lister
from jobs.manifests.listing.listed import Listed
from jobs.manifests.listing.pinning import current_versions
from jobs.manifests.listing.places import PrefixOf
from jobs.manifests.problems import INVALID_CONTENT
from jobs.manifests.source import BucketRows, Checkpoint, Reading, RowBlock
from jobs.manifests.sources import source_of
from jobs.s3.listing import VERSIONS
from jobs.spec.manifest import ManifestSpec


class AskedList:
    """A checkpoint is that of the list below."""

    def check(self, manifest: ManifestSpec, reading: Reading) -> None:
        source_of(manifest.unasked).check(manifest.unasked, reading)

    def blocks(
        self, manifest: ManifestSpec, reading: Reading, checkpoint: Checkpoint
    ) -> Iterator[RowBlock]:
        try:
            judge = judge_of_pairs(manifest.tags, manifest.metadata)
        except ValueError as error:
            raise ManifestError(INVALID_CONTENT, str(error)) from error
        asking = _Asking(reading, judge, manifest.pins_versions)
        below = manifest.unasked
        for block in source_of(below).blocks(below, reading, checkpoint):
            yield asking.answered(block) if block.rows.rows else block


SOURCE = AskedList()


@dataclass(slots=True)
class _Asking:
    """`judge` is None without a filter. `unlisted` are buckets whose versions nobody may list."""

    reading: Reading
    judge: Judge | None
    pins: bool
    unlisted: set[str] = field(default_factory=set)

    def answered(self, block: RowBlock) -> RowBlock:
        rows = taken_apart(block.rows)
        kept: dict[int, str | None] = {}
        for bucket in block.buckets:
            kept |= self._of_bucket(bucket, rows)
        chosen = sorted(kept)
        skipped = dict(block.skipped)
        if out := len(rows) - len(chosen):
            skipped[FILTERED_OUT] = skipped.get(FILTERED_OUT, 0) + out
        return replace(
            block,
            rows=_frozen(rows, chosen, kept),
            buckets=_buckets(block, rows, chosen),
            skipped=skipped,
            place=block.place_of(chosen[0]) if chosen else block.place,
            at=lambda row: block.place_of(chosen[row]),
        )

    def _of_bucket(self, bucket: str, rows: Rows) -> dict[int, str | None]:
        """Those that are kept, by their place in the block, with their versions."""
        places = [n for n, name in enumerate(rows.buckets) if name == bucket]
        told = {n: rows.version_ids[n] for n in places}
        # A row with an empty version fails its own task, whatever the object is like.
        asked = {n: _listed(rows, n) for n in places if rows.version_ids[n] != ""}
        if self.judge:
            judge = _noting_versions(self.judge) if self.pins else self.judge
            found = self.reading.look_up(bucket, list(asked.values()), judge)
            there = {id(one) for one in found}
            told = {n: told[n] for n in places if n not in asked or id(asked[n]) in there}
            asked = {n: one for n, one in asked.items() if id(one) in there}
        if self.pins:
            told |= self._pinned(bucket, asked)
        return told

    def _pinned(self, bucket: str, asked: Mapping[int, Listed]) -> dict[int, str]:
        """With "" for what is not there: that row fails its own task."""
        open_ = [one for one in asked.values() if one.version_id is None]
        listed = self._told_by_listing(bucket, [one.key for one in open_])
        left = []
        for one in open_:
            if one.key in listed:
                one.version_id = listed[one.key] or ""
            else:
                left.append(one)
        self.reading.look_up(bucket, left, _noting_versions(_any))
        return {n: one.version_id or "" for n, one in asked.items()}

    def _told_by_listing(self, bucket: str, keys: Collection[str]) -> dict[str, str | None]:
        if bucket in self.unlisted:
            return {}
        reading = self.reading
        listing = reading.storage(bucket).listing
        lister = Lister(listing, VERSIONS, PrefixOf(bucket), patience_s=reading.patience_s)
        try:
            return current_versions(lister, keys)
        except StorageError as error:
            # Each is asked for then, with all the patience and the pace of tasks.
            if not error.retryable:
                self.unlisted.add(bucket)
            return {}


def _any(one: Listed, facts: Facts) -> bool | str:
    return True if HEAD in facts else HEAD


def _noting_versions(judge: Judge) -> Judge:
    """What a HEAD says of the version besides."""

    def noting(one: Listed, facts: Facts) -> bool | str:
        verdict = judge(one, facts)
        if verdict is True and HEAD in facts and one.version_id is None:
            one.version_id = _version_of(facts[HEAD])
        return verdict

    return noting


def _version_of(head: Mapping[str, Any]) -> str:
    """Without versioning it is the null version."""
    if UNSEEN in head:
        raise UnseenError((UnseenError.__doc__ or "").strip())
    return str(head.get("VersionId") or "null")


def _listed(rows: Rows, n: int) -> Listed:
    """As far as the list knows the object."""
    return Listed(rows.keys[n], rows.version_ids[n], True, False, 0, "", 0.0, "")


def _frozen(rows: Rows, chosen: Sequence[int], versions: Mapping[int, str | None]) -> Frozen:
    if not chosen:
        return Frozen(b"", 0, (BUCKET, KEY), NUL)
    return frozen(
        Rows(
            [rows.buckets[n] for n in chosen],
            [rows.raw_keys[n] for n in chosen],
            [rows.keys[n] for n in chosen],
            [versions[n] for n in chosen],
        )
    )


def _buckets(block: RowBlock, rows: Rows, chosen: Sequence[int]) -> BucketRows:
    found: BucketRows = {}
    for n in chosen:
        name = rows.buckets[n]
        count, place = found.get(name, (0, None))
        found[name] = (count + 1, place or block.place_of(n))
    return found
