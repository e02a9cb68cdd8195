"""G5: deleting in batches of 1,000 keys."""

from bench import contest, sizes, trials
from bench.figures import ABSENT, Findings, Row, of, per_s, ratio
from bench.place import Place

BATCH = 1_000


def in_batches(place: Place, found: Findings) -> None:
    operation = trials.deletion()
    if operation is None:
        found.rows.append(Row("G5", "batch delete, whole job", ">= 60,000 keys/s", verdict=ABSENT))
        return
    url, keys = place.stub.url(), sizes.tasks(1_000_000)
    scripted_calls = max(20, sizes.tasks(150_000) // BATCH)
    scripted, threads = contest.best_boto3("delete", scripted_calls, url=url, each=BATCH)
    quiet = contest.boto3(
        "boto3, quiet", "delete-quietly", scripted_calls, threads, url=url, each=BATCH
    )
    by_wildcard = sizes.tasks(40_000)
    rounds = contest.take_turns(
        [
            contest.transport("transport", operation, keys, found, url=url),
            contest.whole_job(place, "job", operation, keys, found, url=url),
            scripted,
            quiet,
            contest.wrk("wrk", "delete", place.stub, 0, connections=16, each=BATCH),
            contest.s5cmd("s5cmd rm", by_wildcard, "rm", f"s3://list-{by_wildcard}/*", url=url),
        ]
    )
    job = of(rounds, "job", per_s)
    found.add(
        "G5", "batch delete, whole job: keys/s", job, aim=">= 60,000", met=job.median >= 60_000
    )
    for peer in ("wrk", "transport", scripted.name, quiet.name, "s5cmd rm"):
        found.add("G5", f"{peer}: keys/s", of(rounds, peer, per_s))
    times = ratio(rounds, "job", "s5cmd rm", per_s)
    found.add("G5", "whole job, times s5cmd", times, digits=1, aim=">= 10", met=times.median >= 10)
    times = ratio(rounds, "transport", scripted.name, per_s)
    found.add(
        "G5", f"transport, times boto3's best ({threads} threads)", times, digits=1, aim=">= 3",
        met=times.median >= 3,
    )  # fmt: skip
    for peer in rounds:
        for sample in rounds[peer]:
            found.peak(f"G5 {peer}", sample.pss_mb)
