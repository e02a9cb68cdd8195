"""Tests of migrations go back to a migration before theirs, and forward again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.audit_log import let_rows_go


@pytest.fixture
def migrate(transactional_db: None) -> Iterator[Callable[[Any], Any]]:
    """migrate([("jobs", name)]) -> get_model of the models as they were; in the end all is as now."""

    def to(place: Any) -> Any:
        return MigrationExecutor(connection).migrate(place).apps.get_model

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "jobs"])
    let_rows_go()
