"""The list as DuckDB's only table, and DuckDB itself with everything else shut."""

import os
from typing import Any

import duckdb

from jobs.manifests.sql import frames
from jobs.manifests.sql.statements import ENCODED, ROW, TABLE, bare

ROWS = "_rows"
"""The table with its columns as they stand in the files."""


def locked(folder: str, memory_bytes: int) -> duckdb.DuckDBPyConnection:
    """The order matters: what may be read is named first, then all else is shut, then all is locked."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": "1",  # with more, the limit of memory does not hold
            "memory_limit": f"{memory_bytes}B",
            "temp_directory": "",
            "python_enable_replacements": "false",
            "autoload_known_extensions": "false",
            "autoinstall_known_extensions": "false",
            "allow_community_extensions": "false",
            "allow_unsigned_extensions": "false",
            "allow_persistent_secrets": "false",
        },
    )
    for setting in (
        "SET enable_progress_bar=false",
        "SET TimeZone='UTC'",
        "SET preserve_insertion_order=true",
        "SET max_expression_depth=250",
        f"SET allowed_directories=[{_literal(folder)}]",
        "SET enable_external_access=false",
        "SET lock_configuration=true",
    ):
        connection.execute(setting)
    return connection


class ListTable:
    """`orders` are those of process.py: folder, columns, format and delete_marker."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, orders: dict[str, Any]) -> None:
        self._connection = connection
        self._orders = orders

    def fill(self, files: list[str], after: int = 0) -> None:
        """Make `list` anew: the rows of these files, or none, with its columns' types."""
        marker = self._orders["delete_marker"]
        columns = ", ".join(_typed(name, kind) for name, kind in self._orders["columns"])
        raw = self._source(files)
        where = f"{ROW} > {int(after)}"
        if marker:
            where += f" AND {_boolean(marker)} IS DISTINCT FROM true"
        if not files:
            where = "false"
        for view, text in (
            (ROWS, f"SELECT * FROM {raw} WHERE {where}"),  # noqa: S608
            (TABLE, f"SELECT {columns}, {ROW} FROM {ROWS}"),  # noqa: S608
        ):
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {text}")

    def names(self) -> list[str]:
        """Those of its columns, in small letters without underscores."""
        return [bare(name) for name, _ in self._orders["columns"]]

    def markers(self, files: list[str]) -> int:
        """How many delete markers were left out of these files."""
        marker = self._orders["delete_marker"]
        if not marker or not files:
            return 0
        raw = self._source(files)
        counted = f"SELECT count(*) FROM {raw} WHERE {_boolean(marker)}"  # noqa: S608
        row = self._connection.execute(counted).fetchone()
        return int(row[0]) if row else 0

    def _source(self, files: list[str]) -> str:
        if not files:
            nothing = ", ".join(
                f"''::VARCHAR AS {_name(one)}" for one, _ in self._orders["columns"]
            )
            return f"(SELECT {nothing}, 0 AS {ROW})"
        paths = ", ".join(_literal(os.path.join(self._orders["folder"], file)) for file in files)
        if self._orders["format"] == "parquet":
            read = f"read_parquet([{paths}])"
        else:
            names = [_name(name) for name, _ in self._orders["columns"]]
            kinds = ", ".join(f"{name}: 'VARCHAR'" for name in names)
            read = (
                f"read_csv([{paths}], header=false, auto_detect=false, strict_mode=true, delim=',',"
                f" quote='\"', escape='\"', new_line='\\n', compression='none', parallel=false,"
                f" max_line_size={frames.CELL_BYTES * 2}, columns={{{kinds}}},"
                f" force_not_null=[{', '.join(names)}])"
            )
        return f"(SELECT *, row_number() OVER () AS {ROW} FROM {read})"  # noqa: S608


def _typed(name: str, kind: str) -> str:
    """A text that is no number, date or truth value is NULL; a file with types of its own keeps them."""
    if not kind or kind == "VARCHAR":
        return _name(name)
    if kind == ENCODED:
        return f"url_decode({_name(name)}) AS {_name(name)}"
    return f"TRY_CAST({_name(name)} AS {kind}) AS {_name(name)}"


def _boolean(name: str) -> str:
    return f"TRY_CAST({_name(name)} AS BOOLEAN)"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
