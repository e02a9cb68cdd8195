"""What the demo has in the database before its pages are there: a sign-in, a Region, a role, and a job
that waits for its confirmation. The other jobs come once the pages are there (demo_jobs.py).
"""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection

from jobs.access.actions import Action
from jobs.access.asking import ANY, Context
from jobs.access.backend import DEMO_EMAIL
from jobs.access.decisions import Decision, may
from jobs.access.principals import system
from jobs.choices import CANCELLABLE
from jobs.lifecycle import commands
from jobs.management import demo_jobs, demo_objects
from jobs.models import Job, Region, Role, RoleCredentials
from jobs.operations import registry


def seed(*, storage_port: int, now: datetime) -> None:
    """Make or mend all of it. The storage behind the Region was emptied and filled just now."""
    user = _sign_in()
    region = _region(storage_port, now)
    role, _ = Role.objects.get_or_create(arn=demo_jobs.ROLE_ARN)
    # The demo storage takes any key pair.
    RoleCredentials.objects.update_or_create(
        role=role,
        region=region,
        defaults={"ambient": False, "access_key_id": "demo", "secret_access_key": "demo"},
    )
    demo_jobs.forget_earlier()
    end_jobs_of_earlier_starts(region, now)
    demo_jobs.create_waiting(by=_creating(user, now), now=now)


def create_jobs(*, now: datetime) -> None:
    """Those that show what the product does, for the workers to run; the demo's data are there."""
    user = User.objects.get(username=DEMO_EMAIL)
    demo_jobs.create_shown(by=_creating(user, now), now=now)


def _creating(user: User, now: datetime) -> Decision:
    return may(system(user), Action.CREATE_JOB, ANY, Context(now))


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
