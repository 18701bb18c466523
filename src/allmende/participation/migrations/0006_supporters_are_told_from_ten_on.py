"""The list is ordered by what is told of supporters, for which the index of all counts is of no use."""

from django.db import migrations


class Migration(migrations.Migration):
    """Drop the index."""

    dependencies = [("participation", "0005_panels_and_workshops")]  # noqa: RUF012 - Django reads a list

    operations = [  # noqa: RUF012 - Django reads a list
        migrations.RemoveIndex(model_name="contribution", name="contributions_supported"),
    ]
