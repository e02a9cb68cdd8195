from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0003_report_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="served_s",
            field=models.FloatField(default=0),
        ),
        migrations.AlterField(
            model_name="jobevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("priority", "Priority changed"),
                    ("tags", "Tags changed"),
                    ("waiting", "Waiting"),
                    ("resumed", "Work goes on"),
                    ("limits", "Limits changed"),
                    ("held", "Kept paused"),
                    ("let_go", "May go on"),
                ],
                max_length=16,
            ),
        ),
    ]
