"""An operation of the tests' own that keeps upload IDs, and a storage with uploads."""

import contextlib
import threading

from django.db import connection
from django.utils import timezone

from jobs import conf
from jobs.choices import JobStatus
from jobs.engine import finisher, open_chunks
from jobs.engine.task_states import states_left
from jobs.lifecycle import commands
from jobs.operations import registry
from jobs.operations.base import Operation, outcome_of
from jobs.operations.steps import Keep
from jobs.services.call import Call
from jobs.workstore.store import FolderStore
from tests import s3_double
from tests.allowed import allowed
from tests.dataplane.steps_at_work import Stepping
from tests.engine.test_open_chunks import Bench, see
from tests.s3_double import Reply, reply
from tests.servers import eventually

ROWS = 12
SLOW = ("k003", "k004", "k011")


class Uploading(Operation):
    """Begins an upload of each object, remembers its ID, and completes it."""

    name = label = "Uploading"
    keeps_state = True
    risk, to_wire = Stepping.risk, Stepping.to_wire
    consequence, summary = Stepping.consequence, Stepping.summary
    state_bytes = 0

    @classmethod
    def parse(cls, parameters):
        return cls()

    def run(self, target, context):
        place = {"Key": target.key}
        upload = context.kept.decode().strip()
        if not upload:
            begun = yield Call(context.bucket(target.bucket), "CreateMultipartUpload", place)
            upload = begun.data["UploadId"]
            yield Keep(upload.encode().ljust(self.state_bytes))
        place["UploadId"] = upload
        ended = yield Call(context.bucket(target.bucket), "CompleteMultipartUpload", place)
        if not ended.code:
            yield Keep(b"")
        return outcome_of(ended)

    def give_up(self, target, context):
        place = {"Key": target.key, "UploadId": context.kept.decode()}
        ended = yield Call(context.bucket(target.bucket), "AbortMultipartUpload", place)
        return outcome_of(ended) if ended.code else None


class Uploads(Bench):
    """A storage with uploads, of which those of SLOW are completed only when they `may_go`."""

    def __init__(self, double):
        super().__init__(double, FolderStore(conf.work_dir()), threading.Event())
        self.may_go = threading.Event()
        self.begun, self.completed, self.aborted = [], [], []
        self.to_abort = lambda key: reply(204)
        self.to_complete = lambda key: reply(200, _result("CompleteMultipartUpload", ETag="ab"))

    def answer(self, received):
        key, query = received.path.rpartition("/")[2], received.target.partition("?")[2]
        if received.method == "POST" and query.startswith("uploads"):
            self.begun.append(key)
            upload = f"{key}-{self.begun.count(key)}"
            return reply(200, _result("InitiateMultipartUpload", UploadId=upload))
        upload = query.removeprefix("uploadId=")
        if received.method == "DELETE":
            self.aborted.append(upload)
            return self.to_abort(key)
        self.completed.append(upload)
        done = self.to_complete(key)
        return Reply(done.data, until=self.may_go.is_set if key in SLOW else lambda: True)

    def job(self, **facts):
        facts = {"operation": Uploading.name, "parameters": {}, "report_enabled": False} | facts
        return self.ready(ROWS, rows_per_chunk=ROWS, **facts)

    def run_until_only_slow_ones_are_left(self, job, then):
        def run():
            try:
                self.run()
            finally:
                connection.close()

        worker = threading.Thread(target=run, daemon=True)
        worker.start()
        try:
            eventually(lambda: see(job).tasks_done == ROWS - len(SLOW))
            eventually(lambda: set(SLOW) <= {upload[:4] for upload in self.completed})
            then()
            worker.join(60)
            assert not worker.is_alive()
        finally:
            self.may_go.set()
            self.stop.set()
            worker.join(60)
        self.stop.clear()

    def cancelled_in_the_middle(self):
        job = self.job()
        self.run_until_only_slow_ones_are_left(
            job, lambda: commands.cancel(job.pk, by=allowed(), now=timezone.now())
        )
        assert see(job).status == JobStatus.CANCELLING
        return job

    def finish(self, job):
        finisher.finish_job(job.pk, work=self.work, clock=timezone.now, stop=self.stop)
        return see(job)

    def states(self, job):
        return {left.row: left.state for left in states_left(self.work, job.pk)}


def _result(name, **members):
    inside = "".join(f"<{member}>{text}</{member}>" for member, text in members.items())
    return f'<?xml version="1.0"?><{name}Result>{inside}</{name}Result>'.encode()


LEFT = {3: b"k003-1", 4: b"k004-1", 11: b"k011-1"}
"""By row: what lies there when only the slow ones are left."""


@contextlib.contextmanager
def running(settings, monkeypatch):
    settings.BATCHCONSOLE_HEARTBEAT_S = settings.BATCHCONSOLE_RECORD_EVERY_S = 0.1
    monkeypatch.setattr(open_chunks, "LONG_S", 0.1)
    monkeypatch.setattr("jobs.dataplane.flight.DRAIN_S", 0.1)
    monkeypatch.setitem(registry._TABLE, Uploading.name, Uploading)
    with s3_double.running() as double:
        uploads = Uploads(double)
        double.answer = uploads.answer
        yield uploads
