"""What a filter's SQL may be: one SELECT over the table `list`, by DuckDB's own parser.

Whoever runs it holds it in by other means, too (jail.py); this is where each thing that cannot be gets
its sentence. Imports neither Django nor DuckDB.
"""

import json
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

TABLE = "list"
ROW = "_row"
"""A column of the table that holds a row's number in its file; it is not shown."""

ENCODED = "URL-ENCODED"
"""Kind of a column that is text, URL-encoded in the file and not in the table."""

_NAMES = frozenset({"bucket", "key", "versionid"})
_QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE"})
_SOURCES_OF_ROWS = frozenset({"range", "generate_series", "unnest"})
_FORBIDDEN = frozenset(
    {
        *("current_setting", "getenv", "getvariable", "sleep_ms", "pg_sleep", "write_log"),
        *("nextval", "currval", "setval", "setseed", "query", "query_table", "which_secret"),
        *("glob", "sniff_csv", "seq_scan", "stats", "current_query", "get_block_size"),
        *("add_grammar_extension", "remove_grammar_extension", "checkpoint", "force_checkpoint"),
    }
)
_FORBIDDEN_BEGINNINGS = ("read_", "duckdb_", "pragma_", "parquet_", "pg_", "inet_", "json_execute")
_ROWS_MULTIPLIED = frozenset({"unnest", "generate_subscripts", "regexp_split_to_table"})
_NOWHERE = 18446744073709551615

_NOT_SELECT = (
    "A filter is one SELECT over the table list, as in: SELECT bucket, key FROM list WHERE"
)


