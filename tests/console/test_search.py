"""The search of the header: what it finds, in which order, and for whom."""

from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from jobs.lifecycle import commands, search_texts
from jobs.models import Job, JobTag, SearchText
from jobs.queries import search
from tests.make import listed_by, make_job, make_region, make_user

pytestmark = pytest.mark.django_db


def make(description="", status="Complete", **fields):
    job = make_job(status, description=description, **fields)
    search_texts.keep_search_text(job)
    return job


def see(client, text, **more):
    return client.get(reverse("search"), {"q": text, **more})


def found(client, text, **more):
    """Descriptions by group, as the page has them."""
    groups = see(client, text, **more).context["groups"]
    return {group.name: [hit.job.description for hit in group.hits] for group, _ in groups}


@pytest.mark.parametrize("page", ["overview", "help", "report-list", "search"])
def test_every_page_has_the_search_and_it_works_without_scripts(as_viewer, page):
    text = as_viewer.get(reverse(page)).content.decode()
    assert f'<form method="get" action="{reverse("search")}"' in text
    assert 'aria-keyshortcuts="/"' in text and 'id="find-in-menu"' in text


def test_whoever_may_not_list_jobs_has_no_search(client):
    client.force_login(make_user(None))
    assert "Search jobs" not in client.get(reverse("help")).content.decode()
    assert see(client, "photos").status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        "{id}",
        "  {ID} ",
        "arn:aws:s3:us-east-1:123456789012:job/{id}",
        "https://console.example.com/jobs/{id}/failures/?code=AccessDenied",
    ],
)
def test_id_arn_or_address_of_a_job_leads_straight_to_it(as_viewer, text):
    job = make("Tags")
    answer = see(as_viewer, text.replace("{id}", job.pk).replace("{ID}", job.pk.upper()))
    assert (answer.status_code, answer.url) == (302, reverse("job-detail", args=[job.pk]))


def test_id_of_no_job_says_so(as_viewer):
    text = see(as_viewer, "00000000-0000-4000-8000-000000000000").content.decode()
    assert "There is no job with the ID" in text


def test_beginning_of_an_id_finds_its_jobs(as_viewer):
    job = make("Tags", id="abcd1234-0000-4000-8000-000000000000")
    make("Copy", id="ffff1234-0000-4000-8000-000000000000")
    assert found(as_viewer, "ABCD1234") == {"id": ["Tags"]}
    assert job.pk in see(as_viewer, "abcd1234").content.decode()


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("NIGHT retag", "description"),
        ("team", "tag"),
        ("Blue", "tag"),
        ("team=blue", "tag"),
        ("cat-pictures", "bucket"),
        ("s3://cat-pictures", "bucket"),
        ("archive-of-all", "bucket"),
        ("reports-of-all", "bucket"),
        ("2024/retag.csv", "manifest"),
        ("RETAG.csv", "manifest"),
        ("arn:aws:s3:::lists/2024/retag.csv", "manifest"),
    ],
)
def test_job_is_found_by_what_it_is_about(as_viewer, text, group):
    make(
        "Retag nightly",
        operation="S3PutObjectCopy",
        parameters={"TargetResource": "arn:aws:s3:::archive-of-all"},
        tags={"team": "blue"},
        buckets={"cat-pictures": [5, 1]},
        manifest_bucket="lists",
        manifest_key="2024/Retag.csv",
        report_bucket="reports-of-all",
    )
    make("Other", tags={"year": "2020"}, buckets={"dogs": [5, 1]})
    assert found(as_viewer, text)[group] == ["Retag nightly"]


def test_listed_prefix_finds_its_job_and_says_where_it_was_found(as_viewer):
    source = {
        "S3JobManifestGenerator": {
            "SourceBucket": "arn:aws:s3:::photos",
            "EnableManifestOutput": False,
        }
    }
    ours = {"Sources": [{"Bucket": "arn:aws:s3:::photos", "Prefixes": ["cats/Small/"]}]}
    make("Cats", listed_by={"ManifestGenerator": source, "BatchConsole": ours})
    answer = see(as_viewer, "cats/small")
    assert "s3://photos/cats/Small/" in answer.content.decode()


