"""How large a report is, for the list of all reports; Regions that are not to be used any more."""

import django.db.models.deletion
from django.db import migrations, models


def sum_up(apps, schema_editor):
    changed = []
    reports = apps.get_model("jobs", "Report").objects.order_by("pk").only("files")
    for report in reports.iterator(1_000):
        report.size_bytes = sum(file["size_bytes"] for file in report.files)
        changed.append(report)
        if len(changed) == 1_000:
            apps.get_model("jobs", "Report").objects.bulk_update(changed, ["size_bytes"])
            changed = []
    apps.get_model("jobs", "Report").objects.bulk_update(changed, ["size_bytes"])


class Migration(migrations.Migration):
    dependencies = [("jobs", "0028_list_parts")]

    operations = [
        migrations.CreateModel(
            name="BucketCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bucket", models.CharField(max_length=255)),
                ("succeeded", models.PositiveBigIntegerField(default=0)),
                ("failed", models.PositiveBigIntegerField(default=0)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bucket_counts",
                        to="jobs.job",
                    ),
                ),
            ],
            options={
                "ordering": ["bucket"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("job", "bucket"), name="one_count_per_bucket"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="report",
            name="size_bytes",
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="region",
            name="disabled",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(sum_up, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(fields=["written_at", "id"], name="report_by_time"),
        ),
    ]
