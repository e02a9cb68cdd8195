"""The process that runs SQL: shut in, limited in time, memory and disk, and ended with its worker."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

from jobs.errors import ManifestError, StoppedError
from jobs.manifests.sql import process
from jobs.manifests.sql.process import SqlProcessError
from tests.manifests.sql.filtering import (
    CANARY,
    COLUMNS,
    MANY,
    MEMORY_BYTES,
    blocks_of,
    kept,
    run,
)
from tests.servers import eventually

ROOT = Path(__file__).parents[3]
ENDLESS = "SELECT l.bucket, l.key FROM list l, range(1000000000000) r WHERE hash(r.range) = 1"
LARGE = "SELECT bucket, key FROM list ORDER BY repeat(key, 100000)"

JAILED = """
    import ctypes, os, socket, sys
    sys.path.insert(0, {root!r})
    from jobs.manifests.sql import jail
    jail.limit(4 * 1024**3, 60)
    used = jail.closed({folder!r})
    def open_canary(): open({canary!r}).read()
    def write_there(): open({folder!r} + "/new", "w").write("x")
    def connect(): socket.create_connection(("127.0.0.1", {port}), 5)
    def start(): os.execv("/bin/true", ["true"])
    def fork(): os.fork() or os._exit(0)
    def kill(): os.kill(os.getppid(), 0)
    assert open({folder!r} + "/list.csv").read()
    for attempt in (open_canary, write_there, connect, start, fork, kill):
        try:
            attempt()
        except OSError:
            continue
        print("done:", attempt.__name__)
    print("used:", *used)
"""


def test_process_that_shut_itself_in_reads_one_folder_and_does_nothing_else(
    folder, canary, listener
):
    port = listener.getsockname()[1]
    code = textwrap.dedent(JAILED).format(
        root=str(ROOT), folder=str(folder), canary=str(canary), port=port
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    *said, used = done.stdout.splitlines()
    if "landlock" not in used or "seccomp" not in used:
        pytest.skip(f"this kernel does not lend all of it: {used}")
    assert (said, done.stderr) == ([], "")


def test_process_has_nothing_of_our_environment(started, monkeypatch):
    monkeypatch.setenv("CANARY", CANARY)
    one = started("SELECT * FROM list")
    one.ask("plan")
    found = psutil.Process(one.pid).environ()
    assert CANARY not in str(found)
    assert set(found) <= {"LANG", "HOME", "TMPDIR", "LC_CTYPE"}


def test_never_ending_join_is_stopped_with_a_sentence(started):
    with pytest.raises(ManifestError) as caught:
        run(started(ENDLESS, time_s=1.0))
    assert "It was stopped after 1 s." in caught.value.message


def test_memory_is_limited_with_a_sentence(started, folder):
    (folder / "list.csv").write_text("".join(f"bucket,k{n},1\n" for n in range(20_000)))
    with pytest.raises(ManifestError) as caught:
        run(started(LARGE))
    assert "needs more memory than the 256 MiB" in caught.value.message


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT bucket, repeat('x', 100000) AS key FROM list",
        "SELECT bucket, repeat('x', 1000000000) AS key FROM list",
        "SELECT bucket, key || chr(0) AS key FROM list",
    ],
)
def test_row_too_large_or_with_a_nul_byte_is_refused(started, sql):
    with pytest.raises(ManifestError) as caught:
        run(started(sql))
    assert caught.value.message.startswith("The SQL filter: ")


def test_process_goes_on_to_answer_after_a_refusal(started):
    one = started("SELECT bucket, key FROM list WHERE error(key) IS NULL")
    one.ask("plan")
    for _ in range(2):
        with pytest.raises(ManifestError, match="first"):
            list(one.rows(["list.csv"]))


def test_stop_ends_a_select_that_runs(started):
    stop = threading.Event()
    one = started(ENDLESS, stop=stop)
    one.ask("plan")
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(StoppedError):
        list(one.rows(["list.csv"]))


def test_process_killed_from_outside_is_noticed_and_said(started):
    one = started(ENDLESS)
    one.ask("plan")
    threading.Timer(0.5, os.kill, (one.pid, signal.SIGKILL)).start()
    with pytest.raises(SqlProcessError) as caught:
        list(one.rows(["list.csv"]))
    assert "was ended by signal 9" in caught.value.message
    assert caught.value.retryable


def test_process_that_cannot_start_is_noticed_and_said(started, monkeypatch):
    monkeypatch.setattr(process, "_START", "raise SystemExit(3)")
    with pytest.raises(SqlProcessError, match="ended with status 3"):
        started("SELECT * FROM list").ask("plan")


def test_process_that_answers_nonsense_is_noticed_and_said(started, monkeypatch):
    monkeypatch.setattr(process, "_START", "print('x' * 100000); input()")
    with pytest.raises(SqlProcessError, match="nonsense"):
        started("SELECT * FROM list").ask("plan")


PARENT = """
    import os, sys, threading
    from pathlib import Path
    sys.path.insert(0, {root!r})
    from jobs.manifests.sql.process import *
    one = SqlProcess(
        Question({sql!r}, {columns!r}), Path({folder!r}), Limits({memory}, 600.0), threading.Event()
    )
    one.ask("plan")
    print(one.pid, flush=True)
    list(one.rows(["list.csv"]))
"""


def test_process_ends_with_the_worker_that_was_killed(folder):
    code = textwrap.dedent(PARENT).format(
        root=str(ROOT), sql=ENDLESS, columns=COLUMNS, folder=str(folder), memory=MEMORY_BYTES
    )
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PATH": os.environ["PATH"]}
    worker = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    )
    assert worker.stdout
    pid = int(worker.stdout.readline())
    one = psutil.Process(pid)
    assert one.is_running()
    worker.kill()
    worker.wait()
    worker.stdout.close()
    eventually(lambda: not one.is_running() or one.status() == psutil.STATUS_ZOMBIE)


def test_disk_is_limited_with_a_sentence(settings):
    settings.BATCHCONSOLE_SQL_DISK_BYTES = 10_000
    with pytest.raises(ManifestError) as caught:
        blocks_of("SELECT * FROM list ORDER BY key", MANY)
    assert "of disk that a filter may use" in caught.value.message


def test_list_of_any_size_is_filtered_row_by_row_within_the_limit_of_the_disk(
    settings, monkeypatch
):
    settings.BATCHCONSOLE_SQL_DISK_BYTES = 10_000
    monkeypatch.setattr("jobs.manifests.sql.source.PART_BYTES", 4000)
    assert len(kept("SELECT * FROM list", MANY)) == 5000


def test_result_is_counted_as_disk_too(settings):
    settings.BATCHCONSOLE_SQL_DISK_BYTES = 2 * len(MANY)
    sql = "SELECT l.bucket, l.key FROM list l, range(100) ORDER BY l.key"
    with pytest.raises(ManifestError, match="of disk that a filter may use"):
        blocks_of(sql, MANY)
