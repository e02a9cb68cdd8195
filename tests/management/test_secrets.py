"""What an installation keeps, after it was used and after much went wrong: no secrets in plain
words, and nothing that other users of the machine could read.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.management.lived_in import EMAIL, SECRETS, Lived, lived_in, opened

pytestmark = pytest.mark.house


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with lived_in(tmp_path_factory.mktemp("lived")) as lived:
        yield lived


def files_of(lived: Lived) -> list[Path]:
    folders = (lived.installation.folder, lived.work)
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def rows_of(database: Path) -> dict[str, str]:
    """All rows of each table, as text; values that lie in pieces within the file stand whole here."""
    with opened(database) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: repr(connection.execute(f'SELECT * FROM "{name}"').fetchall())  # noqa: S608
            for (name,) in names
        }


def test_secrets_stand_in_no_file_no_row_no_log_no_page_and_not_in_redis(lived: Lived) -> None:
    rows = rows_of(lived.installation.folder / "batchconsole.sqlite3")
    check_that_it_was_used(lived, rows)
    found = {what: places_of(secret, lived, rows) for what, secret in SECRETS.items()}
    assert {what: places for what, places in found.items() if places} == {}


def places_of(secret: str, lived: Lived, rows: dict[str, str]) -> list[str]:
    return [
        *(path.name for path in files_of(lived) if secret.encode() in path.read_bytes()),
        *(name for name, text in rows.items() if secret in text),
        *(key for key, content in lived.redis.items() if secret.encode() in content),
        *(f"page {number}" for number, page in enumerate(lived.pages) if secret in page),
        *(["what up said"] if secret in lived.installation.said else []),
    ]


def check_that_it_was_used(lived: Lived, rows: dict[str, str]) -> None:
    """Else to find nothing proves nothing."""
    assert rows["jobs_rolecredentials"].count("gAAAA") == 2
    assert "batch in Ours" in rows["django_admin_log"]
    assert EMAIL in rows["jobs_auditentry"]
    assert rows["jobs_failedsignin"] != "[]"
    assert "127.0.0.1:9" in rows["jobs_job"]
    assert "missing" in rows["jobs_failuresample"]
    assert any(key.startswith("rq:") for key in lived.redis)
    names = {path.name for path in files_of(lived)}
    assert {"web.log", "worker-1.log", "control-1.log", "scheduler.log", "redis.log"} <= names


def test_every_file_and_folder_is_for_this_account_alone(lived: Lived) -> None:
    folders = (lived.installation.folder, lived.work)
    paths = [*folders, *(path for folder in folders for path in folder.rglob("*"))]
    wide = {
        str(path): oct(path.lstat().st_mode)
        for path in paths
        if not path.is_symlink()
        and path.lstat().st_mode & 0o777 & ~(0o700 if path.is_dir() or path.is_socket() else 0o600)
    }
    assert wide == {}
    assert any("static" in path.parts for path in paths)
    assert any(path.is_relative_to(lived.work) and path.is_file() for path in paths)


def test_no_process_holds_the_administrators_password_in_its_environment(lived: Lived) -> None:
    processes = lived.installation.processes()
    assert len(processes) >= 8
    for process in processes:
        shown = [*process.cmdline(), *process.environ(), *process.environ().values()]
        assert SECRETS["the administrator's password"] not in " ".join(shown)
        assert "ADMIN_PASSWORD" not in shown
    assert lived.installation.process.pid in {process.pid for process in processes}
