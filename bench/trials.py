"""Jobs, made as a door makes them, and whether what they did is right."""

import csv
import dataclasses
import io
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import uuid4

from django.utils import timezone

from bench import house, lists
from bench.place import ROLE
from bench.stub import Stub
from jobs import background
from jobs.choices import ChunkState, JobStatus, ManifestField, ReportScope
from jobs.lifecycle.creation import create_job
from jobs.models import Bucket, Chunk, Job, Report
from jobs.operations import registry
from jobs.s3.work_store import work_storage
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from jobs.workstore import results
from tests import servers
from tests.allowed import allowed

TAGGING, COPY = "S3PutObjectTagging", "S3PutObjectCopy"
INVOKE, WEBHOOK = "LambdaInvoke", "WebhookInvoke"
STALLED_S = 60.0
PARAMETERS: Mapping[str, dict[str, object]] = {
    TAGGING: {"TagSet": [{"Key": "team", "Value": "blue"}]},
    COPY: {"TargetResource": "arn:aws:s3:::copies"},
    INVOKE: {"FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:thumbnails"},
    WEBHOOK: {"WebhookName": "hook"},
}


def deletion() -> str | None:
    """The operation that deletes in batches, by its registry name; None while there is none."""
    names = [operation.name for operation in registry.OPERATIONS]
    return next((name for name in names if "Delete" in name and "Tagging" not in name), None)


def make(
    stub: Stub, operation: str, rows: int, *, url: str, bucket: str = lists.BUCKET, **changed: Any
) -> Job:
    """A job over a list of `rows` objects; its tasks go to `url`. It runs unconfirmed, unless members
    of its JobSpec are `changed`.
    """
    listed = lists.write(stub.files, rows, bucket=bucket)
    return make_over((house.FILES, listed.key, listed.etag), operation, url=url, **changed)


def make_over(listed: tuple[str, str, str], operation: str, *, url: str, **changed: Any) -> Job:
    """The same over a list that lies anywhere: its bucket, key and ETag."""
    spec = JobSpec(
        region=house.region(url).pk,
        operation=operation,
        parameters=dict(PARAMETERS.get(operation, {})),
        manifest=ManifestSpec(*listed, (ManifestField.BUCKET, ManifestField.KEY)),
        report=ReportSpec(True, house.REPORTS, "out", ReportScope.ALL_TASKS),
        priority=10,
        role_arn=ROLE,
        client_request_token=uuid4().hex,
        confirmation_required=False,
    )
    spec = dataclasses.replace(spec, **changed)
    return create_job(spec, by=allowed(), now=timezone.now())


def prepared(stub: Stub, operation: str, rows: int, *, url: str, **changed: Any) -> Job:
    """The same, prepared in this process. Raises RuntimeError when it came to nothing."""
    job = make(stub, operation, rows, url=url, **changed)
    while see(job).status in {JobStatus.NEW, JobStatus.PREPARING}:
        background.prepare_and_finish()
        if see(job).waiting_for:
            raise RuntimeError(f"the job cannot be prepared: {see(job).waiting_for}")
    if see(job).status != JobStatus.READY:
        raise RuntimeError(f"the job was not prepared: {see(job).failure_reason}")
    return see(job)


def await_status(job: Job, statuses: Collection[JobStatus]) -> None:
    """Until it is in one of `statuses`. Raises TimeoutError when nothing moved for a while."""
    before, moved_s = "", time.monotonic()
    while (now := see(job)).status not in statuses:
        progress = f"{now.status}, {now.prepared_rows:,} prepared, {now.tasks_done:,} done"
        if progress != before:
            before, moved_s = progress, time.monotonic()
        if time.monotonic() - moved_s > STALLED_S:
            raise TimeoutError(f"{progress}, and no further. {now.waiting_for}{now.failure_reason}")
        time.sleep(0.1)


def see(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def clear(job: Job) -> None:
    """Forget a job with all that lies in the work storage."""
    work_storage().delete(f"{job.pk}/")
    Chunk.objects.filter(job=job).delete()
    Job.objects.filter(pk=job.pk).delete()


def wrong_counts(job: Job, rows: int, *, failed: int = 0) -> Iterator[str]:
    """Sentences about counters that are not what they have to be."""
    job = see(job)
    if (job.total_tasks, job.tasks_succeeded, job.tasks_failed) != (rows, rows - failed, failed):
        yield (
            f"{job.operation}: {job.tasks_succeeded:,} succeeded and {job.tasks_failed:,} failed"
            f" of {job.total_tasks:,}, where {rows - failed:,} and {failed:,} of {rows:,} are right"
        )


def wrong_rows(rows: Iterable[bytes], expected: int, *, what: str) -> Iterator[str]:
    """Sentences about objects without a row, with two, or that nobody listed."""
    seen = bytearray(expected)
    doubled = strange = 0
    for raw_key in rows:
        number = lists.number_of(raw_key)
        if number >= expected:
            strange += 1
        elif seen[number]:
            doubled += 1
        else:
            seen[number] = 1
    lost = seen.count(0)
    if lost or doubled or strange:
        yield f"{what}: rows lost {lost:,}, doubled {doubled:,}, of unknown objects {strange:,}"


def recorded_keys(job: Job) -> Iterator[bytes]:
    """The keys of all rows that the chunks of a job recorded, before there is a report."""
    work = work_storage()
    done = Chunk.objects.filter(job=job, state=ChunkState.DONE).values_list("result", flat=True)
    for name in done.iterator():
        succeeded, failed = results.decode(work.read(name))
        yield from keys_of(succeeded + failed)


def reported_keys(job: Job) -> Iterator[bytes]:
    """The keys of all rows of the completion report."""
    report = Report.objects.get(job=job)
    client = servers.s3_client(Bucket.objects.get(name=house.REPORTS).region.endpoint_url)
    for file in report.files:
        answer = client.get_object(Bucket=house.REPORTS, Key=file["key"])
        for line in answer["Body"].iter_lines(chunk_size=1 << 20):
            yield from keys_of(line)


def keys_of(rows: bytes) -> Iterator[bytes]:
    """Ours hold no quotes and no line feeds."""
    for row in csv.reader(io.StringIO(rows.decode())):
        yield row[1].encode()


def check_run(job: Job, rows: int, *, failed: int = 0) -> list[str]:
    """After its last chunk and before its report."""
    found = [*wrong_counts(job, rows, failed=failed)]
    found += wrong_rows(recorded_keys(job), rows, what=f"{job.operation}, results of chunks")
    return found


def check_end(job: Job, rows: int) -> list[str]:
    """After its report."""
    if see(job).status != JobStatus.COMPLETE:
        return [f"{job.operation}: the job ended as {see(job).status}: {see(job).failure_reason}"]
    found = [*wrong_counts(job, rows)]
    found += wrong_rows(reported_keys(job), rows, what=f"{job.operation}, report")
    return found
