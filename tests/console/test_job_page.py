import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs import queueing
from jobs.console.context import banner_cache
from jobs.console.views import detail
from jobs.models import StatusChange
from jobs.queries import words
from jobs.queries.job_history import STEPS_SHOWN
from tests.make import make_chunk, make_failures, make_job, make_region, seen_worker

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 10, 3, tzinfo=UTC)
HTMX = {"HX-Request": "true"}


def page(client, job, name="job-detail"):
    answer = client.get(reverse(name, args=[job.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def fragment(client, job, **seen):
    answer = client.get(reverse("job-live", args=[job.pk]), seen, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def live_part(text):
    return re.search(r'<section class="card" id="live".*?</section>', text, re.S)[0]


@pytest.mark.parametrize("status", ["Preparing", "Suspended", "Active", "Complete"])
def test_polled_part_is_the_same_in_the_page_and_alone(as_viewer, monkeypatch, status):
    now = timezone.now()
    monkeypatch.setattr(detail.timezone, "now", lambda: now)
    job = make_job(status, failed=3, now=now)
    make_failures(job, tasks=3)
    alone = fragment(as_viewer, job, seen=status, quarter="75", failures="1")
    assert live_part(page(as_viewer, job)) == live_part(alone) == alone.strip()


def test_polled_part_holds_no_controls(as_operator):
    job = make_job("Active", failed=3)
    make_failures(job, tasks=3)
    text = live_part(page(as_operator, job))
    assert not re.search(r"<(input|button|details|form|select|textarea)\b", text)


def test_page_of_a_job_that_moves_polls_and_that_of_an_ended_one_does_not(as_viewer):
    assert 'hx-trigger="every 2s"' in page(as_viewer, make_job("Active"))
    assert 'hx-trigger="every 10s"' in page(as_viewer, make_job("Suspended"))
    assert "hx-trigger" not in live_part(page(as_viewer, make_job("Complete")))


def test_fragment_visited_directly_leads_to_the_page(as_viewer):
    job = make_job()
    answer = as_viewer.get(reverse("job-live", args=[job.pk]))
    assert answer.url == reverse("job-detail", args=[job.pk])


def test_change_of_status_brings_header_alert_and_timeline_along(as_operator):
    job = make_job("Complete", failed=0)
    unchanged = fragment(as_operator, job, seen="Complete")
    changed = fragment(as_operator, job, seen="Active")
    for part in ("job-head", "job-tabs", "state-alert", "timeline"):
        assert f'id="{part}"' in changed and f'id="{part}"' not in unchanged
    assert changed.count('hx-swap-oob="true"') == 4
    assert "Status: Completed." in changed


def test_timeline_that_shows_only_the_last_steps_leads_to_the_others(as_viewer):
    job, now = make_job("Active"), timezone.now()
    link = rf'Earlier steps are in\s+<a href="{reverse("job-activity", args=[job.pk])}">'
    assert not re.search(link, page(as_viewer, job))
    for _ in range(STEPS_SHOWN):
        StatusChange.objects.create(job=job, at=now, from_status="Active", to_status="Paused")
    assert re.search(link, page(as_viewer, job))


@pytest.mark.parametrize(
    ("counts", "seen", "sentence"),
    [
        ({"succeeded": 500}, {"quarter": "25", "failures": "0"}, "50% complete."),
        ({"succeeded": 500}, {"quarter": "50", "failures": "0"}, None),
        ({"succeeded": 100, "failed": 1}, {"quarter": "0", "failures": "0"}, "The first objects failed."),
        ({"succeeded": 100, "failed": 1}, {"quarter": "0", "failures": "1"}, None),
    ],
)  # fmt: skip
def test_screen_readers_hear_milestones_only(as_viewer, counts, seen, sentence):
    job = make_job("Active", total=1000, **counts)
    text = fragment(as_viewer, job, seen="Active", **seen)
    announced = re.findall(r'hx-swap-oob="innerHTML:#announce">(.*?)<', text)
    assert announced == ([sentence] if sentence else [])


def test_percent_is_100_only_when_all_is_done(as_viewer):
    assert "99.9%" in page(as_viewer, make_job("Active", total=1_000_000, succeeded=999_999))
    done = page(as_viewer, make_job("Active", total=10, succeeded=9, failed=1))
    assert re.search(r"% Complete</dt><dd class=\"big\">100%", done)


def test_awaiting_job_says_when_exactly_it_expires(as_operator):
    prepared = timezone.now() - timedelta(hours=1)
    job = make_job("Suspended", suspended_at=prepared, total=12_000)
    end = words.moment(prepared + timedelta(days=30))
    sentence = f"Expires on {end} (in 30 days) if nobody confirms."
    for url in (
        reverse("job-list"),
        *(reverse(n, args=[job.pk]) for n in ("job-detail", "job-run")),
    ):
        assert sentence in as_operator.get(url).content.decode(), url


def test_job_that_waits_says_why(as_viewer):
    job = make_job("Active", waiting_for="The storage of Region demo does not answer.")
    for url in (reverse("job-list"), reverse("overview"), reverse("job-detail", args=[job.pk])):
        assert "The storage of Region demo does not answer." in as_viewer.get(url).content.decode()


def test_failed_job_shows_code_reason_and_that_nothing_was_touched(as_viewer):
    job = make_job(
        "Failed", succeeded=0, failure_code="InvalidManifestContent",
        failure_reason="The row has 4 columns.", failure_line=17,
    )  # fmt: skip
    text = page(as_viewer, job)
    for part in (
        "InvalidManifestContent",
        "The row has 4 columns.",
        "line 17",
        "No object was changed.",
    ):
        assert part in text


def test_cancelled_job_names_who_stopped_it_and_why(as_viewer, operator):
    assert "by olga@example.com: “Wrong tag”" in page(
        as_viewer, make_job("Cancelled", actor=operator)
    )


def test_completed_job_with_failures_is_amber_and_leads_to_them(as_viewer):
    job = make_job("Complete", total=1000, failed=42)
    text = page(as_viewer, job)
    assert "Completed, 42 failed" in text and "42 of 1,000 objects failed." in text


def test_preparing_job_says_how_far_it_read_and_shows_no_bar(as_viewer):
    text = page(as_viewer, make_job("Preparing", prepared_rows=4_100_000))
    assert "Read 4,100,000 rows so far." in text
    assert "% Complete" not in text


def test_job_of_an_earlier_demo_storage_says_so(as_operator):
    region = make_region(emptied_at=NOW)
    old = make_job("Complete", region=region, created_at=NOW - timedelta(days=1))
    for url in (reverse("job-list"), reverse("job-detail", args=[old.pk])):
        assert "restarted on 21 November 2026 at 10:03 UTC" in as_operator.get(url).content.decode()


def test_unavailable_actions_stay_and_tell_their_reason(as_viewer):
    text = page(as_viewer, make_job("Suspended"))
    assert text.count("This needs the Operator role") == 4
    assert 'aria-disabled="true"' in text


def test_job_that_is_ready_says_what_it_waits_for(as_viewer, monkeypatch):
    monkeypatch.setattr(queueing, "workers_seen", lambda: [seen_worker("run")])
    banner_cache.forget()
    job = make_job("Ready", priority=10, created_at=timezone.now())
    assert "Waiting for a worker to start it." in page(as_viewer, job)
    make_job("Active", priority=5, region=job.region)
    make_job("Active", priority=20, region=job.region)
    text = page(as_viewer, job)
    assert "Waiting for its turn: 2 other jobs are running in" in text
    assert "1 with a higher priority." in text


def test_job_over_several_buckets_counts_by_bucket(as_viewer):
    job = make_job("Active", total=100, succeeded=40, failed=2)
    job.buckets = {"photos": [70, 1], "archive": [30, 71]}
    job.save()
    assert "Objects by bucket" not in page(as_viewer, job)  # it ran before these were counted
    job.bucket_counts.create(bucket="photos", succeeded=40, failed=2)
    text = re.sub(r"<[^>]+>", " ", page(as_viewer, job))
    assert re.search(r"photos\s+70\s+40\s+2\s+28\s+archive\s+30\s+0\s+0\s+30", text)


def test_failures_page_has_causes_with_shares_and_samples_with_advice(as_viewer):
    job = make_job("Complete", total=100, failed=40)
    make_failures(job, "AccessDenied", 403, tasks=30)
    make_failures(job, "NoSuchKey", 404, tasks=10, message="No <key> here")
    text = page(as_viewer, job, "job-failures")
    assert "75.0%" in text and "25.0%" in text
    assert "deleted, or the key is encoded differently" in text
    assert text.count("No &lt;key&gt; here") == 2 * 5  # in its line, and unfolded
    only = as_viewer.get(
        reverse("job-failures", args=[job.pk]), {"code": "NoSuchKey"}
    ).content.decode()
    assert "Samples of NoSuchKey only" in only and only.count("Access Denied") == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_failures_page_takes_a_fixed_number_of_queries(as_viewer, django_assert_num_queries, rows):
    job = make_job("Complete", failed=40)
    for code in range(rows):
        make_failures(job, f"Code{code}", tasks=2)
    page(as_viewer, job, "job-failures")
    with django_assert_num_queries(10):
        page(as_viewer, job, "job-failures")


def test_unknown_job_is_not_found_and_its_id_is_offered_for_search(as_viewer):
    answer = as_viewer.get("/jobs/7f3c9a12-0000-4000-8000-000000000000/")
    assert answer.status_code == 404
    assert 'value="7f3c9a12-0000-4000-8000-000000000000"' in answer.content.decode()
    assert as_viewer.get("/jobs/%00/").status_code == 404


def test_page_of_a_job_that_waits_for_archived_objects_says_so_and_not_that_it_hangs(
    as_viewer, monkeypatch
):
    monkeypatch.setattr(queueing, "workers_seen", lambda: [seen_worker("run")])
    banner_cache.forget()
    now = timezone.now()
    long_ago = now - timedelta(hours=5)
    job = make_job(
        "Active",
        succeeded=2,
        total=10,
        now=now,
        operation="S3InitiateRestoreObject",
        parameters={"ExpirationInDays": 7, "WaitUntilReadable": True},
        active_since=long_ago,
        started_at=long_ago,
    )
    due_s = now.timestamp() + 600
    make_chunk(job, position=2, rows=8, state="Waiting", waits=3, not_before_s=due_s)
    text = fragment(as_viewer, job)
    assert "10 requested, 2 can be read." in text and "The next check is due" in text
    assert "No object finished" not in text
    make_chunk(job, position=10, rows=1)
    assert "The next check is due" not in fragment(as_viewer, job)
