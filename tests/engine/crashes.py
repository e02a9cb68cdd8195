"""Processes that die at any side effect, on purpose and one at a time.

A `Mortal` counts every side effect of prepare, run and finish: statements and commits of the
database, calls of the storage, hints, and whatever touches work storage. At a chosen count it
dies: there `Death` is raised, and again at everything that the dead still try. What was not
committed is rolled back, as the database does for a connection that breaks.
"""

import collections
import contextlib
import threading

from botocore.client import BaseClient
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from jobs import conf, queueing
from jobs.engine import control, runner, sweep
from jobs.models import Chunk, Job
from jobs.notifications import delivering
from jobs.workstore.store import FolderStore, never


class Death(SystemExit):
    """As SystemExit, it ends a thread without a word, and nobody's `except Exception` holds it."""


class Mortal:
    def __init__(self):
        self.points = 0
        self.dies_at = 0
        self.dead = False
        self.died_at = ""
        self.watched = False
        self._lock = threading.Lock()

    def point(self, what):
        with self._lock:
            if not self.watched:
                return
            self.points += 1
            if self.points == self.dies_at:
                self.dead, self.died_at = True, what
            # Our loop would end of it, without a word: its life ends at what the others do next.
            if self.dead and threading.current_thread().name != "dataplane":
                raise Death(what)

    @contextlib.contextmanager
    def around(self, what):
        """A side effect that it may die just before or just after."""
        self.point(f"before {what}")
        yield
        self.point(f"after {what}")


class MortalStore(FolderStore):
    """Work storage whose user may die at every call."""

    def __init__(self, root, mortal):
        super().__init__(root)
        self._mortal = mortal

    def put(self, name, data):
        with self._mortal.around(f"put {name}"):
            super().put(name, data)

    def read(self, name):
        self._mortal.point(f"read {name}")
        return super().read(name)

    def read_range(self, name, offset, length):
        self._mortal.point(f"read {name}")
        return super().read_range(name, offset, length)

    def delete(self, prefix, *, stop=never):
        with self._mortal.around(f"delete {prefix}"):
            return super().delete(prefix, stop=stop)


class Steps:
    """The background calls by hand: `hints` are those that wait in the queues."""

    def __init__(self, monkeypatch):
        self.mortal = Mortal()
        self.hints = collections.deque()
        self._patch(monkeypatch)

    def _patch(self, monkeypatch):
        call_api, commit = BaseClient._make_api_call, BaseDatabaseWrapper._commit

        def api_call(client, name, params):
            with self.mortal.around(f"{name} {params.get('Key', '')}"):
                return call_api(client, name, params)

        def commit_or_die(database):
            try:
                self.mortal.point("before commit")
            except Death:
                database.rollback()
                raise
            commit(database)
            self.mortal.point("after commit")

        def enqueue(name, args):
            with self.mortal.around(f"hint {name}"):
                self.hints.append((name, args))

        monkeypatch.setattr(BaseClient, "_make_api_call", api_call)
        monkeypatch.setattr(BaseDatabaseWrapper, "_commit", commit_or_die)
        monkeypatch.setattr(queueing, "_enqueue", enqueue)
        monkeypatch.setattr(queueing, "workers_of", lambda queue: 1)
        monkeypatch.setattr(
            queueing, "waiting_in", lambda queue: sum(self._queue(h) == queue for h in self.hints)
        )

    def _queue(self, hint):
        return queueing.QUEUE_OF[hint[0]]

    def _statement(self, execute, sql, params, many, context):
        verb = " ".join(sql.split()[:3])
        with self.mortal.around(verb):
            return execute(sql, params, many, context)

    def try_to(self, call):
        """Whether `call` came to its end; if not, its process is gone and its leases run out."""
        self.mortal.watched = True
        try:
            with connection.execute_wrapper(self._statement):
                call()
            self.mortal.watched = False
            return True
        except Death:
            self.mortal.watched = self.mortal.dead = False
            self.mortal.dies_at = 0
            connection.close()
            Chunk.objects.filter(lease_expires_s__gt=1).update(lease_expires_s=1)
            Job.objects.update(control_lease_expires_s=0)
            return False

    def work_off(self):
        """Do what the queues ask for, and what the sweep asks for, until nothing is left."""
        for _ in range(40):
            while self.hints:
                name, args = self.hints.popleft()
                self.try_to(lambda name=name, args=args: self._perform(name, args))
            self.try_to(lambda: sweep.sweep(now=timezone.now()))
            if not self.hints:
                return
        raise AssertionError(f"there is no end to {set(self.hints)}")

    def perform_one(self, name):
        """The first hint of that name."""
        hint = next(hint for hint in self.hints if hint[0] == name)
        self.hints.remove(hint)
        self._perform(*hint)

    def _perform(self, name, args):
        if name == "send_notifications":
            self.mortal.watched = False  # its deaths are in tests/notifications
            delivering.deliver(clock=timezone.now, stop=threading.Event())
            return
        stores = {"work": MortalStore(conf.work_dir(), self.mortal), "clock": timezone.now}
        calls = {
            "prepare_and_finish": control.prepare_and_finish,
            "run_chunks": runner.run_chunks,
        }
        calls[name](*args, **stores, stop=threading.Event())
