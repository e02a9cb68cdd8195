"""The import law of the house, and what only one module may do."""

import ast
import functools
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from jobs import queueing

ROOT = Path(__file__).parent.parent
RANKS = (
    {"choices", "errors", "conf", "orphans", "queueing", "spec"},
    {"s3", "services", "operations", "manifests", "workstore", "dataplane"},
    {"models"},
    {"lifecycle", "access", "queries", "audit"},
    {"reports", "notifications"},
    {"engine"},
    {"background", "worker"},
    {"console", "s3control", "admin", "management", "templatetags"},
)
RANK_OF = {part: rank for rank, parts in enumerate(RANKS) for part in parts}
SAME_RANK_ARROWS = {
    ("services", "s3"),
    ("operations", "s3"),
    ("operations", "services"),
    ("s3", "workstore"),
    ("manifests", "s3"),
    ("dataplane", "s3"),
    ("dataplane", "operations"),
    ("dataplane", "services"),
    ("manifests", "workstore"),
    ("lifecycle", "access"),
    ("access", "audit"),
    ("spec", "choices"),
    ("spec", "errors"),
    ("queueing", "conf"),
    ("queueing", "errors"),
}
UNRANKED = {"apps", "migrations"}
PURE = {
    *("transitions", "retry", "rate_limit", "rows", "arns", "layout"),
    *("signing", "sigv4", "template", "proof", "marks", "foreign", "faults", "error_codes"),
}
IMPURE = ("jobs.models", "jobs.conf", "django.conf", "django.db", "boto3", "botocore")
NO_CLOCK_BELOW_RANK = 5

MODULES = sorted(path for path in (ROOT / "jobs").rglob("*.py") if "migrations" not in path.parts)


def part_of(path: Path) -> str:
    """The sub-package or module directly below jobs/: "engine" of jobs/engine/runner.py."""
    return path.relative_to(ROOT / "jobs").parts[0].removesuffix(".py")


