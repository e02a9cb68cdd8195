"""One reader of a CSV manifest, in a process of its own; says what it took.

`local` goes from a file on the disk to the packed blocks of the frozen list; `turn` is what a control worker
does for a job that was made before: it reads over HTTP, checks the bucket, and keeps blocks in work storage
and chunks in the database. DuckDB adds up the lengths of the decoded keys.
"""

import json
import sys
import time
from pathlib import Path
from typing import cast

import django
import duckdb

django.setup()

from bench.inventories import OnDisk, packed, used_s  # noqa: E402
from jobs import background  # noqa: E402
from jobs.choices import ManifestField  # noqa: E402
from jobs.manifests.sources import source_of  # noqa: E402
from jobs.models import Job  # noqa: E402
from jobs.s3.storage import Storage  # noqa: E402
from jobs.spec.manifest import ManifestSpec  # noqa: E402

FIELDS = (ManifestField.BUCKET, ManifestField.KEY)


def local(path: str) -> int:
    file = Path(path)
    manifest = ManifestSpec("lists", file.name, "etag", FIELDS)
    return packed(manifest, cast(Storage, OnDisk(file.parent)))


def turn(job_id: str) -> int:
    background.prepare_and_finish()
    return Job.objects.get(pk=job_id).total_tasks or 0


def by_duckdb(path: str) -> int:
    columns = "{'bucket': 'VARCHAR', 'key': 'VARCHAR'}"
    lines = (
        f"read_csv('{path}', header = false, columns = {columns}, delim = ',', quote = '\"',"
        " auto_detect = false, strict_mode = true, force_not_null = ['key'])"
    )
    with duckdb.connect(config={"threads": 1}) as connection:
        counted = connection.execute(
            f"SELECT count(*), sum(length(url_decode(key))) FROM {lines}"  # noqa: S608
        )
        return int(counted.fetchall()[0][0])


READERS = {"local": local, "turn": turn, "duckdb": by_duckdb}


def main() -> None:
    reader, what = sys.argv[1:]
    source_of(ManifestSpec("lists", "list", "etag", FIELDS))  # what is imported is not measured
    cpu_s, began_s = used_s(), time.monotonic()
    rows = READERS[reader](what)
    took = {"wall_s": time.monotonic() - began_s, "cpu_s": used_s() - cpu_s}
    print(json.dumps({**took, "rows": rows}))


if __name__ == "__main__":
    main()
