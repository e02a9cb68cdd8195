"""One call of `background.run_chunks`, as an RQ horse makes it; says what it took, as JSON."""

import json
import resource
import time

import django

django.setup()

from jobs import background, worker  # noqa: E402 - a worker has imported all of it before


def used_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    worker.settle()
    cpu_s, began_s = used_s(), time.monotonic()
    background.run_chunks()
    print(json.dumps({"wall_s": time.monotonic() - began_s, "cpu_s": used_s() - cpu_s}))


if __name__ == "__main__":
    main()
