"""Tick objects in the bucket browser: kept over folders and pages, then a list."""

from html import unescape
from urllib.parse import quote

import pytest
from django.urls import reverse

from jobs.console.wizard.lists import ticks
from tests.console.wizard.lists.conftest import rows_of

AWKWARD = "dir/ü +%41,\n'\"&<b>.txt"


@pytest.fixture
def tick(client, draft, lists):
    def press(go, *, bucket="", prefix="", objects=(), folders=(), shown=()):
        url = reverse("list-tick", args=[draft.pk], query={"bucket": bucket, "prefix": prefix})
        names = [*objects, *folders, *shown]
        return client.post(
            url,
            {
                "go": go,
                "objects": [quote(key, safe="") for key in objects],
                "folders": [quote(key, safe="") for key in folders],
                "shown-objects": [quote(key, safe="") for key in names],
                "shown-folders": [quote(key, safe="") for key in names],
            },
        )

    return press


def shown(response):
    return unescape(response.content.decode())


def told(draft):
    draft.refresh_from_db()
    return draft.data["ticked"]


def test_buckets_folders_and_objects_can_be_walked_through(client, draft, lists, put, bucket):
    put("dir/a b.txt", "x")
    url = reverse("list-tick", args=[draft.pk])
    assert bucket in shown(client.get(url))
    assert 'value="open:dir%2F"' in shown(client.get(url, {"bucket": bucket}))
    html = shown(client.get(url, {"bucket": bucket, "prefix": "dir/"}))
    assert 'value="dir%2Fa%20b.txt"' in html


def test_ticks_are_kept_over_folders_and_become_a_list(tick, draft, bucket, manifest_of):
    response = tick("open:dir%2F", bucket=bucket, objects=["a.txt"])
    assert response["Location"].endswith(f"/tick/?bucket={bucket}&prefix=dir%2F")
    response = tick("use", bucket=bucket, prefix="dir/", objects=[AWKWARD])
    assert response["Location"] == f"/jobs/create/{draft.pk}/manifest/#preview"
    assert rows_of(manifest_of(draft)) == [(bucket, "a.txt"), (bucket, AWKWARD)]
    assert not [one for one in draft.data["found"]["problems"] if one["blocking"]]


def test_what_is_unticked_goes_and_what_other_pages_show_stays(tick, draft, bucket):
    tick("keep", bucket=bucket, objects=["a", "b"])
    tick("keep", bucket="other-bucket", objects=["a"])
    tick("keep", bucket=bucket, objects=["b"], shown=["a"])
    assert told(draft)["objects"] == [[bucket, "b"], ["other-bucket", "a"]]
    tick("clear", bucket=bucket, objects=["c"])
    assert told(draft) == {"objects": [], "folders": []}


def test_ticked_boxes_are_checked_when_one_comes_back(tick, client, draft, put, bucket):
    put("a.txt", "x")
    put("b.txt", "x")
    tick("keep", bucket=bucket, objects=["a.txt"])
    html = shown(client.get(reverse("list-tick", args=[draft.pk]), {"bucket": bucket}))
    assert 'value="a.txt" checked' in html and 'value="b.txt" checked' not in html


def test_next_page_keeps_the_ticks_of_this_one(tick, draft, bucket):
    response = tick("more:token-2", bucket=bucket, objects=["a"])
    assert "token=token-2" in response["Location"]
    assert told(draft)["objects"] == [[bucket, "a"]]


@pytest.mark.parametrize(
    ("objects", "folders", "says"),
    [
        ([], [], "Tick at least one object or folder."),
        (["a"], ["dir/"], "Objects and folders cannot be one list"),
    ],
)
def test_ticks_that_make_no_list_say_why(tick, bucket, objects, folders, says):
    assert says in shown(tick("use", bucket=bucket, objects=objects, folders=folders))


def test_ticked_folders_become_a_generated_list(tick, draft, client, put, bucket, make_bucket):
    put("dir/a b.txt", "x")
    put("dir/sub/c.txt", "x")
    put("other.txt", "x")
    other = make_bucket()
    tick("keep", bucket=other, folders=["x/"])
    response = tick("use", bucket=bucket, folders=["dir/"])
    assert response["Location"] == f"/jobs/create/{draft.pk}/manifest/#preview"
    draft.refresh_from_db()
    typed = draft.data["manifest"]
    assert typed["kind"] == "generated" and typed["source"] == f"s3://{other}/x/"
    assert typed["more_sources-0-path"] == f"s3://{bucket}/dir/"
    assert [row["key"] for row in draft.data["found"]["rows"]] == ["dir/a b.txt", "dir/sub/c.txt"]


def test_folders_ticked_anew_take_the_place_of_those_before(tick, draft, put, bucket):
    put("dir/a b.txt", "x")
    put("b/c.txt", "x")
    tick("use", bucket=bucket, folders=["dir/", "b/"])
    tick("use", bucket=bucket, folders=["b/"], shown=["dir/"])
    draft.refresh_from_db()
    assert draft.data["manifest"]["source"] == f"s3://{bucket}/b/"
    assert not [name for name in draft.data["manifest"] if name.startswith("more_sources")]


def test_more_folders_than_one_list_takes_say_so(tick, bucket):
    folders = [f"{number}/" for number in range(101)]
    response = tick("use", bucket=bucket, folders=folders)
    assert "At most 100 folders can be one list" in shown(response)


def test_more_ticks_than_there_is_room_for_are_refused_and_none_is_lost(
    tick, draft, bucket, monkeypatch
):
    monkeypatch.setattr(ticks, "MOST_TICKED", 2)
    tick("keep", bucket=bucket, objects=["a", "b"])
    assert "At most 2 objects can be ticked" in shown(tick("keep", bucket=bucket, objects=["c"]))
    assert told(draft)["objects"] == [[bucket, "a"], [bucket, "b"]]


def test_bucket_that_is_not_there_says_so(client, draft, lists):
    url = reverse("list-tick", args=[draft.pk])
    assert "the bucket does not exist" in shown(client.get(url, {"bucket": "no-such-bucket-here"}))
