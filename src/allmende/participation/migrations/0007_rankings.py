import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('participation', '0006_supporters_are_told_from_ten_on'),
    ]

    operations = [
        migrations.CreateModel(
            name='RankingBallot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pseudonym', models.CharField(max_length=64)),
                ('order', models.JSONField()),
                ('process', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rankings', to='participation.process')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('process', 'pseudonym'), name='one_person_one_ranking')],
            },
        ),
        migrations.CreateModel(
            name='RankingCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('published', models.TextField()),
                ('process', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='ranking_count', to='participation.process')),
            ],
        ),
    ]
