"""What a start needs: a data folder that nobody else uses, a free port, an up-to-date database."""

import contextlib
import fcntl
import http.client
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection

from jobs import conf
from jobs.errors import WorkStoreError
from jobs.models import FunctionEndpoint, RoleCredentials, Webhook
from jobs.models.encrypted import UndecryptableError
from jobs.s3.work_store import check_work_storage

_SET_UP_LOCK = 7_264_110
"""Of PostgreSQL's advisory locks; any number does that nobody else uses in our database."""


class RefusedError(Exception):
    """Something has to be set right before this can start."""

    exit_status = 2


class BusyError(RefusedError):
    """Something else is in the way, which may pass by itself."""

    exit_status = 1


class NoDatabaseError(Exception):
    """The database does not answer, or not to us."""

    exit_status = 1


def check_address(host: str, port: int) -> None:
    """Raises RefusedError when nothing can listen on `host` and `port`."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError as error:
        raise RefusedError(f"This account may not listen on port {port}. Set PORT.") from error
    except socket.gaierror as error:
        raise RefusedError(f'BIND must be an address of this machine, not "{host}".') from error
    except OSError as error:
        raise BusyError(
            f"Port {port} on {host} is taken ({error.strerror}). Set PORT to another one."
        ) from error


def check_folder(folder: Path) -> None:
    """Raises BusyError when an installation runs on `folder`, and RefusedError when nobody can."""
    try:
        held = _lock_file(folder).exists()
    except OSError as error:
        raise _unusable(folder, "DATA_DIR", error) from error
    if held:
        with folder_locked(folder):
            pass


def check_writable(folder: Path, variable: str) -> None:
    """Make `folder` where it is not there. Raises RefusedError unless files can be made there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unusable(folder, variable, error) from error


def _unusable(folder: Path, variable: str, error: OSError) -> RefusedError:
    return RefusedError(
        f"{folder} cannot be written to ({error.strerror}). Set {variable} to a folder that this"
        " account may write to."
    )


@contextlib.contextmanager
def folder_locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process. Raises BusyError when another one holds it, and RefusedError
    when nothing can be written there.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(_lock_file(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(folder, "DATA_DIR", error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise BusyError(
            f"batchconsole already runs on the data folder {folder}. Set DATA_DIR to another one."
        ) from error
    try:
        yield
    finally:
        os.close(handle)


def narrow(folder: Path, work_folder: Path, database: Path | None) -> list[Path]:
    """Make `folder`, and what lies in it, this account's alone, as new files are, and `work_folder`.

    Returns what was open to others before. Tasks' results and the pages' files are not looked at
    one by one: who cannot pass their folder cannot read them. Raises RefusedError for what is open
    and not ours to change.
    """
    found = [folder, *folder.glob("*"), *folder.glob("logs/*"), *folder.glob("redis/**/*")]
    found += [work_folder, *work_folder.glob("*")]
    if database:
        found += [Path(f"{database}{end}") for end in ("", "-wal", "-shm")]
    wide = []
    for path in dict.fromkeys(found):
        with contextlib.suppress(FileNotFoundError):
            mode = path.lstat().st_mode
            if not mode & 0o077 or stat.S_ISLNK(mode):
                continue
            try:
                path.chmod(stat.S_IMODE(mode) & 0o700)
            except PermissionError as error:
                if path in (folder, work_folder):  # a volume's mount point; what lies in it is ours
                    continue
                raise RefusedError(
                    f"{path} can be read by other users of this machine and is not ours to change:"
                    f" chmod go= {path}"
                ) from error
            wide.append(path)
    return wide


def narrow_ours(say: Callable[[str], None]) -> None:
    """Narrow all folders and files of this installation, and say so. Raises RefusedError."""
    database = settings.DATABASES["default"]
    is_file = database["ENGINE"] == "django.db.backends.sqlite3"
    path = Path(database["NAME"]) if is_file else None
    if wide := narrow(settings.DATA_DIR, conf.work_dir(), path):
        names = ", ".join(path.name for path in wide[:3])
        say(
            f"{len(wide)} files of {settings.DATA_DIR} were open to other users of this machine"
            f" ({names}, ...) and are now yours alone."
        )


def check_keys(*, for_pages: bool) -> None:
    """Read the keys that are needed, and make those that there are not. Raises ImproperlyConfigured."""
    conf.encryption_keys()
    if for_pages:
        str(settings.SECRET_KEY)


def check_parts(say: Callable[[str], None]) -> None:
    """What each part of an installation needs of the others: one work storage, the same keys.

    Raises RefusedError where somebody has to set something right. A storage that only does not
    answer yet is waited for by the jobs.
    """
    if not conf.work_bucket():
        check_writable(conf.work_dir(), "WORK_DIR")
    try:
        check_work_storage()
    except WorkStoreError as error:
        if not error.retryable:
            raise RefusedError(error.message) from error
        say(f"{error.message} Jobs wait until it does.")
    try:
        for stored in (RoleCredentials, FunctionEndpoint):
            stored._default_manager.exclude(secret_access_key="").first()
        Webhook.objects.first()
    except UndecryptableError as error:
        raise RefusedError(
            "ENCRYPTION_KEYS cannot read the stored credentials: give this machine the key of the"
            " machine that stored them (encryption.key in its data folder)."
        ) from error
    except DatabaseError as error:
        raise NoDatabaseError(f"The database cannot be used: {str(error).strip()}") from error


def warnings() -> list[str]:
    """What is set so that it works, but not as people will want it."""
    found = []
    if settings.HTTPS and not settings.BATCHCONSOLE_TRUSTED_PROXIES:
        found.append(
            "HTTPS=true without TRUSTED_PROXIES: everybody seems to come from the proxy's address, so"
            " a stranger's failed sign-ins keep all people out. Set TRUSTED_PROXIES to the proxy's."
        )
    return [f"Warning: {sentence}" for sentence in found]


def set_up() -> None:
    """Bring database and static files up to this version. Raises NoDatabaseError."""
    try:
        with one_machine_at_a_time():
            call_command("migrate", verbosity=0, interactive=False)
            call_command("createcachetable", verbosity=0)
    except OperationalError as error:
        raise NoDatabaseError(f"The database cannot be used: {str(error).strip()}") from error
    call_command("collectstatic", verbosity=0, interactive=False)


@contextlib.contextmanager
def one_machine_at_a_time() -> Iterator[None]:
    """Machines that start together would make the same tables. Only where they can share a database."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_SET_UP_LOCK])
    try:
        yield
    finally:
        # A connection that broke holds it no more.
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_SET_UP_LOCK])


def free_port(first: int, note: Path) -> int:
    """A free port on loopback: the one that `note` names, else the first one from `first`.

    The answer is kept in `note`, so that it stays the same from start to start.
    """
    known = [int(note.read_text())] if note.exists() else []
    ports: list[int] = [*known, *range(first, min(first + 100, 65536))]
    for port in ports:
        with contextlib.suppress(RefusedError):
            check_address("127.0.0.1", port)
            note.write_text(str(port))
            return port
    raise RefusedError(f"No port from {first} to {first + 99} is free for the demo storage.")


def answers(host: str, port: int) -> bool:
    """Whether a web server there gives any answer at all."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _lock_file(folder: Path) -> Path:
    return folder / ".lock"
