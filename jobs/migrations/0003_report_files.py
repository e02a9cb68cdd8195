from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("jobs", "0002_limits_pauses_retries"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="report_files",
            field=models.JSONField(default=list),
        ),
    ]
