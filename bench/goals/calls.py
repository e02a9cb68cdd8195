"""G1, G2, G3, G4: calls per object, against boto3, s5cmd and the bound that wrk finds."""

from bench import contest, sizes
from bench.contest import Peer
from bench.figures import Figure, Findings, Rounds, best, cpu, of, per_s, ratio
from bench.place import Place
from bench.trials import COPY, TAGGING

USUAL_PER_S = 80_000
"""What the stub gives at 0 ms on a core of its own; below, something is in its way."""

WILDCARD, BY_LINE = "s5cmd, wildcard copy", "s5cmd, a line per copy"


def s5cmd_copies(tasks: int, *, url: str) -> list[Peer]:
    by_line = max(300, tasks // 3)
    line = "cp s3://data/data/part-{0:09d}.parquet s3://copies/data/part-{0:09d}.parquet"
    arguments = ("cp", f"s3://list-{tasks}/*", "s3://copies/")
    return [
        contest.s5cmd(WILDCARD, tasks, *arguments, url=url),
        contest.s5cmd_by_line(BY_LINE, line, by_line, url=url),
    ]


def disturbed(rounds: Rounds, bound: str, usual_per_s: float) -> str:
    """Why rates of this run do not count; empty when the stub came to its ceiling."""
    ceiling = of(rounds, bound, per_s)
    if ceiling.median >= usual_per_s:
        return ""
    return f"wrk alone got {ceiling.text()}/s from the stub, usual are {usual_per_s:,.0f}/s"


def inverse(figure: Figure) -> Figure:
    return Figure(1 / figure.median, 1 / figure.high, 1 / figure.low)


def at_once(place: Place, found: Findings) -> None:
    """G1 and G3, at 0 ms: CPU per 1,000 tasks, and the rate on one core."""
    url, tasks = place.stub.url(), sizes.tasks(200_000)
    copied, scripted = sizes.tasks(8_000), sizes.tasks(2_000)
    rounds = contest.take_turns(
        [
            contest.wrk("wrk", "copy", place.stub, 0),
            contest.whole_job(place, "tagging job", TAGGING, tasks, found, url=url),
            contest.whole_job(place, "copy job", COPY, tasks, found, url=url),
            contest.boto3("boto3 tagging", "tag", scripted, 64, url=url),
            contest.boto3("boto3 copy", "copy", scripted, 64, url=url),
            *s5cmd_copies(copied, url=url),
        ]
    )
    _cpu_of_jobs(rounds, found)
    for peer in ("boto3 tagging", "boto3 copy", WILDCARD, BY_LINE):
        found.add("G1", f"{peer}: CPU-s per 1,000", of(rounds, peer, cpu), digits=2)
    better = (
        WILDCARD if of(rounds, WILDCARD, cpu).median < of(rounds, BY_LINE, cpu).median else BY_LINE
    )
    times = inverse(ratio(rounds, "copy job", better, cpu))
    found.add(
        "G1",
        "CPU of s5cmd's best copy, times a copy job's",
        times,
        digits=1,
        aim=">= 8",
        met=times.median >= 8,
    )
    _rate_of_copies(rounds, found)
    for peer in rounds:
        for sample in rounds[peer]:
            found.peak(f"G1 {peer}", sample.pss_mb)


def _cpu_of_jobs(rounds: Rounds, found: Findings) -> None:
    for kind in ("tagging", "copy"):
        used = of(rounds, f"{kind} job", cpu)
        found.add(
            "G1", f"{kind} job: CPU-s per 1,000", used, digits=3, aim="<= 0.065",
            met=used.median <= 0.065,
        )  # fmt: skip
        times = inverse(ratio(rounds, f"{kind} job", f"boto3 {kind}", cpu))
        found.add(
            "G1", f"CPU of boto3 with 64 threads, times a {kind} job's", times, digits=0,
            aim=">= 35", met=times.median >= 35,
        )  # fmt: skip


def _rate_of_copies(rounds: Rounds, found: Findings) -> None:
    counts = disturbed(rounds, "wrk", USUAL_PER_S)
    found.add("G3", "wrk at 0 ms: requests/s", of(rounds, "wrk", per_s))
    for peer in ("tagging job", "copy job", WILDCARD, "boto3 copy"):
        found.add("G3", f"{peer} at 0 ms: objects/s", of(rounds, peer, per_s))
    times = ratio(rounds, "copy job", WILDCARD, per_s)
    found.add(
        "G3", "copy job, times s5cmd's wildcard copy", times, digits=1, aim=">= 8",
        met=times.median >= 8, counts=counts,
    )  # fmt: skip


def at_20_ms(place: Place, found: Findings) -> None:
    """G2: 128 in flight on one core."""
    url, tasks = place.stub.url(20), sizes.tasks(30_000)
    scripted, threads = contest.best_boto3("copy", sizes.tasks(1_500), url=url)
    rounds = contest.take_turns(
        [
            contest.wrk("wrk", "copy", place.stub, 20),
            contest.transport("transport", COPY, tasks, found, url=url),
            contest.whole_job(place, "job", COPY, tasks, found, url=url),
            *s5cmd_copies(sizes.tasks(6_000), url=url),
            scripted,
        ]
    )
    counts = disturbed(rounds, "wrk", 0.85 * 128 / 0.020)
    found.add("G2", "wrk at 20 ms, 128 connections: requests/s", of(rounds, "wrk", per_s))
    for peer in ("transport", "job", WILDCARD, BY_LINE, scripted.name):
        found.add("G2", f"{peer}: objects/s", of(rounds, peer, per_s))
    quicker = best(rounds, (WILDCARD, BY_LINE), per_s)
    for what, peer, other, aim in (
        ("transport, % of wrk", "transport", "wrk", 90.0),
        ("whole job, % of wrk", "job", "wrk", 85.0),
        ("whole job, times s5cmd's best", "job", quicker, 3.5),
        (f"whole job, times boto3's best ({threads} threads)", "job", scripted.name, 12.0),
    ):
        scale = 100 if "%" in what else 1
        times = ratio(rounds, peer, other, per_s)
        times = Figure(times.median * scale, times.low * scale, times.high * scale)
        found.add(
            "G2", what, times, digits=1, aim=f">= {aim:g}", met=times.median >= aim, counts=counts
        )
    for what, other in (("s5cmd's", quicker), ("boto3's", scripted.name)):
        most = ratio(rounds, "wrk", other, per_s)
        found.add(
            "G2", f"the most that 128 connections allow: wrk, times {what} best", most, digits=1
        )
    for peer in rounds:
        for sample in rounds[peer]:
            found.peak(f"G2 {peer}", sample.pss_mb)


def over_tls(place: Place, found: Findings) -> None:
    """G4: certificates are verified."""
    tasks = sizes.tasks(100_000)
    job = contest.whole_job(place, "job", TAGGING, tasks, found, url=place.stub.url(43))
    rounds = contest.take_turns([job])
    used = of(rounds, "job", cpu)
    found.add(
        "G4",
        "tagging job over TLS: CPU-s per 1,000",
        used,
        digits=3,
        aim="<= 0.13",
        met=used.median <= 0.13,
    )
    found.add("G4", "tagging job over TLS: objects/s", of(rounds, "job", per_s))
    found.peak("G4 job", max(sample.pss_mb or 0 for sample in rounds["job"]))
