"""SQL that means harm: refused before it runs, or stopped, each time with a sentence."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import duckdb
import psutil
import pytest

from jobs.errors import ManifestError, StoppedError
from jobs.manifests.sql import child, process
from jobs.manifests.sql.process import Limits, Question, SqlProcess, SqlProcessError
from tests.manifests.sql.filtering import blocks_of, kept
from tests.servers import eventually

ROOT = Path(__file__).parents[3]
CANARY = "canary-8f2c"
COLUMNS = (("Bucket", ""), ("Key", ""), ("Size", "BIGINT"))
MEMORY_BYTES = 256 * 1024 * 1024
ENDLESS = "SELECT l.bucket, l.key FROM list l, range(1000000000000) r WHERE hash(r.range) = 1"
LARGE = "SELECT bucket, key FROM list ORDER BY repeat(key, 100000)"
MANY = "".join(f"bucket,k{n:05d}\n" for n in range(5000))

REFUSED = {
    "COPY list TO '{folder}/out.csv'": "COPY is not possible here",
    "COPY (SELECT 1) TO '{folder}/out.csv'": "COPY is not possible here",
    "ATTACH '{folder}/x.db'": "ATTACH is not possible here",
    "INSTALL httpfs": "is not possible here",
    "LOAD httpfs": "LOAD is not possible here",
    "PRAGMA database_list": "is not possible here",
    "SET threads = 4": "SET is not possible here",
    "RESET lock_configuration": "is not possible here",
    "SET VARIABLE x = 1": "is not possible here",
    "CREATE TABLE x AS SELECT 1": "CREATE is not possible here",
    "CREATE MACRO f() AS 1": "CREATE is not possible here",
    "INSERT INTO list VALUES ('a', 'b', 1)": "INSERT is not possible here",
    "DELETE FROM list": "DELETE is not possible here",
    "UPDATE list SET key = 'x'": "UPDATE is not possible here",
    "DROP VIEW list": "DROP is not possible here",
    "EXPORT DATABASE '{folder}/x'": "EXPORT is not possible here",
    "EXPLAIN SELECT * FROM list": "EXPLAIN is not possible here",
    "CHECKPOINT": "is not possible here",
    "CALL duckdb_settings()": "CALL is not possible here",
    "SELECT * FROM list; SELECT * FROM list": "These are 2 statements",
    "SELECT * FROM list; COPY list TO '{folder}/out.csv'": "These are 2 statements",
    "": "There is no statement",
    "-- nothing": "There is no statement",
    "PIVOT list ON key": "is not possible here",
    "DESCRIBE list": "DESCRIBE, SHOW and SUMMARIZE",
    "SUMMARIZE list": "DESCRIBE, SHOW and SUMMARIZE",
    "SHOW TABLES": "DESCRIBE, SHOW and SUMMARIZE",
    "WITH x AS (INSERT INTO list VALUES ('a', 'b', 1) RETURNING *) SELECT * FROM x": "INSERT",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t": (
        "WITH RECURSIVE is not possible here"
    ),
    "SELECT * FROM '{canary}'": "Rows cannot come from",
    'SELECT * FROM "{canary}"': "Rows cannot come from",
    "SELECT * FROM read_csv('{canary}')": "Rows cannot come from read_csv",
    "SELECT * FROM read_text('{canary}')": "Rows cannot come from read_text",
    "SELECT * FROM read_blob('{canary}')": "Rows cannot come from read_blob",
    "SELECT * FROM read_parquet('{canary}')": "Rows cannot come from read_parquet",
    "SELECT * FROM read_json('{canary}')": "Rows cannot come from read_json",
    "SELECT * FROM sniff_csv('{canary}')": "Rows cannot come from sniff_csv",
    "SELECT * FROM glob('/etc/*')": "Rows cannot come from glob",
    "SELECT * FROM read_csv('http://127.0.0.1:{port}/x')": "Rows cannot come from read_csv",
    "SELECT * FROM 's3://bucket/x.parquet'": "Rows cannot come from s3://bucket/x.parquet",
    "SELECT * FROM list WHERE key IN (SELECT content FROM read_text('{canary}'))": (
        "Rows cannot come from read_text"
    ),
    "WITH x AS (SELECT * FROM read_text('{canary}')) SELECT * FROM x": "Rows cannot come from",
    "SELECT * FROM list UNION ALL SELECT * FROM read_text('{canary}')": "Rows cannot come from",
    "SELECT * FROM query('SELECT 1')": "Rows cannot come from query",
    "SELECT * FROM query_table('list')": "Rows cannot come from query_table",
    "SELECT * FROM duckdb_settings()": "Rows cannot come from duckdb_settings",
    "SELECT * FROM duckdb_secrets()": "Rows cannot come from duckdb_secrets",
    "SELECT * FROM information_schema.tables": "Rows cannot come from information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class": "Rows cannot come from pg_catalog.pg_class",
    "SELECT * FROM sqlite_master": "Rows cannot come from sqlite_master",
    "SELECT * FROM memory.main.list": "Rows cannot come from memory.main.list",
    "SELECT * FROM json_execute_serialized_sql('{{}}')": "Rows cannot come from json_execute",
    "SELECT bucket, getenv('CANARY') AS key FROM list": "getenv cannot be used",
    "SELECT bucket, getvariable('x') AS key FROM list": "getvariable cannot be used",
    "SELECT bucket, current_setting('secret_directory') AS key FROM list": "current_setting",
    "SELECT bucket, key FROM list WHERE sleep_ms(1000) IS NULL": "sleep_ms cannot be used",
    "SELECT bucket, key FROM list WHERE write_log('x') IS NULL": "write_log cannot be used",
    "SELECT bucket, key FROM list WHERE key = ?": "no parameters here",
    "SELECT bucket, key FROM list WHERE key = $x": "no parameters here",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000: "",
    "SELECT count(*) FROM list": "no column bucket",
    "SELECT bucket FROM list": "no column key",
    "SELECT key, key, bucket FROM list": "named key",
    "SELECT bucket, size AS key FROM list": "not text",
    "SELECT bucket, key FROM nowhere": "Rows cannot come from nowhere",
    "SELECT bucket, key FRM list": "syntax error",
    "garbage": "syntax error",
}
"""What a person reads instead of a result; braces are filled in by the test."""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "list.csv").write_text("bucket,first,1\nbucket,second,2\n")
    return folder


@pytest.fixture
def canary(tmp_path):
    path = tmp_path / "canary.txt"
    path.write_text(CANARY)
    return path


@pytest.fixture
def listener():
    """A server that nobody may speak to; the test fails where somebody did."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture
