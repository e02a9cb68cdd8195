"""A whole installation in one command: `make demo` and `make up`."""

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django.utils import timezone

from jobs.management import demo_data, demo_objects, first_admin, installation, programs
from jobs.management.children import Child
from jobs.management.first_admin import AdminError
from jobs.management.installation import NoDatabaseError, RefusedError
from jobs.management.redis_server import NoRedisError
from jobs.management.supervisor import StartError, Supervisor

START_S = 30.0


class Command(BaseCommand):
    help = "Starts everything, and stops everything with Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="with a storage to play with")
        parser.add_argument(
            "--only",
            choices=programs.PARTS,
            action="append",
            help="this part alone, after `manage.py setup` (for containers); may be repeated",
        )

    def handle(self, *, demo: bool, only: list[str] | None, **options: Any) -> None:
        supervisor = Supervisor(self._say)
        try:
            with supervisor.signals_handled():
                try:
                    if only:
                        installation.check_parts(self._say)
                        connections.close_all()
                        _run(supervisor, programs.parts(only, to_logs=False))
                    else:
                        self._start_all(supervisor, demo=demo)
                finally:
                    supervisor.stop()
        except (RefusedError, NoRedisError, NoDatabaseError, StartError, AdminError) as error:
            self.stderr.write(str(error))
            sys.exit(1)

    def _start_all(self, supervisor: Supervisor, *, demo: bool) -> None:
        """Returns when a signal came. Refuses before anything is changed."""
        installation.check_folder(settings.DATA_DIR)
        installation.check_address(settings.BATCHCONSOLE_BIND, settings.BATCHCONSOLE_PORT)
        redis = None if settings.REDIS_URL else programs.redis()
        with installation.folder_locked(settings.DATA_DIR):
            if redis:
                (settings.DATA_DIR / "redis").mkdir(exist_ok=True)
                supervisor.start([redis])
            storage = _start_demo_storage(supervisor) if demo else None
            installation.set_up()
            if storage:
                supervisor.wait_until_answers(storage, within_s=START_S)
                demo_data.seed(storage_port=storage.port, now=timezone.now())
            else:
                first_admin.ensure(self._say)
            installation.check_parts(self._say)
            connections.close_all()
            parts = programs.parts(programs.PARTS, to_logs=True)
            _run(supervisor, parts, lambda: self._greet(storage))

    def _greet(self, storage: Child | None) -> None:
        self._say(f"batchconsole runs at {_address()}")
        if storage:
            password = settings.BATCHCONSOLE_DEMO_PASSWORD
            shown = "demo" if password == "demo" else "as set in DEMO_PASSWORD"  # noqa: S105
            self._say(f"  Sign in  {demo_data.EMAIL}, password {shown}")
            self._say(
                f"  Storage  http://127.0.0.1:{storage.port}, filled anew at every start:"
                f" {', '.join(demo_objects.BUCKETS)}"
            )
            self._say("  Jobs     one is prepared and waits for your confirmation")
        self._say(f"  Data     {settings.DATA_DIR} (logs in {settings.DATA_DIR.name}/logs)")
        self._say("Ctrl-C stops everything.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _address() -> str:
    host = programs.reachable_host()
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.BATCHCONSOLE_PORT}/"


def _start_demo_storage(supervisor: Supervisor) -> Child:
    note = settings.DATA_DIR / "demo-storage.port"
    port = installation.free_port(settings.BATCHCONSOLE_PORT + 1, note)
    storage = programs.demo_storage(port)
    supervisor.start([storage])
    return storage


def _run(
    supervisor: Supervisor, children: list[Child], greet: Callable[[], None] = lambda: None
) -> None:
    """Start `children`, and look after all until a signal comes."""
    supervisor.start(children)
    for child in children:
        if child.port:
            supervisor.wait_until_answers(child, within_s=START_S)
    if not supervisor.stopping:
        greet()
    supervisor.watch()
