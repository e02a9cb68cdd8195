from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0010_sign_in"),
    ]

    operations = [
        migrations.AddField(
            model_name="region",
            name="ca_certificate",
            field=models.TextField(
                blank=True, default="", max_length=65536, verbose_name="CA certificate"
            ),
        ),
    ]
