"""`manage.py up`, as a person runs it: whole installations on ports and folders of their own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings

from jobs.management import demo_objects
from jobs.management.installation import answers
from tests.faults import words
from tests.management.installations import Installation, environment, start
from tests.servers import eventually, free_port, s3_client

pytestmark = pytest.mark.house

RUN_WAITING_JOB = """
from django.contrib.auth.models import User
from django.utils import timezone
from tests.allowed import allowed
from jobs.lifecycle import commands
from jobs.models import Job
job = Job.objects.get(status="Suspended")
commands.confirm(job.pk, by=allowed(User.objects.get()), now=timezone.now())
"""
STATUS = """
from jobs.models import Job
print(*(j.status for j in Job.objects.filter(client_request_token__startswith="demo-waiting-")))
"""
SHOWN = """
import collections
from jobs.models import FailureSample, Job
print(sorted(collections.Counter(Job.objects.values_list("status", flat=True)).items()))
failures = FailureSample.objects.filter(job__description__contains="scans of 2018")
print(*sorted(set(failures.values_list("code", flat=True))))
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A demo that several tests look at and leave as it is."""
    installation = start(tmp_path_factory.mktemp("demo") / "data", "--demo")
    yield installation
    installation.end()


@pytest.fixture
def own_demo(tmp_path: Path) -> Iterator[Installation]:
    """A demo for one test, which may ruin it."""
    installation = start(tmp_path / "data", "--demo")
    yield installation
    installation.end()


def test_demo_when_it_runs_tells_where_it_is_and_how_to_sign_in(demo: Installation) -> None:
    assert demo.said.startswith("Starting redis ...\nBringing the database")
    assert f"\nbatchconsole runs at http://127.0.0.1:{demo.port}/\n" in demo.said
    assert "Sign in  admin@example.com, password demo" in demo.said
    assert "photos, manifests, reports, archive" in demo.said
    assert answers("127.0.0.1", demo.port)


def test_demo_storage_when_it_runs_holds_what_the_manifests_list(demo: Installation) -> None:
    url = f"http://127.0.0.1:{(demo.folder / 'demo-storage.port').read_text()}"
    s3 = s3_client(url)
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=demo_objects.PHOTOS)
    versions = {
        found["Key"]: found["VersionId"] for page in pages for found in page.get("Versions", [])
    }
    assert set(versions) == set(demo_objects.photo_keys())
    assert len(versions) == 5_000

    def body(key: str) -> bytes:
        return bytes(s3.get_object(Bucket=demo_objects.MANIFESTS, Key=key)["Body"].read())

    assert body("photos.csv") == demo_objects.plain_manifest()
    assert body("photos-with-versions.csv") == demo_objects.versioned_manifest(versions)
    assert s3.head_object(Bucket="manifests", Key="photos.csv")["ETag"].strip('"') == (
        demo_objects.plain_manifest_etag()
    )


def test_demo_some_moments_after_its_start_has_jobs_in_the_states_that_jobs_come_to(
    demo: Installation,
) -> None:
    eventually(
        lambda: (
            demo.shell(SHOWN).splitlines()
            == [
                "[('Active', 1), ('Complete', 4), ('Failed', 1), ('Paused', 1), ('Suspended', 1)]",
                "AccessDenied NoSuchKey ObjectNotInActiveTierError",
            ]
        ),
        every_s=1,
        within_s=100,
    )


def test_second_demo_on_the_same_folder_says_so_and_changes_nothing(demo: Installation) -> None:
    before = _settled_files(demo.folder)
    done = demo.manage("up", "--demo", port=free_port())
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"batchconsole already runs on the data folder {demo.folder}. Set DATA_DIR to another one."
    ]
    assert _settled_files(demo.folder) == before
    assert answers("127.0.0.1", demo.port)


def _settled_files(folder: Path) -> set[Path]:
    """All but those that the running demo's servers make and remove as they work."""
    busy = ("batchconsole.sqlite3", "redis", "work")
    return {path for path in folder.iterdir() if not path.name.startswith(busy)}


def test_demo_on_a_taken_port_says_so_and_changes_nothing(
    demo: Installation, tmp_path: Path
) -> None:
    other = Installation(tmp_path / "other", demo.port, demo.process)
    done = other.manage("up", "--demo")
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Port {demo.port} on 127.0.0.1 is taken")
    assert list(tmp_path.iterdir()) == []


