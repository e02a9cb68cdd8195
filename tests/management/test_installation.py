"""Guards before a start."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from jobs.management import installation
from jobs.management.installation import RefusedError
from jobs.s3 import work_store
from tests.connected import make_functions, make_webhook
from tests.servers import free_port


def test_data_folder_when_it_is_held_is_refused_and_free_afterwards(tmp_path: Path) -> None:
    with (
        installation.folder_locked(tmp_path),
        pytest.raises(RefusedError, match="already runs on the data folder"),
    ):
        installation.check_folder(tmp_path)
    installation.check_folder(tmp_path)


def test_address_when_it_is_not_of_this_machine_is_refused_with_a_sentence() -> None:
    with pytest.raises(RefusedError, match='BIND must be an address.*"no-such-host.invalid"'):
        installation.check_address("no-such-host.invalid", 8000)


def test_storage_port_when_it_is_free_stays_the_same_from_start_to_start(tmp_path: Path) -> None:
    note, first = tmp_path / "port", free_port()
    chosen = installation.free_port(first, note)
    assert installation.free_port(first + 1000 if first < 60000 else 2000, note) == chosen


def test_storage_port_when_it_is_taken_is_another_one(tmp_path: Path) -> None:
    note = tmp_path / "port"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        note.write_text(str(port))
        chosen = installation.free_port(port if port < 65000 else 2000, note)
    assert chosen != port
    assert note.read_text() == str(chosen)


@pytest.mark.django_db
def test_work_storage_that_does_not_answer_yet_is_said_and_waited_for(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(work_store, "ATTEMPTS", 1)
    settings.BATCHCONSOLE_WORK_STORE = "s3://work/batch"
    settings.BATCHCONSOLE_WORK_STORE_ENDPOINT = "http://127.0.0.1:9"
    settings.BATCHCONSOLE_WORK_STORE_ACCESS_KEY_ID = "key"
    settings.BATCHCONSOLE_WORK_STORE_SECRET_ACCESS_KEY = "secret"
    said: list[str] = []
    installation.check_parts(said.append)
    (line,) = said
    assert "127.0.0.1:9 does not answer" in line and line.endswith("Jobs wait until it does.")


@pytest.mark.django_db
def test_parts_that_fit_together_are_passed_in_silence() -> None:
    said: list[str] = []
    installation.check_parts(said.append)
    assert said == []


def test_files_that_others_could_read_are_narrowed_and_named(tmp_path: Path) -> None:
    folder, database = tmp_path / "data", tmp_path / "elsewhere.sqlite3"
    work = tmp_path / "work"
    work.mkdir()
    (folder / "logs").mkdir(parents=True)
    log, mine = folder / "logs" / "web.log", folder / "secret.key"
    for path, mode in ((log, 0o644), (mine, 0o600), (database, 0o666)):
        path.write_text("")
        path.chmod(mode)
    folder.chmod(0o755)
    work.chmod(0o775)
    wide = installation.narrow(folder, work, database)
    assert {folder, work, log, database} <= set(wide) and mine not in wide
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, work, log, mine, database)] == [
        *("0o700", "0o700", "0o600", "0o600", "0o600")
    ]
    assert installation.narrow(folder, work, database) == []


def test_file_of_another_user_that_is_open_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(path: Path, mode: int) -> None:
        raise PermissionError

    (tmp_path / "secret.key").touch(0o644)
    (tmp_path / "secret.key").chmod(0o644)
    monkeypatch.setattr(Path, "chmod", refuses)
    with pytest.raises(RefusedError, match="secret.key can be read by other users"):
        installation.narrow(tmp_path, tmp_path / "work", None)


@pytest.mark.parametrize("below", ["", "data"], ids=["is a file", "is below a file"])
def test_data_folder_that_cannot_be_written_to_is_refused_in_words(tmp_path, below):
    file = tmp_path / "file"
    file.write_text("")
    held = installation.folder_locked(file / below if below else file)
    with pytest.raises(RefusedError, match="cannot be written to .* Set DATA_DIR"):
        held.__enter__()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://169.254.169.254", "WORK_STORE_ENDPOINT: A storage cannot be at a link-local"),
        ("http://0xa9fea9fe:80", "WORK_STORE_ENDPOINT: A storage cannot be at a link-local"),
        ("http://u:hidden@s3.example", "belong to WORK_STORE_ACCESS_KEY_ID and WORK_STORE_SECRET"),
    ],
)
def test_endpoint_of_the_work_storage_obeys_the_rules_of_a_region(
    settings: Any, url: str, words: str
) -> None:
    settings.BATCHCONSOLE_WORK_STORE = "s3://work/batch"
    settings.BATCHCONSOLE_WORK_STORE_ENDPOINT = url
    with pytest.raises(RefusedError, match=words) as caught:
        installation.check_parts(lambda _: None)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("https", "proxies", "warned"), [(True, [], 1), (True, ["10.0.0.0/8"], 0), (False, [], 0)]
)
def test_https_without_trusted_proxies_is_warned_of(
    settings: Any, https: bool, proxies: list[str], warned: int
) -> None:
    settings.HTTPS, settings.BATCHCONSOLE_TRUSTED_PROXIES = https, proxies
    said = installation.warnings()
    assert len(said) == warned
    assert all("Set TRUSTED_PROXIES" in line for line in said)


@pytest.mark.parametrize("make", [make_functions, make_webhook])
def test_secret_of_a_connection_that_cannot_be_read_refuses_the_start(
    db: None, settings: Any, make: Callable[[], object]
) -> None:
    make()
    installation.check_parts(lambda text: None)
    settings.BATCHCONSOLE_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(RefusedError, match="ENCRYPTION_KEYS cannot read"):
        installation.check_parts(lambda text: None)