def test_exact_match_stands_first_then_the_newest(as_viewer):
    make("photos")
    for name in ("old photos", "new photos", "photos of cats"):
        make(name)
    expected = ["photos", "photos of cats", "new photos", "old photos"]
    assert found(as_viewer, "photos")["description"] == expected


def test_group_with_an_exact_match_comes_first(as_viewer):
    make("All the photographs")
    make("Tags", buckets={"photo": [5, 1]})
    assert list(found(as_viewer, "photo"))[0] == "bucket"


def test_long_group_is_cut_and_shown_alone_on_demand(as_viewer, monkeypatch):
    monkeypatch.setattr(search, "SHOWN", 2)
    for number in range(4):
        make(f"Photos {number}", tags={"kind": "photos"})
    answer = see(as_viewer, "photos")
    assert "?q=photos&amp;in=description" in answer.content.decode()
    assert found(as_viewer, "photos", **{"in": "description"}) == {
        "description": [f"Photos {number}" for number in (3, 2, 1, 0)]
    }


def test_job_with_several_tags_that_fit_is_found_once(as_viewer):
    make("Tags", tags={"photo": "1", "photos": "2"})
    assert found(as_viewer, "photo")["tag"] == ["Tags"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", "\0", "s3://", "=", "a=", "\n"])
def test_odd_texts_find_nothing_that_does_not_hold_them(as_viewer, text):
    make("Retag")
    assert "Retag" not in sum(found(as_viewer, text).values(), [])


def test_nobody_finds_what_they_may_not_see(as_viewer):
    make("Photos", tags={"team": "red"}, buckets={"secret": [1, 1]})
    none = Job.objects.none()
    some = Job.objects.filter(description="Other")
    for text in ("photos", "red", "secret", "list.csv"):
        assert search.search(Job.objects.all(), text)
        assert search.search(none, text) == search.search(some, text) == []


def test_nothing_typed_shows_no_result_and_nothing_found_says_what_was_looked_at(as_viewer):
    make("Retag")
    assert "Nothing found" not in see(as_viewer, "").content.decode()
    assert "Nothing found" in see(as_viewer, "zebra").content.decode()


def test_word_of_the_console_leads_to_its_explanation(as_viewer):
    text = see(as_viewer, "canary").content.decode()
    assert f'href="{reverse("help")}#canary"' in text


def test_buckets_of_a_list_are_found_once_it_was_read(as_viewer):
    job = make("Tags", status="Preparing", buckets={})
    assert "bucket" not in found(as_viewer, "cat-pictures")
    job.buckets = {"cat-pictures": [5, 1]}
    commands.end_preparing(job, total_tasks=5, now=timezone.now())
    assert found(as_viewer, "cat-pictures")["bucket"] == ["Tags"]


def test_older_jobs_are_found_after_an_upgrade_as_new_ones_are():
    source = {
        "S3JobManifestGenerator": {
            "SourceBucket": "arn:aws:s3:::photos",
            "EnableManifestOutput": False,
        }
    }
    copy = {"TargetResource": "arn:aws:s3:::archive"}
    jobs = [
        make("Copy", operation="S3PutObjectCopy", parameters=copy, listed_by=listed_by()),
        make("Listed", listed_by={"ManifestGenerator": source}),
        make("No report", report_enabled=False),
    ]
    kept = sorted(SearchText.objects.values_list("job_id", "description", "buckets", "places"))
    SearchText.objects.all().delete()
    import_module("jobs.migrations.0032_search_text").fill(apps, None)
    fields = ("job_id", "description", "buckets", "places")
    assert sorted(SearchText.objects.values_list(*fields)) == kept
    assert len(kept) == len(jobs)


@pytest.mark.parametrize("jobs", [1, 3])
def test_search_takes_six_queries_however_many_it_finds(django_assert_num_queries, jobs):
    for _ in range(jobs):
        make("photos", region=make_region(), tags={"kind": "photos"}, buckets={"photos": [1, 1]})
    assert JobTag.objects.count() == jobs
    with django_assert_num_queries(5):
        groups = search.search(Job.objects.all(), "photos")
        assert all(hit.job.region.name for group in groups for hit in group.hits)
