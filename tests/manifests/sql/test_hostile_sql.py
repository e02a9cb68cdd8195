"""SQL that means harm or nothing: refused before it runs, and DuckDB would not do it either."""

import duckdb
import pytest

from jobs.errors import ManifestError
from jobs.manifests.sql.table import locked
from tests.manifests.sql.filtering import CANARY, MANY, MEMORY_BYTES, blocks_of

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
    connection = locked(str(folder), MEMORY_BYTES)
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
        locked(str(folder), MEMORY_BYTES).execute(setting)


def test_variable_of_python_is_no_table(folder):
    rows = [("a", "b")]  # noqa: F841
    with pytest.raises(duckdb.Error):
        locked(str(folder), MEMORY_BYTES).execute("SELECT * FROM rows")


def test_sql_of_more_than_20000_characters_is_refused():
    sql = "SELECT * FROM list WHERE key IN ('" + "x" * 20_000 + "')"
    with pytest.raises(ManifestError, match="has 20,036 characters, and at most 20,000 are read"):
        blocks_of(sql, MANY)
