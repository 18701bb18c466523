"""Pairs are compared, and votes on statements say by which way they came."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep judgements of pairs and their count, and the way of a voter; who is there came online."""

    dependencies = [("participation", "0013_hints_and_closing")]  # noqa: RUF012 - Django reads a list

    operations = [  # noqa: RUF012 - Django reads a list
        migrations.AddField(
            model_name="voter", name="channel", field=models.CharField(default="online", max_length=10)
        ),
        migrations.CreateModel(
            name="PairCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("published", models.TextField()),
                (
                    "process",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pair_count",
                        to="participation.process",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PairJudgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("pseudonym", models.CharField(max_length=64)),
                ("first", models.PositiveIntegerField()),
                ("second", models.PositiveIntegerField()),
                ("value", models.SmallIntegerField(null=True)),
                (
                    "process",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pair_judgements",
                        to="participation.process",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("process", "pseudonym", "first", "second"), name="one_person_one_judgement_of_a_pair"
                    ),
                    models.CheckConstraint(condition=models.Q(("first__lt", models.F("second"))), name="pair_in_order"),
                    models.CheckConstraint(
                        condition=models.Q(("value__in", (-1, 0, 1)), ("value__isnull", True), _connector="OR"),
                        name="pair_value",
                    ),
                ],
            },
        ),
    ]
