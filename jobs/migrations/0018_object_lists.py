"""A job keeps its list in the wire form, and what a checkpoint is only its source knows."""

from itertools import islice

from django.db import migrations, models

AT_ONCE = 1_000
FACTS = (
    "pk", "terminated_at", "guarded_by_id", "prepared_rows", "work_stored", "buckets",
    "manifest_bucket", "manifest_key", "manifest_version_id", "manifest_etag", "manifest_format",
    "manifest_fields",
)  # fmt: skip


def to_wire(apps, schema_editor):
    jobs = apps.get_model("jobs", "Job").objects.only(*FACTS)
    changed = ["listed_by", "list_checkpoint", "buckets"]
    left = jobs.iterator(AT_ONCE)
    while some := list(islice(left, AT_ONCE)):
        for job in some:
            job.listed_by = _wire(job)
            if job.terminated_at is None:
                job.list_checkpoint = _checkpoint(job)
                job.buckets = {name: facts[:2] for name, facts in job.buckets.items()}
        apps.get_model("jobs", "Job").objects.bulk_update(some, changed, batch_size=200)


def _wire(job):
    location = {
        "ObjectArn": f"arn:aws:s3:::{job.manifest_bucket}/{job.manifest_key}",
        "ETag": job.manifest_etag,
    }
    if job.manifest_version_id:
        location["ObjectVersionId"] = job.manifest_version_id
    spec = {"Format": job.manifest_format, "Fields": job.manifest_fields}
    return {"Manifest": {"Spec": spec, "Location": location}}


def _checkpoint(job):
    if not job.prepared_rows:
        return None
    if job.guarded_by_id:
        return {"row": job.work_stored}
    return {"byte": job.work_stored, "line": job.prepared_rows + 1}


def from_wire(apps, schema_editor):
    jobs = apps.get_model("jobs", "Job").objects
    for job in jobs.only("listed_by").iterator(AT_ONCE):
        spec, location = job.listed_by["Manifest"]["Spec"], job.listed_by["Manifest"]["Location"]
        bucket, _, key = location["ObjectArn"].removeprefix("arn:aws:s3:::").partition("/")
        jobs.filter(pk=job.pk).update(
            manifest_bucket=bucket,
            manifest_key=key,
            manifest_version_id=location.get("ObjectVersionId", ""),
            manifest_etag=location["ETag"],
            manifest_format=spec["Format"],
            manifest_fields=spec.get("Fields", []),
        )


class Migration(migrations.Migration):
    dependencies = [("jobs", "0017_waiting_chunks")]

    operations = [
        migrations.RemoveIndex("job", "job_by_what_is_prepared"),
        migrations.RenameField("job", "prepared_byte", "work_stored"),
        migrations.AlterField(
            "job", "work_stored", models.PositiveBigIntegerField(default=0, editable=False)
        ),
        migrations.AddIndex(
            "job", models.Index(fields=["work_stored"], name="job_by_what_is_stored")
        ),
        migrations.AddField("job", "listed_by", models.JSONField(default=dict), preserve_default=False),
        migrations.AddField(
            "job", "list_checkpoint", models.JSONField(editable=False, null=True)
        ),
        migrations.AddField(
            "job", "buckets_checked", models.JSONField(default=list, editable=False)
        ),
        migrations.AddField("job", "skipped_rows", models.JSONField(default=dict)),
        migrations.AddField(
            "job", "failure_file", models.CharField(blank=True, max_length=1024, default=""),
            preserve_default=False,
        ),
        migrations.RunPython(to_wire, from_wire),
        # With a default, so that the way back has a value until from_wire gives the true one.
        *(
            migrations.AlterField("job", f"manifest_{name}", models.CharField(default="", max_length=most))
            for name, most in (("bucket", 63), ("key", 1024), ("etag", 1024))
        ),
        *(
            migrations.RemoveField("job", f"manifest_{name}")
            for name in ("bucket", "key", "version_id", "etag", "format", "fields")
        ),
    ]
