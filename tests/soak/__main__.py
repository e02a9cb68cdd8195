"""Runs the soak on each database in turn, each in a process of its own: `python -m tests.soak`.

SOAK_DATABASES names them; tests/soak/one.py has the other variables.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from jobs.orphans import end_with_parent
from tests import postgres

DATABASES = os.environ.get("SOAK_DATABASES", "sqlite postgres").split()
GATEWAY = "BATCHCONSOLE_TEST_GATEWAY_URL"
AT_ANY_LINE = (
    "tests/engine/test_kills_in_operations.py",
    "tests/engine/test_crashes.py",
    "tests/engine/test_interleavings.py",
)

FUZZ = "tests/s3control/test_fuzz.py"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    failed = [name for name in DATABASES if not is_fine(name)]
    failed += ["every operation"] if not kills_in_operations() else []
    failed += ["REST API"] if not mutated_requests() else []
    if os.environ.get(GATEWAY):
        tests = ["-m", "pytest", "-k", "gateway", "tests/operations", "tests/workstore"]
        failed += ["gateway"] if subprocess.run([sys.executable, *tests]).returncode else []
    else:
        say(f"Gateway: not tried, as {GATEWAY} is not set.")
    say(f"Soak: {'failed: ' + ', '.join(failed) if failed else 'nothing lost, nothing doubled'}.")
    return bool(failed)


def kills_in_operations() -> bool:
    """A worker killed in the middle of the tasks of each operation; `make test` takes some of them."""
    command = [sys.executable, "-m", "pytest", "-q", *AT_ANY_LINE]
    return not subprocess.run(command, env=os.environ | {"ALL_CRASHES": "1"}).returncode


def mutated_requests() -> bool:
    """10,000 of them, none of which gets a 500; `make test` sends some."""
    command = [sys.executable, "-m", "pytest", "-q", FUZZ]
    return not subprocess.run(command, env=os.environ | {"FUZZ_REQUESTS": "10000"}).returncode


def is_fine(database: str) -> bool:
    folder = Path(tempfile.mkdtemp(prefix="bc-soak-"))
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    environment |= {"DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "tests.soak.settings"}
    if database == "postgres":
        cluster = postgres.make()
        environment |= {"DATABASE_URL": cluster.url, "SOAK_CLUSTER": str(cluster.folder)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.one"],
        env=environment,
        preexec_fn=end_with_parent(os.getpid(), signal.SIGTERM),
    )
    if done.returncode:
        say(f"  Its logs and database are kept in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
