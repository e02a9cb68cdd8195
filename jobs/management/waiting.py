"""What parts of an installation cannot work without, and whether it is there yet."""

from collections.abc import Collection

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis, RedisError

NOT_SET_UP = (
    "The database is not set up for this version of batchconsole: manage.py setup does that."
)
_PATIENCE_S = 5.0
_NEED_REDIS = frozenset({"worker", "control"})


def what_is_missing(parts: Collection[str]) -> str:
    """What keeps `parts` from working, in a sentence without secrets; empty when nothing does."""
    return _about_database() or (_about_redis() if _NEED_REDIS & set(parts) else "")


def _about_database() -> str:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"The database{_place()} does not answer ({_first_line(error)})."
    finally:
        connection.close()
    return NOT_SET_UP if plan else ""


def _place() -> str:
    host, port = connection.settings_dict["HOST"], connection.settings_dict["PORT"]
    return f" at {host}{f':{port}' if port else ''}" if host else ""


def _about_redis() -> str:
    try:
        with Redis.from_url(
            settings.RQ_QUEUES["run"]["URL"],
            socket_timeout=_PATIENCE_S,
            socket_connect_timeout=_PATIENCE_S,
        ) as client:
            client.ping()
    except RedisError as error:
        hint = "" if settings.REDIS_URL else " REDIS_URL is not set."
        return f"Redis does not answer ({_first_line(error)}).{hint}"
    return ""


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
