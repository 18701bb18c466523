"""Contributions may have a line or an area, beside the point that stands for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Contributions that were there have a point, or no place."""

    dependencies = [("participation", "0014_pairs")]

    operations = [
        migrations.AddField(model_name="contribution", name="geometry", field=models.JSONField(null=True)),
    ]
