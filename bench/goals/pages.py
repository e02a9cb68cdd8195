"""Pages and the sweep with up to 100,000 jobs: what the server takes for each, at the median."""

import statistics
import time
from collections.abc import Callable
from unittest.mock import patch

from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench import contest, sizes
from bench.figures import Findings, figure
from bench.place import Place
from jobs import queueing
from jobs.console import shared
from jobs.console.milestones import Seen
from jobs.console.views.listing import pack_ids
from jobs.engine.sweep import sweep
from jobs.models import Job, Region, RoleCredentials
from tests.make import make_user
from tests.many_jobs import make_many

JOBS = (1_000, 10_000, 100_000)
LOOKS = 9
PAGE_MS, SEARCH_MS, SWEEP_MS, LIVE_CPU_MS, LIVE_KB = 100, 500, 20, 5, 10


def with_many_jobs(place: Place, found: Findings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    call_command("collectstatic", interactive=False, verbosity=0)
    # Nobody works here, and that is not to be asked again and again.
    with patch.object(queueing, "workers_seen", list), patch.object(queueing, "_enqueue"):
        client = Client()
        client.force_login(make_user("admin"))
        for count in map(sizes.tasks, JOBS):
            began_s = time.monotonic()
            make_many(count, now=timezone.now())
            contest.say(f"  {count:,} jobs made in {time.monotonic() - began_s:.0f} s")
            _measure(f"pages, {place.database}", found, client, count)
            _clear()


def _measure(goal: str, found: Findings, client: Client, count: int) -> None:
    for name, url in _pages(count).items():
        limit_ms = SEARCH_MS if "q=" in url else PAGE_MS
        _note(goal, found, f"{count:,} jobs, {name}", lambda url=url: client.get(url), limit_ms)
    shared.FRESH_S = 0.0  # as for the first who looks in that second
    for name, url in _fragments().items():
        look = lambda url=url: client.get(url, headers={"HX-Request": "true"})  # noqa: E731
        _note(goal, found, f"{count:,} jobs, live {name}", look, PAGE_MS)
    shared.FRESH_S = 60.0
    url = _fragments()["job"]
    cpu_ms = _times(lambda: client.get(url, headers={"HX-Request": "true"}), time.process_time)
    size_kb = len(client.get(url, headers={"HX-Request": "true"}).content) / 1000
    what = f"{count:,} jobs, live job that another viewer looked at"
    found.add(
        goal, f"{what}: CPU ms", figure(cpu_ms), digits=1, aim=f"<= {LIVE_CPU_MS}",
        met=statistics.median(cpu_ms) <= LIVE_CPU_MS,
    )  # fmt: skip
    found.add(
        goal,
        f"{what}: kB",
        figure([size_kb]),
        digits=1,
        aim=f"<= {LIVE_KB}",
        met=size_kb <= LIVE_KB,
    )
    _note(goal, found, f"{count:,} jobs, sweep", lambda: sweep(now=timezone.now()), SWEEP_MS)


def _pages(count: int) -> dict[str, str]:
    jobs = reverse("job-list")
    running = Job.objects.filter(status="Active").first()
    ended = (
        Job.objects.filter(status="Complete", tasks_failed__gt=0).order_by("-created_at").first()
    )
    assert running is not None and ended is not None
    return {
        "overview": reverse("overview"),
        "list": jobs,
        "last page of the list": f"{jobs}?page={count // 25}",
        "by description": f"{jobs}?sort=-description",
        "by objects": f"{jobs}?sort=-total&page={count // 50}",
        "completed ones": f"{jobs}?status=Complete",
        "with failures": f"{jobs}?has=failures",
        "of a Region": f"{jobs}?region=region-of-many-1",
        "with a tag": f"{jobs}?tag=team%3Dblue",
        "search": f"{jobs}?q=invoices",
        "search in vain": f"{jobs}?q=nowhere",
        "a job": reverse("job-detail", args=[running.pk]),
        "its activity": reverse("job-activity", args=[running.pk]),
        "failures": reverse("job-failures", args=[ended.pk]),
        "Regions": reverse("region-list"),
        "Worker health": reverse("worker-list"),
        "jobs in the admin site": reverse("admin:jobs_job_changelist"),
    }


def _fragments() -> dict[str, str]:
    running = Job.objects.filter(status="Active").first()
    newest = Job.objects.order_by("-created_at").values_list("pk", flat=True)[:25]
    assert running is not None
    return {
        "job": f"{reverse('job-live', args=[running.pk])}?{Seen.of(running).query()}",
        "overview": reverse("overview-live"),
        "list": f"{reverse('list-live')}?ids={pack_ids(newest)}",
    }


def _note(
    goal: str, found: Findings, what: str, call: Callable[[], object], limit_ms: float
) -> None:
    took_ms = figure(_times(call, time.monotonic))
    met = took_ms.median <= limit_ms
    found.add(goal, f"{what}: ms", took_ms, digits=1, aim=f"<= {limit_ms:.0f}", met=met)


def _times(call: Callable[[], object], clock: Callable[[], float]) -> list[float]:
    """In ms; the first one is for caches."""
    call()
    taken = []
    for _ in range(LOOKS):
        began_s = clock()
        call()
        taken.append((clock() - began_s) * 1000)
    return taken


def _clear() -> None:
    """Whole tables at once: row by row, each is looked for in all that refers to it."""
    with connection.constraint_checks_disabled():
        emptied = connection.ops.sql_flush(no_style(), [Job._meta.db_table], allow_cascade=True)
        connection.ops.execute_sql_flush(emptied)
    many = Region.objects.filter(slug__startswith="region-of-many")
    RoleCredentials.objects.filter(region__in=many).delete()
    many.delete()
