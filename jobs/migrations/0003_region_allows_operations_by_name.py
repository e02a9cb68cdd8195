"""A Region names the operations that it allows, where it had a column for the one there was."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

DELETING = "S3DeleteObject"


def name_what_was_allowed(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    regions = apps.get_model("jobs", "Region").objects.using(editor.connection.alias)
    regions.filter(allows_deleting=True).update(allowed_operations=[DELETING])


def tick_what_is_named(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    regions = apps.get_model("jobs", "Region").objects.using(editor.connection.alias)
    for region in regions.all():
        region.allows_deleting = DELETING in region.allowed_operations
        region.save(update_fields=["allows_deleting"])


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_when_chunks_were_tried")]

    operations = [
        migrations.AddField(
            model_name="region",
            name="allowed_operations",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.RunPython(name_what_was_allowed, tick_what_is_named),
        migrations.RemoveField(model_name="region", name="allows_deleting"),
    ]
