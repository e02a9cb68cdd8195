"""What it costs to add an operation: one file, and its import and its place in the registry.

In a copy of the project an operation is added in this way, and then everything that holds for every
operation must hold for it.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PARTS = ("batchconsole", "jobs", "static", "templates", "tests", "manage.py", "pyproject.toml")
ADDED = Path(__file__).with_name("try_out.py")
REGISTRY = "jobs/operations/registry.py"
FOR_EVERY_OPERATION = (
    "tests/operations/test_words.py",
    "tests/operations/test_registry.py",
    "tests/console/wizard/test_every_operation.py",
)


def copy_project(to):
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for part in PARTS:
        place = ROOT / part
        if place.is_dir():
            shutil.copytree(place, to / part, ignore=ignored)
        else:
            shutil.copy(place, to / part)


def environment():
    """Without what ties a process to this run's folders and database."""
    ours = ("BATCHCONSOLE_", "DJANGO_", "PYTEST_", "TEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"TEST_DATABASE": "sqlite"}


def register(project):
    """Two lines of the registry say that there is one more."""
    place = project / REGISTRY
    before = place.read_text()
    imported = "from jobs.operations.try_out import TryOut\n\nOPERATIONS"
    text = before.replace("\nOPERATIONS", imported, 1)
    text = re.sub(r"(\nOPERATIONS: [^=]*= \()", r"\1TryOut, ", text, count=1)
    place.write_text(text)
    changed = set(text.splitlines()) - set(before.splitlines())
    assert len(changed) == 2, changed


def test_operation_is_added_by_one_file_and_two_lines_of_the_registry(tmp_path):
    copy_project(tmp_path)
    shutil.copy(ADDED, tmp_path / "jobs/operations/try_out.py")
    register(tmp_path)
    command = [sys.executable, "-m", "pytest", "-n", "0", "-rp", "-p", "no:cacheprovider"]
    run = subprocess.run(  # noqa: S603 - our own tests
        [*command, *FOR_EVERY_OPERATION, "-k", "S3TryOut or TryOut or registry"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-5000:] + run.stderr
    tried = set(re.findall(r"PASSED \S+::(test_\w+)\[.*S3TryOut", run.stdout))
    assert tried >= {
        "test_operation_has_all_words",
        "test_example_is_written_as_it_was_read",
        "test_operation_can_be_chosen_and_shows_its_settings",
        "test_form_writes_what_it_read_of_an_example",
        "test_settings_of_the_plainest_example_become_a_job",
        "test_operation_that_has_to_be_allowed_is_refused_elsewhere",
    }


def test_operation_that_is_added_is_short():
    code = [line for line in ADDED.read_text().splitlines() if line.strip()]
    assert len(code) < 100
