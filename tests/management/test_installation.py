"""Guards before a start."""

import socket
from pathlib import Path

import pytest

from jobs.management import installation
from jobs.management.installation import RefusedError
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
