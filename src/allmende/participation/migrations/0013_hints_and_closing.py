from django.db import migrations, models


def leave_open(apps, schema_editor):
    """People were told nothing of a day on which running processes close: they stay as they are, and are marked."""
    apps.get_model("participation", "Process").objects.update(close_days=None)


class Migration(migrations.Migration):

    dependencies = [
        ("participation", "0012_agenda_and_cards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Learned",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("wanted", models.BooleanField(default=True)),
                ("looked", models.DateTimeField(null=True)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("facts", models.TextField(blank=True)),
                ("weights", models.BinaryField(null=True)),
                ("bias", models.FloatField(default=0.0)),
            ],
            options={
                "verbose_name": "moderation hint",
            },
        ),
        migrations.AddField(
            model_name="process",
            name="close_days",
            field=models.PositiveSmallIntegerField(blank=True, default=30, help_text="nach der letzten Phase, wenn alles beantwortet ist; leer: jemand schließt es ab", null=True, verbose_name="Schließt sich nach Tagen"),
        ),
        migrations.RunPython(leave_open, migrations.RunPython.noop),
    ]
