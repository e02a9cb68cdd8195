"""G6: preparing a CSV manifest beside DuckDB, which reads it and decodes its keys, one core each."""

from bench import contest, lists, programs, sizes, trials
from bench.contest import Peer
from bench.figures import Findings, Sample, cpu, of, per_s, ratio
from bench.place import Place

GOAL = "G6"
LOCAL, TURN, DUCKDB = "from a local file", "a whole turn over HTTP", "DuckDB, threads=1"
AIM = 0.8


def csv(place: Place, found: Findings) -> None:
    rows = sizes.tasks(5_000_000)
    path = str(place.stub.files / lists.write(place.stub.files, rows).key)
    peers = [
        Peer(LOCAL, lambda: _read("local", path, rows, found)),
        Peer(TURN, lambda: _turn(place, rows, found)),
        Peer(DUCKDB, lambda: _read("duckdb", path, rows, found)),
    ]
    rounds = contest.take_turns(peers)
    for peer in rounds:
        found.add(GOAL, f"CSV, {peer}: rows/s", of(rounds, peer, per_s))
        for sample in rounds[peer]:
            found.peak(f"{GOAL} {peer}", sample.pss_mb)
    for peer, aim in ((LOCAL, AIM), (TURN, None)):
        times = ratio(rounds, DUCKDB, peer, cpu)
        found.add(
            GOAL, f"CPU of DuckDB, times preparing's {peer}", times, digits=2,
            aim=f">= {aim}" if aim else "", met=times.median >= aim if aim else None,
        )  # fmt: skip


def _turn(place: Place, rows: int, found: Findings) -> Sample:
    job = trials.make(place.stub, trials.TAGGING, rows, url=place.stub.url())
    try:
        return _read("turn", job.pk, rows, found)
    finally:
        trials.clear(job)


def _read(reader: str, what: str, rows: int, found: Findings) -> Sample:
    took = programs.python(
        "bench.preparing", reader, what, BATCHCONSOLE_TIME_BOX_S=contest.LONG_BOX_S
    )
    if took.said["rows"] != rows:
        found.wrong.append(f"{GOAL}, {reader}: {took.said['rows']:,} of {rows:,} rows")
    return Sample(rows, took.said["wall_s"], took.said["cpu_s"], took.pss_mb)
