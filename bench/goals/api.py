"""Fifty API calls a second while a job runs: how soon they are answered, and what is left of the
job's rate.
"""

import http.client
import itertools
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.utils import timezone

from bench import contest, installation, sizes, trials
from bench.figures import Figure, Findings, figure
from bench.goals.scale import active_s
from bench.place import Place
from jobs import conf
from jobs.access import access_keys
from jobs.choices import RUNNABLE, TERMINAL
from jobs.models import AccessKey, Job
from tests.make import make_user

GOAL = "api"
DELAY_MS = 20
CALLS_PER_S, FOR_S, CLIENTS = 50, 60, 16
P95_MS, SHARE = 300, 0.8
_TAGS = (
    b"<PutJobTaggingRequest><Tags><member><Key>team</Key><Value>blue</Value></member></Tags>"
    b"</PutJobTaggingRequest>"
)


@dataclass(slots=True)
class Answers:
    """`took_s` counts from when a call was due, so that one that came late counts as slow."""

    took_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def beside_a_job(place: Place, found: Findings) -> None:
    tasks = sizes.tasks(900_000)
    with installation.running() as ours:
        alone = _job(place, tasks)
        trials.await_status(alone, TERMINAL)
        found.wrong += trials.check_end(alone, tasks)
        alone_per_s = tasks / active_s(alone)
        contest.say(f"  alone: {alone_per_s:,.0f}/s")
        job = _job(place, tasks)
        trials.await_status(job, {*RUNNABLE})
        answers, beside_per_s = _called(job, ours.url)
        trials.await_status(job, TERMINAL)
        found.wrong += trials.check_end(job, tasks)
        contest.say(f"  beside the calls: {beside_per_s:,.0f}/s")
    found.wrong += [f"a call failed: {said}" for said in answers.errors[:5]]
    _note(found, answers, alone_per_s, beside_per_s)


def _job(place: Place, tasks: int) -> Job:
    return trials.make(place.stub, trials.TAGGING, tasks, url=place.stub.url(DELAY_MS))


def _called(job: Job, url: str) -> tuple[Answers, float]:
    """The answers, and the job's rate while the calls came and it ran."""
    key = access_keys.create(make_user("operator"), by=None, now=timezone.now())
    answers, turn = Answers(), threading.Lock()
    targets = _targets(job)
    seconds = FOR_S * min(1.0, sizes.number("BENCH_SCALE", 1.0))
    begun_s, done = time.monotonic(), trials.see(job).tasks_done
    numbers = itertools.count()

    def call_in_turn() -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        while True:
            with turn:
                due_s = begun_s + next(numbers) / CALLS_PER_S
                target = next(targets)
            if due_s > begun_s + seconds:
                return
            time.sleep(max(0.0, due_s - time.monotonic()))
            said = _call(connection, url, key, job.region.slug, *target)
            answers.took_s.append(time.monotonic() - due_s)
            if said:
                answers.errors.append(said)

    with ThreadPoolExecutor(CLIENTS) as clients:
        for one in [clients.submit(call_in_turn) for _ in range(CLIENTS)]:
            one.result()
    seen, until_s = trials.see(job), time.monotonic()
    if seen.terminated_at:
        ended_s = (timezone.now() - seen.terminated_at).total_seconds()
        until_s -= ended_s
    return answers, (seen.tasks_done - done) / (until_s - begun_s)


def _targets(job: Job) -> Iterator[tuple[str, str, bytes]]:
    """Mostly looking, as those do who wait for a job."""
    path = f"/v20180820/jobs/{job.pk}"
    listed = ("GET", "/v20180820/jobs?jobStatuses=Active&maxResults=20", b"")
    looks = [("GET", path, b"")] * 6 + [listed] * 2 + [("GET", f"{path}/tagging", b"")]
    for n in itertools.count():
        yield from looks
        yield (
            ("PUT", f"{path}/tagging", _TAGS)
            if n % 2
            else ("POST", f"{path}/priority?priority={n % 9}", b"")
        )


def _call(
    connection: http.client.HTTPConnection,
    url: str,
    key: AccessKey,
    region: str,
    method: str,
    target: str,
    body: bytes,
) -> str:
    """What went wrong, empty where nothing did."""
    request = AWSRequest(
        method, f"{url}{target}", headers={"x-amz-account-id": conf.account_id()}, data=body
    )
    S3SigV4Auth(Credentials(key.pk, key.secret), "s3", region).add_auth(request)
    signed = request.prepare()
    try:
        connection.request(method, target, body, {**signed.headers})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    except OSError as error:
        connection.close()
        return f"{method} {target}: {error!r}"
    return "" if answer.status == 200 else f"{method} {target}: {answer.status} {text[:300]}"


def _note(found: Findings, answers: Answers, alone_per_s: float, beside_per_s: float) -> None:
    took_ms = sorted(one * 1000 for one in answers.took_s)
    p95 = took_ms[int(len(took_ms) * 0.95)]
    found.add(
        GOAL, f"{len(took_ms):,} calls, {CALLS_PER_S}/s: errors", figure([len(answers.errors)]),
        aim="0", met=not answers.errors,
    )  # fmt: skip
    found.add(
        GOAL, "their p95, ms (median to slowest)",
        Figure(p95, statistics.median(took_ms), took_ms[-1]), aim=f"< {P95_MS}", met=p95 < P95_MS,
    )  # fmt: skip
    found.add(GOAL, "the job alone: objects/s", figure([alone_per_s]))
    found.add(GOAL, "beside the calls: objects/s", figure([beside_per_s]))
    share = beside_per_s / alone_per_s
    found.add(
        GOAL, "its rate beside them, times alone", figure([share]), digits=2,
        aim=f">= {SHARE}", met=share >= SHARE,
    )  # fmt: skip