class RefusedError(Exception):
    """The SQL cannot be a filter: `sentence` says why, `offset` where in its bytes, None for nowhere."""

    def __init__(self, sentence: str, offset: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Plan:
    """`row_wise`: whether a row is kept depends on that row alone, so a list can be read in parts.
    `tree` is DuckDB's own, to be written back as SQL.
    """

    row_wise: bool
    tree: dict[str, Any]

    @property
    def leaves_names(self) -> bool:
        """Whether bucket, key and version ID of the result, as far as it has them, are the table's own."""
        node = self.tree["statements"][0]["node"]
        is_renamed = bool(node["from_table"].get("column_name_alias"))
        return not is_renamed and all(map(_leaves_names, node["select_list"]))

    def with_row_number(self) -> str:
        """The tree with one column more behind all others, as JSON."""
        node = self.tree["statements"][0]["node"]
        column = {
            "class": "COLUMN_REF",
            "type": "COLUMN_REF",
            "alias": "",
            "query_location": _NOWHERE,
            "query_location_length": 0,
            "column_names": [ROW],
        }
        node["select_list"].append(column)
        return json.dumps(self.tree)


def bare(name: object) -> str:
    """A column's name in small letters, without underscores: version_id is VersionId."""
    return str(name).lower().replace("_", "")


def _leaves_names(column: dict[str, Any]) -> bool:
    alias = bare(column.get("alias", ""))
    if column["class"] == "STAR":
        return not any(column.get(part) for part in ("replace_list", "rename_list", "expr"))
    if column["class"] == "COLUMN_REF":
        name = bare(column["column_names"][-1])
        return (alias or name) not in _NAMES or alias in {"", name}
    return bool(alias) and alias not in _NAMES


def refuse_kind(kinds: list[str]) -> None:
    """`kinds` are those of all statements: SELECT, COPY, ATTACH ..."""
    if not kinds:
        raise RefusedError(f"There is no statement. {_NOT_SELECT} size > 0.")
    if len(kinds) > 1:
        raise RefusedError(f"These are {len(kinds):,} statements. {_NOT_SELECT} size > 0.")
    if kinds[0] != "SELECT":
        raise RefusedError(f"{kinds[0]} is not possible here. {_NOT_SELECT} size > 0.")


def plan_of(serialized: str, grouping_functions: Set[str]) -> Plan:
    """Of what json_serialize_sql says. `grouping_functions` are those, in small letters, that look at
    more than one row. Raises RefusedError.
    """
    try:
        tree = json.loads(serialized)
        if tree.get("error"):
            raise _not_parsed(tree)
        nodes = list(_nodes(tree["statements"]))
    except RecursionError:
        raise RefusedError("The SQL is nested too deeply. Write it with fewer brackets.") from None
    named = {TABLE, *_names_of_ctes(nodes)}
    for node in nodes:
        _refuse_node(node, named)
    return Plan(_is_row_wise(tree["statements"][0]["node"], nodes, grouping_functions), tree)


def _not_parsed(tree: dict[str, Any]) -> RefusedError:
    if "position" in tree:
        return RefusedError(_ended(str(tree.get("error_message"))), int(tree["position"]))
    return RefusedError(f"This is no plain SELECT. {_NOT_SELECT} size > 0.")


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _nodes(whole: Any) -> Iterator[dict[str, Any]]:
    """Every object in the tree. It is walked without recursion: its depth is a stranger's."""
    waiting = [whole]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _names_of_ctes(nodes: list[dict[str, Any]]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node.get("cte_map"), dict):
            yield from (str(one["key"]).lower() for one in node["cte_map"]["map"])
        if "cte_name" in node:
            yield str(node["cte_name"]).lower()


def _refuse_node(node: dict[str, Any], named: Set[str]) -> None:
    kind, place = str(node.get("type", "")), _place(node)
    if kind.endswith("_NODE") and kind not in _QUERIES:
        what = "WITH RECURSIVE" if kind == "RECURSIVE_CTE_NODE" else kind.partition("_")[0]
        raise RefusedError(f"{what} is not possible here. {_NOT_SELECT} size > 0.", place)
    if kind == "SHOW_REF":
        raise RefusedError(
            f"DESCRIBE, SHOW and SUMMARIZE say nothing here. {_NOT_SELECT} size > 0."
        )
    if kind == "BASE_TABLE":
        _refuse_table(node, named, place)
    if kind == "VALUE_PARAMETER" or node.get("class") == "PARAMETER":
        raise RefusedError("There are no parameters here. Write the value itself.", place)
    if kind == "TABLE_FUNCTION":
        function = str(node["function"].get("function_name", "")).lower()
        if function not in _SOURCES_OF_ROWS:
            raise _no_source(f"{function}(...)", _place(node))
    if node.get("class") in {"FUNCTION", "WINDOW"}:
        _refuse_function(str(node.get("function_name", "")).lower(), place)


def _refuse_table(node: dict[str, Any], named: Set[str], place: int | None) -> None:
    name = str(node.get("table_name", ""))
    if node.get("schema_name") or node.get("catalog_name") or name.lower() not in named:
        path = [node.get("catalog_name"), node.get("schema_name"), name]
        raise _no_source(".".join(str(part) for part in path if part), place)


def _no_source(name: str, place: int | None) -> RefusedError:
    shown = name if len(name) <= 80 else name[:79] + "…"
    return RefusedError(
        f"Rows cannot come from {shown}: a filter reads the table {TABLE} and nothing else.", place
    )


def _refuse_function(name: str, place: int | None) -> None:
    if name in _FORBIDDEN or name.startswith(_FORBIDDEN_BEGINNINGS):
        raise RefusedError(f"The function {name} cannot be used in a filter.", place)


def _place(node: dict[str, Any]) -> int | None:
    place = node.get("query_location")
    return place if isinstance(place, int) and place != _NOWHERE else None


def _is_row_wise(
    root: dict[str, Any], nodes: list[dict[str, Any]], grouping_functions: Set[str]
) -> bool:
    if root["type"] != "SELECT_NODE" or root["modifiers"] or root["cte_map"]["map"]:
        return False
    if root["from_table"]["type"] != "BASE_TABLE" or root["from_table"].get("sample"):
        return False
    wholes = ("group_expressions", "group_sets", "having", "qualify", "sample")
    if any(root.get(part) for part in wholes):
        return False
    if root.get("aggregate_handling") != "STANDARD_HANDLING":
        return False
    return not any(_looks_further(node, grouping_functions) for node in nodes)


def _looks_further(node: dict[str, Any], grouping_functions: Set[str]) -> bool:
    """Whether an expression looks at other rows than its own, or makes several of one."""
    if node.get("class") in {"SUBQUERY", "WINDOW"}:
        return True
    if node.get("class") != "FUNCTION":
        return False
    name = str(node.get("function_name", "")).lower()
    return name in _ROWS_MULTIPLIED or (name in grouping_functions and not node.get("is_operator"))
