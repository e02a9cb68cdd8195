"""Whole jobs for tests of storages that differ, and what is left of them."""

from urllib.parse import unquote

from tests.engine.places import TAGS

KEYS = [f"k{n}.txt" for n in range(5)]


def run(place, steps, operation, keys, parameters=None, **facts):
    """A job from its list to its end, or to where it waits, and its rows by key."""
    job = place.make_job(
        place.list_of(keys), operation=operation, parameters=parameters or {}, **facts
    )
    steps.all_the_way(job)
    job = steps.finish(job)
    rows = place.report_rows(job) if job.is_terminal and place.report_keys() else []
    return job, {unquote(row[1]): tuple(row[3:]) for row in rows}


def tag(place, steps, keys):
    return run(place, steps, "S3PutObjectTagging", keys, TAGS)


def copy(place, steps, keys, **parameters):
    there = {"TargetResource": f"arn:aws:s3:::{place.reports}", "TargetKeyPrefix": "copies"}
    return run(place, steps, "S3PutObjectCopy", keys, there | parameters)


def delete(place, steps, keys):
    return run(place, steps, "S3DeleteObject", keys)


def left(place):
    found = place.s3.list_objects_v2(Bucket=place.source).get("Contents", [])
    return {item["Key"] for item in found} - {"manifest.csv"}


def tags_of(place, key):
    return place.s3.get_object_tagging(Bucket=place.source, Key=key)["TagSet"]


def results(rows):
    return {key: row[0] for key, row in rows.items()}


def all_succeeded(rows, keys=KEYS):
    return results(rows) == dict.fromkeys(keys, "succeeded")
