"""Back-up and restore by the commands of docs/operating.md."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests import postgres
from tests.management.installations import Installation
from tests.postgres import Cluster
from tests.requirements import unavailable
from tests.servers import free_port

pytestmark = pytest.mark.house
MAKE = """
from tests.make import make_job, make_region
from jobs.models import Role, RoleCredentials
region = make_region("kept")
make_job("Complete", region=region)
RoleCredentials.objects.update(secret_access_key="the stored secret")
"""
SHOWN = """
from jobs.models import Job, RoleCredentials
print(Job.objects.get().status, RoleCredentials.objects.get().secret_access_key)
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server with two empty databases: that of `url`, and `restored` beside it."""
    try:
        cluster = postgres.make()
    except postgres.UnavailableError as problem:
        unavailable(str(problem))
    try:
        cluster.start(postgres.FORGETFUL)
        cluster.create_database()
        cluster.create_database("restored")
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture
def installations(tmp_path: Path) -> list[Installation]:
    """One that is backed up, and what it is restored to."""
    return [
        Installation(tmp_path / name, free_port(), None)  # type: ignore[arg-type]
        for name in ("before", "after")
    ]


def commands(first_word: str) -> str:
    """The shell commands of the document that begin with that word."""
    document = (settings.BASE_DIR / "docs" / "operating.md").read_text()
    found = re.search(rf"```sh\n({first_word} .*?)```", document, re.DOTALL)
    assert found
    return found[1]


def run(script: str, folder: Path, **variables: str) -> None:
    path = {"PATH": f"{postgres.binaries()}:/usr/bin:/bin"} if "pg_dump" in script else {}
    subprocess.run(
        ["sh", "-ec", script],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin"} | path | variables,
        check=True,
    )


def test_restored_copy_has_jobs_and_readable_secrets(
    tmp_path: Path, installations: list[Installation]
) -> None:
    before, after = installations
    assert before.manage("setup").returncode == 0
    before.shell(MAKE)
    folders = {"DATA_DIR": str(before.folder), "NEW_DATA_DIR": str(after.folder)}
    run(commands("tar"), tmp_path, **folders)
    before.folder.rename(tmp_path / "gone")
    assert after.manage("setup").returncode == 0
    assert after.shell(SHOWN) == "Complete the stored secret"


def test_restored_dump_of_postgresql_has_jobs_and_readable_secrets(
    tmp_path: Path, installations: list[Installation], cluster: Cluster
) -> None:
    before, after = installations
    urls = {
        "DATABASE_URL": cluster.url,
        "NEW_DATABASE_URL": cluster.url.replace("/batchconsole", "/restored"),
    }
    assert before.manage("setup", DATABASE_URL=urls["DATABASE_URL"]).returncode == 0
    before.shell(MAKE, DATABASE_URL=urls["DATABASE_URL"])
    folders = {"DATA_DIR": str(before.folder), "NEW_DATA_DIR": str(after.folder)}
    run(commands("tar"), tmp_path, **folders)
    run(commands("pg_dump"), tmp_path, **urls)
    cluster.drop_database("batchconsole")
    restored = {"DATABASE_URL": urls["NEW_DATABASE_URL"]}
    assert after.manage("setup", **restored).returncode == 0
    assert after.shell(SHOWN, **restored) == "Complete the stored secret"


def test_copy_without_the_variables_keys_is_refused_with_their_name(
    tmp_path: Path, installations: list[Installation]
) -> None:
    before, after = installations
    keys = {"ENCRYPTION_KEYS": "T4kvPbmklMo7SL6NLGYytZwlJkqYEERtecbJK6bO1o8="}
    assert before.manage("setup", **keys).returncode == 0
    before.shell(MAKE, **keys)
    folders = {"DATA_DIR": str(before.folder), "NEW_DATA_DIR": str(after.folder)}
    run(commands("tar"), tmp_path, **folders)
    done = after.manage("setup")
    assert done.returncode == 2
    assert "ENCRYPTION_KEYS cannot read the stored credentials" in done.stderr
    assert after.manage("setup", **keys).returncode == 0
    assert after.shell(SHOWN, **keys) == "Complete the stored secret"
