"""How boards stood on earlier days, and results by the day on which they came."""

import django.db.models.deletion
from django.db import migrations, models

SCOPES = [('official', 'Official results only'), ('all', 'Everything')]


class Migration(migrations.Migration):

    dependencies = [
        ('leaderboard', '0006_model_metadata'),
    ]

    operations = [
        migrations.CreateModel(
            name='BoardSnapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('benchmark', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='snapshots', to='leaderboard.benchmark')),
                ('scope', models.TextField(choices=SCOPES)),
                ('day', models.DateField()),
                ('data_version', models.BigIntegerField(help_text="The data version that brought the day's last change.")),
                ('recorded_at', models.DateTimeField(help_text="When the day's last change was published.")),
                ('n_rows', models.IntegerField()),
                ('n_declared_tasks', models.IntegerField(help_text='Tasks that the summary of the benchmark declares.')),
                ('n_run_tasks', models.IntegerField(help_text='Those among them that anybody was run on: the columns of the means.')),
                ('mean_name', models.TextField(help_text='Which mean the records hold: the leading one of the benchmark.')),
            ],
            options={
                'ordering': ['benchmark', 'scope', '-day'],
                'constraints': [
                    models.UniqueConstraint(fields=('benchmark', 'scope', 'day'), name='a_board_has_one_snapshot_a_day'),
                ],
                'indexes': [models.Index(fields=['day', 'scope'], name='snapshots_of_a_day')],
            },
        ),
        migrations.CreateModel(
            name='RankRecord',
            fields=[
                ('pk', models.CompositePrimaryKey('benchmark_id', 'scope', 'since', 'model_meta_id', 'experiment_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('benchmark', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rank_records', to='leaderboard.benchmark')),
                ('scope', models.TextField(choices=SCOPES)),
                ('model_meta', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rank_records', to='leaderboard.modelmeta')),
                ('experiment_id', models.TextField(blank=True, default='')),
                ('since', models.DateField()),
                ('until', models.DateField(null=True)),
                ('rank', models.IntegerField()),
                ('n_done', models.IntegerField(help_text='Tasks of the summary with a score.')),
                ('mean', models.FloatField(help_text='The leading mean of the benchmark; NULL while blank.', null=True)),
            ],
            options={
                'ordering': ['benchmark', 'scope', 'since', 'rank'],
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('until__isnull', True)), fields=('benchmark', 'scope', 'model_meta', 'experiment_id'), name='a_row_holds_one_place'),
                    models.CheckConstraint(condition=models.Q(('until__isnull', True), ('until__gt', models.F('since')), _connector='OR'), name='a_place_is_held_for_a_day_at_least'),
                ],
                'indexes': [
                    models.Index(condition=models.Q(('until__isnull', False)), fields=['benchmark', 'scope', 'until'], name='places_left_on_a_day'),
                ],
            },
        ),
        migrations.AddIndex(
            model_name='taskresult',
            index=models.Index(fields=['created_at'], name='result_by_day'),
        ),
    ]
