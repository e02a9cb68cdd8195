"""A whole installation in one command: `make demo` and `make up`."""

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connections
from django.utils import timezone

from jobs.access.backend import DEMO_EMAIL
from jobs.management import (
    demo_data,
    demo_objects,
    first_admin,
    installation,
    programs,
    waiting,
)
from jobs.management.children import Child
from jobs.management.first_admin import AdminError
from jobs.management.installation import NoDatabaseError, RefusedError
from jobs.management.redis_server import NoRedisError
from jobs.management.supervisor import StartError, Supervisor

WITHOUT_PROGRESS_S = 120.0
"""A start that takes no CPU time and writes nothing for so long has failed."""
START_AT_MOST_S = 300.0


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
                        self._start_some(supervisor, only)
                    else:
                        self._start_all(supervisor, demo=demo)
                finally:
                    supervisor.stop()
        except (RefusedError, NoRedisError, NoDatabaseError, StartError, AdminError) as error:
            self.stderr.write(str(error))
            sys.exit(error.exit_status)

    def _start_some(self, supervisor: Supervisor, names: list[str]) -> None:
        """Once what they need is there. The web server answers /healthz and /readyz meanwhile, which
        say the same to whoever looks after containers.
        """
        installation.check_keys(for_pages="web" in names)
        if waiting.what_is_missing(names):
            if "web" in names:
                supervisor.start(programs.parts(["web"], to_logs=False))
            supervisor.wait_while(lambda: waiting.what_is_missing(names))
            supervisor.stop()  # it looks for the pages' files when it starts
        if supervisor.stopping:
            return
        installation.check_parts(self._say)
        if "web" in names:
            self._warn()
        connections.close_all()
        _run(supervisor, programs.parts(list(dict.fromkeys(names)), to_logs=False))

    def _warn(self) -> None:
        for warning in installation.warnings():
            self._say(warning)

    def _start_all(self, supervisor: Supervisor, *, demo: bool) -> None:
        """Returns when a signal came. Refuses before anything is changed."""
        installation.check_folder(settings.DATA_DIR)
        installation.check_address(settings.BATCHCONSOLE_BIND, settings.BATCHCONSOLE_PORT)
        redis = None if settings.REDIS_URL else programs.redis()
        with installation.folder_locked(settings.DATA_DIR):
            if demo:
                _refuse_real_use()
            installation.check_keys(for_pages=True)
            installation.narrow_ours(self._say)
            installation.check_writable(settings.DATA_DIR / "logs", "DATA_DIR")
            if redis:
                self._say("Starting redis ...")
                installation.check_writable(settings.DATA_DIR / "redis", "DATA_DIR")
                supervisor.start([redis])
            storage = _start_demo_storage(supervisor) if demo else None
            self._say("Bringing the database and the pages' files up to date ...")
            installation.set_up()
            if storage:
                supervisor.wait_until_answers(
                    storage, without_progress_s=WITHOUT_PROGRESS_S, at_most_s=START_AT_MOST_S
                )
                demo_data.seed(storage_port=storage.port, now=timezone.now())
            else:
                first_admin.ensure(self._say)
            installation.check_parts(self._say)
            self._warn()
            connections.close_all()
            parts = programs.parts(programs.PARTS, to_logs=True)
            _run(supervisor, parts, lambda: self._welcome(storage))

    def _welcome(self, storage: Child | None) -> None:
        """The pages are there. A demo's jobs come now, so that nobody waits for them."""
        self._greet(storage)
        if storage:
            demo_data.create_jobs(now=timezone.now())
            connections.close_all()

    def _greet(self, storage: Child | None) -> None:
        self._say(f"batchconsole runs at {programs.address()}")
        if storage:
            password = settings.BATCHCONSOLE_DEMO_PASSWORD
            shown = "demo" if password == "demo" else "as set in DEMO_PASSWORD"  # noqa: S105
            self._say(f"  Sign in  {DEMO_EMAIL}, password {shown}")
            self._say(
                f"  Storage  http://127.0.0.1:{storage.port}, filled anew at every start:"
                f" {', '.join(demo_objects.BUCKETS)}"
            )
            self._say("  Keys     access key ID demo, secret access key demo, for any S3 tool")
            if settings.BATCHCONSOLE_BIND not in programs.LOOPBACK:
                self._say(
                    f"  Warning  BIND={settings.BATCHCONSOLE_BIND}: whoever reaches this machine can sign"
                    " in as administrator, and make this machine call any address as a Region"
                )
            self._say("  Jobs     one waits for your confirmation, seven others run by themselves")
        self._say(f"  Data     {settings.DATA_DIR} (logs in {settings.DATA_DIR.name}/logs)")
        self._say("Ctrl-C stops everything.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _refuse_real_use() -> None:
    """Before migrations, which cannot be taken back, and before the demo's data is added."""
    try:
        in_real_use = demo_data.is_in_real_use()
    except OperationalError as error:
        raise NoDatabaseError(f"The database cannot be used: {str(error).strip()}") from error
    if in_real_use:
        raise RefusedError(
            f"{settings.DATA_DIR} has an administrator of its own: it is no demo's. Set"
            " DATA_DIR and DATABASE_URL to others, or start without --demo."
        )


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
            supervisor.bring_up(
                child, without_progress_s=WITHOUT_PROGRESS_S, at_most_s=START_AT_MOST_S
            )
    if not supervisor.stopping:
        greet()
    supervisor.watch()
