"""How many invocations of functions, and calls of webhooks, one worker makes while each takes 20 ms."""

from collections.abc import Mapping

from django.utils import timezone

from bench import contest, sizes
from bench.contest import Peer
from bench.figures import Figure, Findings, cpu, of, per_s
from bench.goals.calls import disturbed
from bench.place import Place
from bench.trials import INVOKE, WEBHOOK
from jobs.models import FunctionEndpoint, Webhook

IN_FLIGHT = 128
LATENCY_MS = 20
BOUND_PER_S = IN_FLIGHT / (LATENCY_MS / 1000)
LEAST_PERCENT = 85.0
SECRET = "whsec_YSBzZWNyZXQgb2YgdHdlbnR5LWZvdXIgYnl0ZXM="  # noqa: S105 - the stub looks at none


def at_the_bound(place: Place, found: Findings) -> None:
    """Of what the latency allows: so many in flight, each for so long."""
    url, tasks = place.stub.url(LATENCY_MS), sizes.tasks(30_000)
    _connect(url)
    peers = {"function": INVOKE, "webhook": WEBHOOK}
    rounds = contest.take_turns(
        [
            contest.wrk("wrk", "copy", place.stub, LATENCY_MS),
            *_jobs(place, peers, tasks, found, url),
        ]
    )
    counts = disturbed(rounds, "wrk", LEAST_PERCENT / 100 * BOUND_PER_S)
    for peer in peers:
        rate = of(rounds, peer, per_s)
        share = Figure(*(100 * one / BOUND_PER_S for one in (rate.median, rate.low, rate.high)))
        found.add("invoke", f"{peer} at 20 ms: tasks/s", rate)
        found.add(
            "invoke", f"{peer}, % of {BOUND_PER_S:,.0f}/s", share, digits=1,
            aim=f">= {LEAST_PERCENT:g}", met=share.median >= LEAST_PERCENT, counts=counts,
        )  # fmt: skip
        found.add("invoke", f"{peer}: CPU-s per 1,000", of(rounds, peer, cpu), digits=3)


def _jobs(
    place: Place, peers: Mapping[str, str], tasks: int, found: Findings, url: str
) -> list[Peer]:
    return [
        contest.whole_job(place, peer, operation, tasks, found, url=url, in_flight=IN_FLIGHT)
        for peer, operation in peers.items()
    ]


def _connect(url: str) -> None:
    """What trials.PARAMETERS name."""
    FunctionEndpoint.objects.create(
        name="Functions",
        slug="functions",
        url=url,
        code="us-east-1",
        access_key_id="AKIDEXAMPLE",
        secret_access_key="x" * 40,  # noqa: S106 - the stub looks at no signature
        created_at=timezone.now(),
    )
    Webhook.objects.create(
        name="Hook",
        slug="hook",
        url=f"{url}/hook",
        secret=SECRET,
        may_be_private=True,
        created_at=timezone.now(),
    )
