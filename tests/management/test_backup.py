"""Back-up and restore by the commands of docs/operating.md."""

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.management.test_up import Installation
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


def test_restored_copy_has_jobs_and_readable_secrets(tmp_path: Path) -> None:
    document = (settings.BASE_DIR / "docs" / "operating.md").read_text()
    found = re.search(r"```sh\n(tar .*?)```", document, re.DOTALL)
    assert found
    before, after = (
        Installation(tmp_path / name, free_port(), None)  # type: ignore[arg-type]
        for name in ("before", "after")
    )
    assert before.manage("setup").returncode == 0
    before.shell(MAKE)
    subprocess.run(
        ["sh", "-ec", found[1]],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "DATA_DIR": str(before.folder),
            "NEW_DATA_DIR": str(after.folder),
        },
        check=True,
    )
    before.folder.rename(tmp_path / "gone")
    assert after.manage("setup").returncode == 0
    assert after.shell(SHOWN) == "Complete the stored secret"
