"""Buckets of one test, a Region and role that reach them, and jobs that run there."""

import csv
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from django.utils import timezone

from jobs.choices import ManifestField, ReportScope
from jobs.lifecycle.creation import create_job
from jobs.models import Region, Role, RoleCredentials
from jobs.operations import registry
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec
from tests.allowed import allowed

TAGS = {"TagSet": [{"Key": "team", "Value": "blue"}]}


@dataclass
class Place:
    """Buckets of one test, and a Region and role that reach them."""

    s3: Any
    region: Region
    role: Role
    source: str
    reports: str

    def put_objects(self, keys):
        for key in keys:
            self.s3.put_object(Bucket=self.source, Key=key, Body=b"x")

    def put_manifest(self, rows, *, key="manifest.csv"):
        """`rows` are lists of fields, written minimally quoted, or the file's bytes."""
        if not isinstance(rows, bytes):
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            rows = text.getvalue().encode()
        answer = self.s3.put_object(Bucket=self.source, Key=key, Body=rows)
        return key, answer["ETag"].strip('"')

    def list_of(self, keys):
        return [[self.source, quote(key)] for key in keys]

    def make_job(self, rows, *, fields=("Bucket", "Key"), manifest_key="manifest.csv", **changes):
        """A job over `rows`, as a door would make it: tagging with a report of all tasks."""
        key, etag = self.put_manifest(rows, key=manifest_key)
        report = ReportSpec(True, self.reports, "out", ReportScope.ALL_TASKS)
        facts = {
            "region": self.region.pk,
            "operation": "S3PutObjectTagging",
            "parameters": TAGS,
            "manifest": ManifestSpec(
                self.source, key, etag, tuple(ManifestField(name) for name in fields)
            ),
            "report": report,
            "priority": 10,
            "role_arn": self.role.arn,
            "client_request_token": uuid4().hex,
        }
        return create_job(JobSpec(**(facts | changes)), by=allowed(), now=timezone.now())

    def report_rows(self, job):
        """The rows of the completion report, by the files that its manifest.json names."""
        folder = f"out/job-{job.pk}"
        manifest = json.loads(self.read(f"{folder}/manifest.json"))
        rows = []
        for file in manifest["Results"]:
            text = self.read(file["Key"]).decode()
            rows += list(csv.reader(io.StringIO(text, newline="")))
        return rows

    def result_keys(self, job):
        """Of the files that hold the rows, in the order of manifest.json."""
        manifest = json.loads(self.read(f"out/job-{job.pk}/manifest.json"))
        return [file["Key"] for file in manifest["Results"]]

    def read(self, key):
        return self.s3.get_object(Bucket=self.reports, Key=key)["Body"].read()

    def report_keys(self):
        return [o["Key"] for o in self.s3.list_objects_v2(Bucket=self.reports).get("Contents", [])]


def new_place(s3, url, make_bucket):
    region = Region.objects.create(
        name="Here",
        slug="here",
        endpoint_url=url,
        allowed_operations=[operation.name for operation in registry.OPT_IN],
        created_at=timezone.now(),
    )
    role = Role.objects.create(arn="arn:aws:iam::123456789012:role/batch")
    RoleCredentials.objects.create(
        role=role, region=region, access_key_id="test", secret_access_key="test"
    )
    return Place(s3, region, role, make_bucket(), make_bucket())
