"""What jobs are found by in a search: narrow rows, with those of the jobs that are there already."""

import django.db.models.deletion
from django.db import migrations, models

ARN = "arn:aws:s3:::"
BATCH = 1_000


def lines(texts):
    distinct = dict.fromkeys(text.casefold().replace("\n", " ") for text in texts if text)
    return "\n".join(("", *distinct, "")) if distinct else ""


def places_of(listed_by):
    if arn := listed_by.get("Manifest", {}).get("Location", {}).get("ObjectArn", ""):
        return [arn.removeprefix(ARN)]
    generator = listed_by.get("ManifestGenerator", {}).get("S3JobManifestGenerator", {})
    only = [{"Bucket": generator.get("SourceBucket", "")}]
    sources = listed_by.get("BatchConsole", {}).get("Sources") or only
    return [
        f"{source['Bucket'].removeprefix(ARN)}/{prefix}"
        for source in sources
        for prefix in source.get("Prefixes") or [""]
    ]


def texts_of(job):
    places = places_of(job.listed_by)
    target = str((job.parameters or {}).get("TargetResource", "")).removeprefix(ARN)
    listed = [place.partition("/")[0] for place in places]
    report = job.report_bucket if job.report_enabled else ""
    return {
        "description": job.description.casefold(),
        "buckets": lines([*list(job.buckets)[:1000], *listed, target, report]),
        "places": lines(places),
    }


def fill(apps, schema_editor):
    search_texts = apps.get_model("jobs", "SearchText").objects
    names = ("description", "buckets", "listed_by", "parameters", "report_bucket", "report_enabled")
    made = []
    for job in apps.get_model("jobs", "Job").objects.order_by("created_at").only(*names).iterator(BATCH):
        made.append(search_texts.model(job=job, **texts_of(job)))
        if len(made) == BATCH:
            search_texts.bulk_create(made)
            made = []
    search_texts.bulk_create(made)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0031_bulk_actions")]

    operations = [
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("description", models.CharField(blank=True, max_length=512)),
                ("buckets", models.TextField(blank=True)),
                ("places", models.TextField(blank=True)),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="search_text",
                        to="jobs.job",
                    ),
                ),
            ],
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
