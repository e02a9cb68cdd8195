"""Settings are read whole by whoever runs an installation, and know the environment alone."""

import ast

import pytest

from tests.test_architecture import ROOT, imports_of

MODULES = sorted((ROOT / "batchconsole").glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_module_of_the_project_stays_below_300_lines(path):
    assert len(path.read_text().splitlines()) <= 300


def test_only_settings_read_the_environment():
    readers = {"jobs", "batchconsole"}
    found = [
        str(path.relative_to(ROOT))
        for room in sorted(readers)
        for path in sorted((ROOT / room).rglob("*.py"))
        if "batchconsole.environment" in set(imports_of(ast.parse(path.read_text())))
    ]
    assert found == [
        "batchconsole/mail.py",
        "batchconsole/oidc.py",
        "batchconsole/settings.py",
        "batchconsole/work_store.py",
    ]