def test_installation_when_a_part_dies_starts_it_again(own_demo: Installation) -> None:
    def control() -> set[int]:
        return {p.pid for p in own_demo.processes() if "control" in words(p)}

    before = eventually(control)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: control() - before)
    # The worker's own horse, too, has "control" in its command line, and may be what was seen.
    eventually(lambda: "control-1 ended; starting it again in 1 s." in own_demo.said)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_installation_when_it_is_stopped_in_mid_job_leaves_no_process(
    own_demo: Installation, number: signal.Signals
) -> None:
    eventually(lambda: own_demo.shell(STATUS) == "Suspended", every_s=0.5)
    own_demo.shell(RUN_WAITING_JOB)
    eventually(lambda: own_demo.shell(STATUS) == "Active", every_s=0.1)
    own_demo.process.send_signal(number)
    assert own_demo.process.wait(60) == 0
    assert own_demo.processes() == []
    assert own_demo.shell(STATUS) == "Active"


def test_installation_when_its_supervisor_is_killed_leaves_no_process_for_long(
    own_demo: Installation,
) -> None:
    eventually(lambda: own_demo.shell(STATUS) == "Suspended", every_s=0.5)
    own_demo.shell(RUN_WAITING_JOB)
    own_demo.process.kill()
    own_demo.process.wait()
    eventually(lambda: own_demo.processes() == [])


def test_up_without_an_administrator_tells_a_link_to_make_one(tmp_path: Path) -> None:
    installation = start(tmp_path / "data")
    try:
        link = installation.said.split("within a day, at ")[1].split()[0]
        assert link.startswith(f"http://127.0.0.1:{installation.port}/first-run/")
        assert b"Make the first administrator" in urlopen(link).read()
        assert json.load(urlopen(f"http://127.0.0.1:{installation.port}/readyz")) == {
            **{"database": True, "migrations": True, "redis": True, "work_storage": True},
            "problems": [],
        }
        assert "Storage" not in installation.said
    finally:
        installation.end()


def test_up_when_the_port_is_no_number_says_so(tmp_path: Path, demo: Installation) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=settings.BASE_DIR,
        env=environment(tmp_path / "data", 1) | {"PORT": "eighty"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert 'PORT must be a whole number from 1 to 65535, not "eighty".' in done.stderr


def test_parts_of_an_installation_when_started_alone_write_where_they_are_started(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    installation = Installation(folder, free_port(), None)  # type: ignore[arg-type]
    done = installation.manage("setup")
    assert (done.returncode, done.stderr) == (0, "")
    assert "There is no administrator yet." in done.stdout
    with (tmp_path / "data.out").open("wb") as output:
        installation.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--only", "web", "--only", "scheduler"],
            cwd=settings.BASE_DIR,
            env=environment(folder, installation.port),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        eventually(lambda: answers("127.0.0.1", installation.port))
        installation.process.terminate()
        assert installation.process.wait(60) == 0
    finally:
        installation.end()
    assert not (folder / "logs").exists()
    assert installation.said.splitlines()[-1] == "Stopping ..."


def test_up_when_the_database_does_not_answer_says_so_in_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=settings.BASE_DIR,
        env=environment(tmp_path / "data", free_port())
        | {"DATABASE_URL": "postgres://someone:hidden@127.0.0.1:1/nothing"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be used: ")
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr


def test_nothing_that_up_starts_inherits_the_password_or_writes_for_others(tmp_path: Path) -> None:
    more = {"ADMIN_EMAIL": "owner@example.org", "ADMIN_PASSWORD": "a long and odd sentence"}
    installation = start(tmp_path / "data", **more)
    try:
        assert "Made the administrator owner@example.org." in installation.said
        children = [p for p in installation.processes() if p.pid != installation.process.pid]
        assert len(children) >= 6
        for child in children:
            assert not set(child.environ()) & set(more), child.cmdline()
        files = [p for p in installation.folder.rglob("*") if "static" not in p.parts]
        wide = [path for path in files if path.lstat().st_mode & 0o077 and not path.is_symlink()]
        assert wide == []
        assert installation.folder.stat().st_mode & 0o077 == 0
    finally:
        installation.end()


def test_demo_on_the_data_of_real_use_is_refused(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data", free_port(), None)  # type: ignore[arg-type]
    installation.manage("setup")
    installation.shell(
        "from django.contrib.auth.models import User;"
        " User.objects.create_superuser('owner@example.org')"
    )
    done = installation.manage("up", "--demo")
    assert done.returncode == 2
    assert "has an administrator of its own: it is no demo's" in done.stderr


def test_demo_on_all_addresses_says_what_it_exposes(tmp_path: Path) -> None:
    installation = start(tmp_path / "data", "--demo", BIND="0.0.0.0")  # noqa: S104
    try:
        assert "Warning  BIND=0.0.0.0: whoever reaches this machine can sign" in installation.said
    finally:
        installation.end()
