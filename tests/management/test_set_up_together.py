"""Machines that are set up at the same moment over one database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests import postgres
from tests.postgres import Cluster
from tests.requirements import unavailable

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def empty_database() -> Iterator[Cluster]:
    try:
        cluster = postgres.make()
    except postgres.UnavailableError as problem:
        unavailable(str(problem))
    try:
        cluster.start(postgres.FORGETFUL)
        cluster.create_database()
        yield cluster
    finally:
        cluster.remove()


def test_machines_that_are_set_up_together_over_an_empty_database_all_come_through(
    empty_database: Cluster, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "batchconsole.settings",
        "DATABASE_URL": empty_database.url,
        "ENCRYPTION_KEYS": ",".join(settings.BATCHCONSOLE_ENCRYPTION_KEYS),
        "ADMIN_EMAIL": "owner@example.org",
        "ADMIN_PASSWORD": "a long and odd sentence",
    }
    machines = [
        subprocess.Popen(
            [sys.executable, "manage.py", "setup"],
            cwd=settings.BASE_DIR,
            env={**environment, "DATA_DIR": str(tmp_path / f"machine-{number}")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(3)
    ]
    said = [machine.communicate()[0] for machine in machines]
    assert [machine.returncode for machine in machines] == [0, 0, 0], said
    assert sum("Made the administrator" in words for words in said) == 1
