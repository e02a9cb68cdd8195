from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0007_lost_rows"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="control_tries",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="region",
            name="control_served_s",
            field=models.FloatField(default=0, editable=False),
        ),
    ]
