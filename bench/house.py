"""What stands in the database of a measured installation, and the servers beside it.

To be imported after `place.place` has set Django up.
"""

import contextlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from bench.place import ROLE
from bench.stub import Stub
from jobs.models import Bucket, Region, Role, RoleCredentials
from jobs.operations import registry
from tests import servers

REPORTS = "reports"
FILES = "files"


@contextlib.contextmanager
def opened(stub: Stub) -> Iterator[None]:
    """Tables, a role, Redis, and a storage that keeps what is put there, for the reports."""
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    with contextlib.ExitStack() as stack:
        folder, socket = settings.DATA_DIR / "redis", cast(Path, settings.BATCHCONSOLE_REDIS_SOCKET)
        stack.enter_context(servers.redis_running(folder, socket))
        reports = stack.enter_context(servers.storage_running(settings.DATA_DIR))
        furnish(stub, reports)
        yield


def furnish(stub: Stub, reports: str) -> None:
    """A role, and where lists are read and reports go; `reports` is a storage's URL."""
    region.cache_clear()
    Role.objects.create(arn=ROLE)
    servers.s3_client(reports).create_bucket(Bucket=REPORTS)
    Bucket.objects.create(name=REPORTS, region=region(reports))
    Bucket.objects.create(name=FILES, region=region(stub.url()))


@cache
def region(url: str) -> Region:
    """The Region at `url`, with the role's credentials."""
    name = url.rpartition(":")[2]
    made = Region.objects.create(
        name=f"Port {name}",
        slug=f"port-{name}",
        endpoint_url=url,
        allowed_operations=[operation.name for operation in registry.OPT_IN],
        created_at=timezone.now(),
    )
    RoleCredentials.objects.create(
        role=Role.objects.get(arn=ROLE),
        region=made,
        access_key_id="AKIDEXAMPLE",
        secret_access_key="x" * 40,  # noqa: S106 - the stub looks at no signature
    )
    return made
