"""How fast a dry run of a job looks at its objects, beside the job itself."""

from bench import contest, sizes
from bench.figures import Findings, of, per_s, ratio
from bench.place import Place
from bench.trials import TAGGING

LEAST = {0: 0.3, 20: 0.8}
"""Of the job's own rate, by the latency of the storage in milliseconds."""


def beside_its_job(place: Place, found: Findings) -> None:
    """Replace all object tags: a change against a look."""
    for latency_ms, least in LEAST.items():
        url = place.stub.url(latency_ms) if latency_ms else place.stub.url()
        tasks = sizes.tasks(30_000 if latency_ms else 100_000)
        rounds = contest.take_turns(
            [
                contest.whole_job(place, "job", TAGGING, tasks, found, url=url),
                contest.whole_job(place, "dry run", TAGGING, tasks, found, url=url, dry_run=True),
            ]
        )
        for peer in ("job", "dry run"):
            what = f"tagging {peer} at {latency_ms} ms: objects/s"
            found.add("dry-run", what, of(rounds, peer, per_s))
        times = ratio(rounds, "dry run", "job", per_s)
        found.add(
            "dry-run", f"dry run at {latency_ms} ms, times the job", times, digits=2,
            aim=f">= {least:g}", met=times.median >= least,
        )  # fmt: skip
