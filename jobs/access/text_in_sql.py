"""Comparisons of texts that SQLite, PostgreSQL and the evaluator all see alike."""

import re
from typing import Any

from django.db.models import BooleanField, Expression, Func
from django.db.models.functions import Lower
from django.db.models.sql.compiler import SQLCompiler

from jobs.access.policy.patterns import Glob, Wild

Sql = tuple[str, list[Any]]


class Folded(Lower):
    """As `policy.keys.fold`: A to Z alone. SQLite's LOWER is that anyway."""

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> Any:
        template = '%(function)s(%(expressions)s COLLATE "C")'
        return super().as_sql(compiler, connection, template=template, **extra)


class Fits(Func):
    """Whether a text fits a pattern, letters in their case: SQLite's LIKE would not tell them apart."""

    output_field = BooleanField()

    def __init__(self, text: Expression | Any, glob: Glob) -> None:
        super().__init__(text)
        self.glob = glob

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> Any:
        signs = {Wild.ANY: "*", Wild.ONE: "?"}
        pattern = "".join(
            re.sub(r"[*?\[]", r"[\g<0>]", token) if isinstance(token, str) else signs[token]
            for token in self.glob.tokens
        )
        return self._compared(compiler, "GLOB", pattern)

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> Sql:
        signs = {Wild.ANY: "%", Wild.ONE: "_"}
        pattern = "".join(
            re.sub(r"[%_\\]", r"\\\g<0>", token) if isinstance(token, str) else signs[token]
            for token in self.glob.tokens
        )
        return self._compared(compiler, "LIKE", pattern)

    def _compared(self, compiler: SQLCompiler, operator: str, pattern: str) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"{sql} {operator} %s", [*params, pattern]
