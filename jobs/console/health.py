"""/healthz and /readyz, for whoever runs the containers.

A middleware and no views: a probe calls by an address that is not in ALLOWED_HOSTS, without https.
"""

import json
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from redis import Redis

from jobs.s3.work_store import check_work_storage

logger = logging.getLogger(__name__)

PATIENCE_S = 2.0
IN_TIME = "answered_in_time"
SENTENCES = {
    "database": "The database does not answer. Pages cannot be shown, and jobs wait.",
    "migrations": "The database is not set up for this version: manage.py setup does that.",
    "redis": "Redis does not answer. Pages can be shown, and jobs wait.",
    "work_storage": "The work storage cannot be written and read. Jobs wait.",
    IN_TIME: f"No answer from the database, Redis or the work storage within {PATIENCE_S:.0f} s.",
}
_probe = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readyz")
_lock = threading.Lock()
_pending: Future[dict[str, bool]] | None = None


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        if request.path == "/readyz":
            return _ready()
        return self._get_response(request)


def _ready() -> HttpResponse:
    """503 unless all is well. Waits `PATIENCE_S` at most; one probe runs, however many ask."""
    global _pending
    with _lock:
        if _pending is None or _pending.done():
            _pending = _probe.submit(look)
        future = _pending
    try:
        found = future.result(PATIENCE_S)
    except TimeoutError:
        found = {IN_TIME: False}
    status = 200 if all(found.values()) else 503
    said = {**found, "problems": problems(found)}
    response = HttpResponse(json.dumps(said, indent=1) + "\n", "application/json", status)
    response["Cache-Control"] = "no-store"
    return response


def problems(found: Mapping[str, bool]) -> list[str]:
    """A sentence for each thing that is not as it should be. Why is in the log alone: who asks here
    has not signed in.
    """
    amiss = [name for name, is_well in found.items() if not is_well]
    if "database" in amiss and "migrations" in amiss:
        amiss.remove("migrations")  # nobody could look
    return [SENTENCES.get(name, name) for name in amiss]


def look() -> dict[str, bool]:
    """Name of each thing that pages and jobs need, and whether it does what it should."""
    try:
        return {name: _does(name, check) for name, check in CHECKS.items()}
    finally:
        connection.close()


def _does(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # whatever it is: the answer has no details, the log does
        logger.warning("not ready: %s", name, exc_info=True)
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("migrations are to be applied: manage.py setup")


def _redis() -> None:
    with Redis.from_url(
        settings.RQ_QUEUES["control"]["URL"], socket_timeout=1, socket_connect_timeout=1
    ) as client:
        client.ping()


def _work_storage() -> None:
    check_work_storage()
    if not getattr(settings, "BATCHCONSOLE_WORK_STORE", ""):
        folder = settings.BATCHCONSOLE_WORK_DIR
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"ready")
            os.fsync(file.fileno())


CHECKS = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "work_storage": _work_storage,
}
