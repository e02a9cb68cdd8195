"""Fixtures that all tests share: real servers, real workers, a real browser.

Each server starts when the first test of a process asks for it, and serves all that follow:
tests part by their own buckets, and Redis and the database are emptied after each.
"""

import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer
from redis import Redis
from rq import Worker

from jobs.console import shared
from jobs.management import children
from jobs.management.children import Child
from tests import servers
from tests.audit_log import let_rows_go
from tests.chromium import find_chromium
from tests.fault_counts import pytest_terminal_summary  # noqa: F401
from tests.requirements import REQUIRE_ALL, unavailable

BROKEN_OFF = ("htmx:afterRequest", "htmx:sendAbort")
"""What htmx says of a poll that a click on a link broke off; one that failed has sendError besides."""
DATABASE_PROBLEM = os.environ.get("TEST_DATABASE_PROBLEM", "")
ROOMS_WITHOUT_MODELS = {
    "s3",
    "services",
    "operations",
    "manifests",
    "workstore",
    "dataplane",
    "bench",
}
RUN_ONCE = {"test_architecture.py", "test_access_matrix.py", "test_deny_matrix.py"}
"""Rules of modules, and who may do what through which door: of no database's making."""

PATIENCE_MS = 60_000
"""A browser on a machine that is busy with other things takes its time; it still gets there."""

# How fast a property is tried says nothing about it.
hypothesis_settings.register_profile(
    "patient",
    hypothesis_settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("patient")
expect.set_options(timeout=PATIENCE_MS)


def pytest_configure() -> None:
    if DATABASE_PROBLEM and REQUIRE_ALL:
        raise pytest.UsageError(DATABASE_PROBLEM)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ["TEST_DATABASE"] == "postgres":
        left_out = [item for item in items if _is_the_same_on_any_database(item)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not _is_the_same_on_any_database(item)]
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if DATABASE_PROBLEM:
            item.add_marker(pytest.mark.skip(reason=DATABASE_PROBLEM))


def _is_the_same_on_any_database(item: pytest.Item) -> bool:
    """What has run on SQLite already and is the same here: of rooms without models, whatever asks for no
    database, and RUN_ONCE.
    """
    if item.path.name in RUN_ONCE:
        return True
    if not ROOMS_WITHOUT_MODELS & set(item.path.relative_to(Path(__file__).parent).parts):
        return False
    asks = {"db", "transactional_db", "django_db_setup"} & set(getattr(item, "fixturenames", ()))
    return not asks and item.get_closest_marker("django_db") is None


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        let_rows_go()


@pytest.fixture(autouse=True)
def _own_work_folder(tmp_path: Path, settings: Any) -> None:
    settings.BATCHCONSOLE_WORK_DIR = tmp_path / "work"


@pytest.fixture(autouse=True)
def _forget_cache() -> Iterator[None]:
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _look_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test looks more often than once a second."""
    monkeypatch.setattr(shared, "FRESH_S", 0.0)


# --- Redis and workers


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """A real Redis server where the settings expect it; yields its URL."""
    path = settings.BATCHCONSOLE_REDIS_SOCKET
    with servers.redis_running(settings.DATA_DIR / "redis", path) as url:
        yield url


@pytest.fixture
def redis(redis_server: str) -> Iterator[Any]:
    """A client of a Redis that is empty before and after."""
    with Redis.from_url(redis_server) as client:
        client.flushall()
        yield client
        client.flushall()


@pytest.fixture
def process_environment(transactional_db: None, settings: Any) -> dict[str, str]:
    """The environment in which a real process sees this test's database, Redis and folders."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.process_settings",
        "TEST_DATABASE_NAME": str(connection.settings_dict["NAME"]),
        "BATCHCONSOLE_WORK_DIR": str(settings.BATCHCONSOLE_WORK_DIR),
    }


@pytest.fixture
def start_process(
    process_environment: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., Child]]:
    """Starts `manage.py <arguments>` over this test's database; ends it after the test."""
    started: list[Child] = []

    def start(*arguments: str, **environment: str) -> Child:
        variables = {**process_environment, **environment}
        command = ["env", *(f"{name}={value}" for name, value in variables.items())]
        command += [sys.executable, "-u", "manage.py", *arguments]
        started.append(servers.program(f"{arguments[0]}-{len(started)}", command, tmp_path))
        started[-1].start()
        return started[-1]

    yield start
    children.stop(started, grace_s=3)


@pytest.fixture
def start_worker(redis: Any, start_process: Callable[..., Child]) -> Callable[..., Child]:
    """Starts a real RQ worker for one queue: start_worker("run"), start_worker("control").

    Settings may be given: start_worker("run", BATCHCONSOLE_TIME_BOX_S="2"). The worker's own
    process is `child.process`.
    """

    def start(
        queue: str, *, worker_class: str = "jobs.worker.ForwardingWorker", **environment: str
    ) -> Child:
        worker = ["--worker-class", worker_class]
        before = Worker.count(connection=redis)
        child = start_process("rqworker", queue, *worker, **environment)
        servers.eventually(lambda: Worker.count(connection=redis) > before or not child.runs)
        assert child.runs, child.log and child.log.read_text()[-3000:]
        return child

    return start


# --- S3


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The endpoint URL of a real S3 server (moto) that starts empty."""
    with servers.storage_running(settings.DATA_DIR) as url:
        yield url


@pytest.fixture(scope="session")
def s3(s3_server: str) -> Any:
    """A boto3 client of that server."""
    return servers.s3_client(s3_server)


@pytest.fixture
def make_bucket(s3: Any) -> Callable[..., str]:
    """Makes a bucket that no other test knows: make_bucket(versioned=True) -> its name."""

    def make(*, versioned: bool = False) -> str:
        name = f"test-{uuid.uuid4().hex[:20]}"
        s3.create_bucket(Bucket=name)
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    return make


@pytest.fixture
def bucket(make_bucket: Callable[..., str]) -> str:
    return make_bucket()


# --- Browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if not path:
        unavailable("Browser: no Chromium on PATH, and CHROMIUM is not set")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
            timeout=2 * PATIENCE_MS,
        )
        yield browser
        browser.close()


@pytest.fixture
def console_errors() -> list[str]:
    """What the page complained about; a test that expects some takes them out."""
    return []


@pytest.fixture
def open_page(
    chromium: Browser, live_server: LiveServer, console_errors: list[str]
) -> Iterator[Callable[..., Page]]:
    """Opens a page in a browser context of its own; options as for Playwright's new_context().

    A console error, an exception in a script, or a violation of the content policy fails the test.
    """
    contexts = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(BROKEN_OFF):
            console_errors.append(f"{message.text} ({message.location.get('url', '')})")

    def open_it(**options: Any) -> Page:
        context = chromium.new_context(base_url=live_server.url, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert console_errors == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page of 1280 by 900, in light colours."""
    return open_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
