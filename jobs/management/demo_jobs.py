"""The jobs of the demo: one that waits, and others in the states that jobs come to.

All of them run against the demo's storage, by its workers; nothing of them is invented.
"""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from jobs.access.decisions import Decision
from jobs.choices import JobStatus, ManifestField, ManifestFormat, ReportScope
from jobs.lifecycle.creation import create_job
from jobs.management import demo_objects
from jobs.models import Job, Region
from jobs.spec.generator import GeneratorSpec
from jobs.spec.job import JobSpec, LimitsSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.object_filter import KeyNames, ObjectFilter
from jobs.spec.object_list import ListSpec
from jobs.spec.report import ReportSpec

ROLE_ARN = "arn:aws:iam::123456789012:role/batch-demo"
WAITING, SHOWN = "demo-waiting-", "demo-shown-"
"""How client request tokens begin."""

SLOWLY_PER_S = 12
"""Requests of the job to watch: it takes seven minutes."""

_APART = timedelta(milliseconds=1)
"""Between two jobs, so that lists keep their order."""

_NOT_STARTED = (JobStatus.NEW, JobStatus.PREPARING, JobStatus.SUSPENDED)
_PLAIN_COLUMNS = (ManifestField.BUCKET, ManifestField.KEY)


def forget_earlier() -> None:
    """Jobs of an earlier start that nobody ran, and those that each start makes anew. A dry run whose
    list a person's job runs stays.
    """
    Job.objects.filter(client_request_token__startswith=WAITING, status__in=_NOT_STARTED).delete()
    Job.objects.filter(client_request_token__startswith=SHOWN, real_jobs=None).delete()


def create_waiting(*, by: Decision, now: datetime) -> None:
    create_job(_waiting(Region.objects.get(slug="demo").pk), by=by, now=now)


def create_shown(*, by: Decision, now: datetime) -> None:
    """In the order in which they shall be run; none waits for a confirmation."""
    for n, spec in enumerate(_shown(Region.objects.get(slug="demo").pk)):
        token = f"{SHOWN}{uuid.uuid4()}"
        made = replace(spec, confirmation_required=False, client_request_token=token)
        create_job(made, by=by, now=now + n * _APART)


def _waiting(region: int) -> JobSpec:
    return JobSpec(
        region=region,
        operation="S3PutObjectTagging",
        parameters=_tags(project="spring-catalogue", reviewed="yes"),
        manifest=_csv(demo_objects.PLAIN, demo_objects.plain_manifest()),
        report=_report("spring-catalogue"),
        priority=10,
        role_arn=ROLE_ARN,
        client_request_token=f"{WAITING}{uuid.uuid4()}",
        description="Tag all photos for the spring catalogue",
        tags={"team": "media"},
    )


def _shown(region: int) -> Iterator[JobSpec]:
    usual = _waiting(region)
    yield replace(
        usual,
        description="Tag the photos of 2023 as reviewed",
        parameters=_tags(reviewed="2026"),
        manifest=_prefix("2023/"),
        report=_report("reviewed-2023"),
    )
    copied = replace(
        usual,
        description="Copy the scans of two buckets to the archive",
        operation="S3PutObjectCopy",
        parameters={"TargetResource": f"arn:aws:s3:::{demo_objects.ARCHIVE}"},
        manifest=_csv(demo_objects.MIXED, demo_objects.mixed_manifest()),
        report=_report("scans-2018"),
        tags={"team": "records"},
    )
    yield copied
    yield replace(
        copied,
        description="Copy the scans of 2018 to the archive",
        manifest=_csv(demo_objects.SCANNED, demo_objects.scan_manifest()),
    )
    yield replace(
        usual,
        description="What would deleting the photos of 2020 do?",
        operation="S3DeleteObject",
        parameters={},
        manifest=_prefix("2020/"),
        report=_report("delete-2020"),
        dry_run=True,
    )
    yield from _over_more_lists(usual)


def _over_more_lists(usual: JobSpec) -> Iterator[JobSpec]:
    """An inventory's, one with mistakes in it, and one that takes its time."""
    yield replace(
        usual,
        description="Checksums of the photos of 2022, by the inventory",
        operation="S3ComputeObjectChecksum",
        parameters={"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"},
        manifest=_inventory("SELECT * FROM list WHERE Key LIKE '2022/%'"),
        report=_report("checksums-2022"),
    )
    yield replace(
        usual,
        description="Tag the wedding albums, a few photos first",
        parameters=_tags(album="wedding"),
        manifest=_csv(demo_objects.BROKEN, demo_objects.broken_manifest()),
        report=_report("wedding-albums"),
        limits=LimitsSpec(canary_tasks=50, canary_percent=10),
        tags={"team": "weddings"},
    )
    yield replace(
        usual,
        description="Checksums of the photos that were sold, slowly",
        # It only reads: two jobs that tag the same objects would not find what they wrote.
        operation="S3ComputeObjectChecksum",
        parameters={"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"},
        manifest=_csv(demo_objects.SOLD, demo_objects.sold_manifest()),
        report=_report("sold"),
        limits=LimitsSpec(requests_per_s=SLOWLY_PER_S),
    )


def _tags(**tags: str) -> dict[str, object]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _csv(key: str, body: bytes) -> ListSpec:
    etag = demo_objects.etag_of(body)
    return ManifestSpec(demo_objects.MANIFESTS, key, etag, _PLAIN_COLUMNS)


def _inventory(sql: str) -> ListSpec:
    return ManifestSpec(
        demo_objects.MANIFESTS,
        demo_objects.INVENTORY,
        demo_objects.etag_of(demo_objects.inventory_manifest()),
        (),
        format=ManifestFormat.INVENTORY,
        filter_sql=sql,
    )


def _prefix(prefix: str) -> ListSpec:
    return GeneratorSpec(
        demo_objects.PHOTOS, filter=ObjectFilter(names=KeyNames(prefixes=(prefix,)))
    )


def _report(prefix: str) -> ReportSpec:
    return ReportSpec(True, demo_objects.REPORTS, prefix, ReportScope.ALL_TASKS)