def imports_of(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything imported anywhere: `from a import b` gives both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def breaks_the_law(part: str, imported: str) -> bool:
    """Whether a module of `part` may not import the dotted name `imported`."""
    names = imported.split(".")
    if names[0] != "jobs" or len(names) < 2 or names[1] == part:
        return False
    target = names[1]
    lower = RANK_OF[target] < RANK_OF[part]
    return not lower and (part, target) not in SAME_RANK_ARROWS


def starts_with(imported: str, *packages: str) -> bool:
    return any(imported == name or imported.startswith(f"{name}.") for name in packages)


def status_writes(tree: ast.AST) -> Iterator[int]:
    """Lines that write a status: `x.status = ...`, `update(status=...)`, `create(status=...)`."""
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr == "status":
                yield node.lineno
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            writes = name in {"update", "create", "Job", "update_or_create", "get_or_create"}
            if writes and any(keyword.arg == "status" for keyword in node.keywords):
                yield node.lineno
            if name == "bulk_update" and "'status'" in ast.unparse(node):
                yield node.lineno


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its decorators and its docstring."""
    docstring = function.body[0] if ast.get_docstring(function) else None
    inside = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - inside


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def all_that(broken: Callable[[Path, ast.Module], list[Any]]) -> dict[str, list[Any]]:
    """What `broken` finds in each module, of those where it finds something."""
    found = {str(path.relative_to(ROOT)): broken(path, tree_of(path)) for path in MODULES}
    return {name: wrong for name, wrong in found.items() if wrong}


def names_below(tree: ast.Module, *packages: str) -> list[str]:
    return [name for name in imports_of(tree) if starts_with(name, *packages)]


def test_modules_import_only_their_own_part_and_lower_ranks() -> None:
    def broken(path: Path, tree: ast.Module) -> list[str]:
        part = part_of(path)
        if part in UNRANKED or part == "__init__":
            return names_below(tree, "jobs")
        return [name for name in imports_of(tree) if breaks_the_law(part, name)]

    assert all_that(broken) == {}


def test_modules_have_no_import_inside_a_function() -> None:
    def broken(path: Path, tree: ast.Module) -> list[int]:
        return [
            node.lineno
            for function in functions_of(tree)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]

    assert all_that(broken) == {}


def test_modules_leave_libraries_to_the_one_that_owns_them() -> None:
    def broken(path: Path, tree: ast.Module) -> list[str]:
        part, forbidden = part_of(path), set[str]()
        if part not in {"s3", "s3control"}:
            forbidden |= {"boto3", "botocore"}
        if part not in {"queueing", "worker"}:
            forbidden |= {"django_rq", "rq"}
        return names_below(tree, *forbidden)

    assert all_that(broken) == {}


def test_modules_read_no_environment() -> None:
    def broken(path: Path, tree: ast.Module) -> list[object]:
        return [
            *(
                node.lineno
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
            ),
            *({"os.environ", "os.getenv"} & set(imports_of(tree))),
        ]

    assert all_that(broken) == {}


def test_modules_below_the_engine_are_told_the_time() -> None:
    def broken(path: Path, tree: ast.Module) -> list[str]:
        below = RANK_OF.get(part_of(path), 0) < NO_CLOCK_BELOW_RANK
        return ["timezone.now("] if below and "timezone.now(" in ast.unparse(tree) else []

    assert all_that(broken) == {}


def test_pure_modules_touch_no_model_settings_or_storage() -> None:
    assert {path.stem for path in MODULES} >= PURE
    assert (
        all_that(lambda path, tree: names_below(tree, *IMPURE) if path.stem in PURE else []) == {}
    )


def test_operations_are_data_and_rules_without_django() -> None:
    def broken(path: Path, tree: ast.Module) -> list[str]:
        return names_below(tree, "django") if part_of(path) == "operations" else []

    assert all_that(broken) == {}


def test_policies_are_read_and_evaluated_without_django() -> None:
    def broken(path: Path, tree: ast.Module) -> list[str]:
        is_policy = path.is_relative_to(ROOT / "jobs/access/policy")
        return names_below(tree, "django", *IMPURE) if is_policy else []

    assert all_that(broken) == {}


def test_status_is_written_by_the_lifecycle_commands_alone() -> None:
    commands = ROOT / "jobs/lifecycle/commands.py"
    assert all_that(lambda path, tree: [] if path == commands else [*status_writes(tree)]) == {}


def test_modules_stay_below_300_lines_and_their_functions_below_50() -> None:
    def broken(path: Path, tree: ast.Module) -> list[object]:
        lines = path.read_text().count("\n")
        long = [one.name for one in functions_of(tree) if body_lines(one) > 50]
        return [*long, *([lines] if lines > 300 else [])]

    assert all_that(broken) == {}


@pytest.mark.parametrize("name", get_args(queueing.BackgroundCall))
def test_background_call_that_is_queued_by_name_exists(name: str) -> None:
    assert callable(getattr(importlib.import_module("jobs.background"), name))


@pytest.mark.parametrize(
    ("part", "imported", "broken"),
    [
        ("engine", "jobs.models", False),
        ("engine", "jobs.engine.claims", False),
        ("models", "jobs.lifecycle.commands", True),
        ("models", "jobs.lifecycle", True),
        ("console", "jobs.admin", True),
        ("lifecycle", "jobs.queries", True),
        ("lifecycle", "jobs.access.decisions", False),
        ("access", "jobs.lifecycle.commands", True),
        ("manifests", "jobs.workstore.segments", False),
        ("workstore", "jobs.manifests.rows", True),
        ("console", "django.db", False),
    ],
)
def test_law_when_it_is_broken_is_noticed(part: str, imported: str, broken: bool) -> None:
    assert breaks_the_law(part, imported) is broken


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("job.status = S.ACTIVE", [1]),
        ("jobs.filter(status=S.NEW).update(status=S.ACTIVE)", [1]),
        ("Job.objects.create(region=region, status='Ready')", [1]),
        ("Job.objects.bulk_update(jobs, ['status'])", [1]),
        ("Job.objects.filter(status=S.NEW).exclude(status=S.READY)", []),
        ("if job.status == S.NEW: pass", []),
    ],
)
def test_status_write_in_any_form_is_noticed(source: str, lines: list[int]) -> None:
    assert list(status_writes(ast.parse(source))) == lines
