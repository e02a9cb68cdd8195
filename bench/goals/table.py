"""Which function measures what, in the order of the table."""

from collections.abc import Callable

from bench.figures import Findings
from bench.goals import (
    api,
    books,
    calls,
    checksums,
    deletes,
    dry_run,
    inventories,
    invoke,
    kill,
    limits,
    listing,
    memory,
    million,
    multipart,
    neighbours,
    pages,
    policies,
    preparing,
    preview,
    reports,
    scale,
    streaming,
    watchers,
)
from bench.place import Place

Measure = Callable[[Place, Findings], None]
GOALS: dict[str, Measure] = {
    "G1": calls.at_once,
    "G2": calls.at_20_ms,
    "G4": calls.over_tls,
    "G5": deletes.in_batches,
    "G6": preparing.csv,
    "G7": memory.flat,
    "G8": limits.unknown,
    "G9": kill.of_a_worker,
    "G10": books.share,
    "dry-run": dry_run.beside_its_job,
    "invoke": invoke.at_the_bound,
    "checksum": checksums.computed,
    "streaming": streaming.between_endpoints,
    "inventory": inventories.read,
    "multipart": multipart.killed_in_the_middle,
    "listing": listing.beside_boto3,
    "scale": scale.two_workers,
    "million": million.end_to_end,
    "pages": pages.with_many_jobs,
    "policies": policies.decided,
    "preview": preview.of_a_gibibyte,
    "reports": reports.of_any_length,
    "neighbours": neighbours.beside_bad_storages,
    "watchers": watchers.two_hundred,
    "api": api.beside_a_job,
}
