"""Our RQ worker, which notes what its background calls take, in the file that BENCH_LEDGER names."""

import os
from pathlib import Path

from bench import ledger

if os.environ.get("BENCH_TIMED") == "1":
    ledger.time_bookkeeping()

from jobs import background  # noqa: E402 - the engine is imported with what it is to be timed by
from jobs.worker import ForwardingWorker  # noqa: E402

ledger.install(background, Path(os.environ["BENCH_LEDGER"]))


class NotingWorker(ForwardingWorker):
    pass