def started(folder):
    """Processes for SQL that end with the test."""
    running = []

    def start(sql, *, time_s=60.0, stop=None, memory_bytes=MEMORY_BYTES):
        question = Question(sql, COLUMNS)
        limits = Limits(memory_bytes, time_s)
        running.append(SqlProcess(question, folder, limits, stop or threading.Event()))
        return running[-1]

    yield start
    for one in running:
        one.close()


def run(one):
    one.ask("plan")
    return list(one.rows(["list.csv"]))


@pytest.mark.parametrize("sql", REFUSED)
def test_sql_is_refused_with_a_sentence_before_it_runs(sql, started, folder, canary, listener):
    port = listener.getsockname()[1]
    filled = sql.format(canary=canary, folder=folder, port=port)
    with pytest.raises(ManifestError) as caught:
        started(filled).ask("plan")
    assert caught.value.code == "InvalidManifestContent"
    assert REFUSED[sql] in caught.value.message
    assert caught.value.message.startswith("The SQL filter")
    assert caught.value.message.endswith(".")
    assert CANARY not in caught.value.message
    assert [file.name for file in folder.iterdir()] == ["list.csv"]


@pytest.mark.parametrize(
    "sql",
    [sql for sql in REFUSED if "{canary}" in sql or "{port}" in sql or "{folder}" in sql],
)
def test_duckdb_itself_would_not_do_it_either(sql, folder, canary, listener, tmp_path):
    filled = sql.format(canary=canary, folder=tmp_path, port=listener.getsockname()[1])
    connection = child._locked(str(folder), MEMORY_BYTES)
    connection.execute("CREATE TEMP VIEW list AS SELECT 'a' AS bucket, 'b' AS key")
    with pytest.raises(duckdb.Error):
        connection.execute(filled).fetchall()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["canary.txt", "in"]


@pytest.mark.parametrize(
    "setting",
    [
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET allowed_directories = ['/']",
        "SET temp_directory = '/tmp'",
        "SET threads = 4",
        "SET memory_limit = '100GB'",
        "SET python_enable_replacements = true",
        "SET autoload_known_extensions = true",
        "SET allow_community_extensions = true",
    ],
)
def test_no_setting_can_be_changed_afterwards(setting, folder):
    with pytest.raises(duckdb.Error):
        child._locked(str(folder), MEMORY_BYTES).execute(setting)


def test_variable_of_python_is_no_table(folder):
    rows = [("a", "b")]  # noqa: F841
    with pytest.raises(duckdb.Error):
        child._locked(str(folder), MEMORY_BYTES).execute("SELECT * FROM rows")


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


def test_sql_of_more_than_20000_characters_is_refused():
    sql = "SELECT * FROM list WHERE key IN ('" + "x" * 20_000 + "')"
    with pytest.raises(ManifestError, match="has 20,035 characters, and at most 20,000 are read"):
        blocks_of(sql, MANY)


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
