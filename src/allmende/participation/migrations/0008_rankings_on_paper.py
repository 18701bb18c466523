"""Orders say by which way they came: online or from paper."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep the way; what is there came online."""

    dependencies = [("participation", "0007_rankings")]  # noqa: RUF012 - Django reads a list

    operations = [  # noqa: RUF012 - Django reads a list
        migrations.AddField(
            model_name="rankingballot", name="channel", field=models.CharField(default="online", max_length=10)
        ),
    ]
