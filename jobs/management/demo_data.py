"""What the demo has in the database: a sign-in, a Region, a role, and a job that waits."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet

from jobs.access.actions import Action
from jobs.access.asking import ANY, Context
from jobs.access.backend import DEMO_EMAIL
from jobs.access.decisions import may
from jobs.access.principals import system
from jobs.choices import CANCELLABLE, JobStatus, ManifestField, ReportScope
from jobs.lifecycle import commands
from jobs.lifecycle.creation import create_job
from jobs.management import demo_objects
from jobs.models import Job, Region, Role, RoleCredentials
from jobs.operations import registry
from jobs.spec.job import JobSpec
from jobs.spec.manifest import ManifestSpec
from jobs.spec.report import ReportSpec

ROLE_ARN = "arn:aws:iam::123456789012:role/batch-demo"
_WAITING = "demo-waiting-"
_NOT_STARTED = (JobStatus.NEW, JobStatus.PREPARING, JobStatus.SUSPENDED)


def seed(*, storage_port: int, now: datetime) -> None:
    """Make or mend all of it. The storage behind the Region was emptied and filled just now."""
    user = _sign_in()
    region = _region(storage_port, now)
    role, _ = Role.objects.get_or_create(arn=ROLE_ARN)
    # The demo storage takes any key pair.
    RoleCredentials.objects.update_or_create(
        role=role,
        region=region,
        defaults={"ambient": False, "access_key_id": "demo", "secret_access_key": "demo"},
    )
    _waiting_jobs().delete()
    end_jobs_of_earlier_starts(region, now)
    by = may(system(user), Action.CREATE_JOB, ANY, Context(now))
    create_job(_waiting_job(region), by=by, now=now)


def is_in_real_use() -> bool:
    """Whether the database has an administrator other than the demo's; an empty one has none."""
    if User._meta.db_table not in connection.introspection.table_names():
        return False
    return User.objects.filter(is_superuser=True).exclude(username=DEMO_EMAIL).exists()


def end_jobs_of_earlier_starts(region: Region, now: datetime) -> None:
    """Unfinished jobs say that their storage is gone."""
    unfinished = Job.objects.filter(region=region, status__in=CANCELLABLE)
    for job in unfinished:
        commands.fail(
            job.pk,
            "DemoStorageRestarted",
            "The demo storage keeps nothing between starts: it was filled anew at"
            f" {now:%Y-%m-%d %H:%M} UTC. Clone the job to run it again.",
            now=now,
            only_from=CANCELLABLE,
        )


def _waiting_jobs() -> QuerySet[Job]:
    """Those that this module made and nobody has run: each start makes a new one."""
    return Job.objects.filter(client_request_token__startswith=_WAITING, status__in=_NOT_STARTED)


def _sign_in() -> User:
    user, _ = User.objects.get_or_create(
        username=DEMO_EMAIL, defaults={"email": DEMO_EMAIL, "is_staff": True, "is_superuser": True}
    )
    if not user.check_password(settings.BATCHCONSOLE_DEMO_PASSWORD):
        user.set_password(settings.BATCHCONSOLE_DEMO_PASSWORD)
        user.save()
    return user


def _region(storage_port: int, now: datetime) -> Region:
    place = {
        "name": "demo",
        "code": "us-east-1",
        "endpoint_url": f"http://127.0.0.1:{storage_port}",
        "addressing_style": "path",
        "emptied_at": now,
    }
    defaults = {
        "manifest_prefix": f"s3://{demo_objects.MANIFESTS}/",
        "report_prefix": f"s3://{demo_objects.REPORTS}/",
        "allowed_operations": [operation.name for operation in registry.OPT_IN],
        "created_at": now,
    }
    region, _ = Region.objects.update_or_create(
        slug="demo", defaults=place, create_defaults=place | defaults
    )
    return region


def _waiting_job(region: Region) -> JobSpec:
    return JobSpec(
        region=region.pk,
        operation="S3PutObjectTagging",
        parameters={
            "TagSet": [
                {"Key": "project", "Value": "spring-catalogue"},
                {"Key": "reviewed", "Value": "yes"},
            ]
        },
        manifest=ManifestSpec(
            bucket=demo_objects.MANIFESTS,
            key=demo_objects.PLAIN,
            etag=demo_objects.plain_manifest_etag(),
            fields=(ManifestField.BUCKET, ManifestField.KEY),
        ),
        report=ReportSpec(
            enabled=True,
            bucket=demo_objects.REPORTS,
            prefix="spring-catalogue",
            scope=ReportScope.ALL_TASKS,
        ),
        priority=10,
        role_arn=ROLE_ARN,
        client_request_token=f"{_WAITING}{uuid.uuid4()}",
        description="Tag all photos for the spring catalogue",
        tags={"team": "media"},
    )
