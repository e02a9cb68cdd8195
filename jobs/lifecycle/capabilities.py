"""What storages can do: finding it out, keeping it, and what follows for jobs and workers."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from jobs.choices import OF_BUCKETS, Can, Capability
from jobs.errors import StorageError
from jobs.lifecycle.connections import client_for_page
from jobs.lifecycle.page_turns import page_turn
from jobs.models import FoundCapability, ProbedBucket, Region, RoleCredentials
from jobs.operations.abilities import DISABLING, abilities_of
from jobs.operations.base import Operation
from jobs.s3.probe import Probed, probe
from jobs.s3.scratch import Scratch
from jobs.services.habits import MOST_AT_ONCE

PROBE_S = 25.0
"""All that a probe may take: some fifty calls, and waits for what a storage writes a moment later."""

CONDITIONS = (
    Capability.CONDITIONAL_PUT,
    Capability.CONDITIONAL_COPY,
    Capability.CONDITIONAL_DELETE,
)
MAY_BE_OVERRULED = DISABLING | {Capability.BATCH_DELETE, Capability.COPY_TAGS}
"""Whoever says that a storage keeps a condition which it was seen to ignore would lose objects."""


def probe_bucket(
    region: Region, name: str, credentials: RoleCredentials, now: datetime
) -> ProbedBucket:
    """Tries the storage in one of its buckets, for a page that waits, and keeps what was found."""
    probed = _probe(region, name, credentials, now)
    with transaction.atomic():
        bucket, _ = ProbedBucket.objects.update_or_create(
            region=region,
            name=name,
            defaults={"role": credentials.role, "probed_at": now, "left": probed.left},
        )
        for one in probed.found:
            row, _ = FoundCapability.objects.update_or_create(
                bucket=bucket,
                name=one.capability,
                defaults={"answer": one.can, "evidence": one.evidence, "amount": one.amount},
            )
            if row.answer == Can.YES and row.overruled_at:
                overrule(row, by=None, at=None)
        apply_to(region)
    return bucket


def _probe(region: Region, name: str, credentials: RoleCredentials, now: datetime) -> Probed:
    probed = Probed()
    try:
        with page_turn(PROBE_S):
            client = client_for_page(region.endpoint(), credentials.to_credentials())
            scratch = Scratch(client, name, "", now, takes_locks_off=False)
            return probe(scratch)
    except StorageError as error:
        probed.fill(error.message)
    return probed


def overrule(row: FoundCapability, *, by: User | None, at: datetime | None) -> None:
    """Use all the same what a storage was found not to have; without `at` not any more."""
    row.overruled_by, row.overruled_at = by, at
    row.save(update_fields=["overruled_by", "overruled_at"])


def apply_to(region: Region) -> None:
    """What workers begin with in this Region: what is not told changes nothing."""
    rows = list(FoundCapability.objects.filter(bucket__region=region))
    many = [row for row in rows if row.name == Capability.BATCH_DELETE]
    sizes = [_size(row) for row in many if row.answer != Can.UNTOLD]
    region.deletes_at_once = min(sizes, default=MOST_AT_ONCE)
    region.conditions = [
        str(name) for name in CONDITIONS if _is_kept([row for row in rows if row.name == name])
    ]
    sent = [row for row in rows if row.name == Capability.COPY_TAGS and row.answer != Can.UNTOLD]
    if sent:
        region.tags_after_copy = any(row.is_lacking for row in sent)
    region.save(update_fields=["deletes_at_once", "conditions", "tags_after_copy"])


def _size(row: FoundCapability) -> int:
    return MOST_AT_ONCE if row.is_overruled else row.amount or 1


def _is_kept(rows: Collection[FoundCapability]) -> bool:
    """In one bucket at least, and ignored in none."""
    answers = {row.answer for row in rows}
    return Can.YES in answers and Can.NO not in answers


def lacking(operation: type[Operation], region: Region | None, buckets: Iterable[str] = ()) -> str:
    """Why `operation` cannot work in the Region, or on one of these buckets; empty when it may.

    What differs from bucket to bucket counts for those that were probed, all else for the Region
    unless a probe in another of its buckets says otherwise.
    """
    return all_lacking([operation], region, buckets).get(operation.name, "")


def all_lacking(
    operations: Iterable[type[Operation]], region: Region | None, buckets: Iterable[str] = ()
) -> dict[str, str]:
    """The same for several, by name, of those that cannot work."""
    if region is None:
        return {}
    rows = FoundCapability.objects.filter(bucket__region=region, name__in=DISABLING)
    found, named = list(rows.select_related("bucket")), set(buckets)
    said = {operation.name: _why(operation, region, found, named) for operation in operations}
    return {name: sentence for name, sentence in said.items() if sentence}


def _why(
    operation: type[Operation],
    region: Region,
    found: list[FoundCapability],
    named: Collection[str],
) -> str:
    needed = abilities_of(operation)
    for row in found:
        if row.name not in needed or not row.is_lacking:
            continue
        of_bucket = row.name in OF_BUCKETS
        counts = row.bucket.name in named if of_bucket else not _can_elsewhere(row, found, named)
        if counts:
            place = f"bucket {row.bucket.name}" if of_bucket else region.name
            return (
                f"{operation.label} does not work in {place}: {row.evidence} An administrator can try"
                " again, or overrule it, under Regions."
            )
    return ""


def _can_elsewhere(
    row: FoundCapability, found: list[FoundCapability], named: Collection[str]
) -> bool:
    """Where the very bucket of a list was probed, no other one speaks for it."""
    if row.bucket.name in named:
        return False
    return any(
        one.name == row.name and not one.is_lacking and one.answer != Can.UNTOLD for one in found
    )
