"""Reported results beside runs of this board, and tolerances of tasks."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('leaderboard', '0016_task_versions'),
    ]

    operations = [
        migrations.CreateModel(
            name='TaskTolerance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tolerance', models.FloatField(help_text='As a fraction: 0.01 is one point of a score that is shown x 100.')),
                ('reason', models.TextField(help_text='For example: the task draws its training examples at random.')),
                ('task', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='tolerance', to='leaderboard.task')),
            ],
            options={
                'verbose_name_plural': 'task tolerances',
                'ordering': ['task__name'],
            },
        ),
        migrations.CreateModel(
            name='Comparison',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('difference', models.FloatField(help_text='The most that a main score moved, as a fraction.')),
                ('split', models.TextField(help_text='Of the cell that moved most.')),
                ('subset', models.TextField(help_text='Of the cell that moved most.')),
                ('n_cells', models.IntegerField(help_text='Cells with a score on both sides.')),
                ('tolerance', models.FloatField()),
                ('agrees', models.BooleanField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('reported', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reruns', to='leaderboard.taskresult')),
                ('rerun', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reruns_of', to='leaderboard.taskresult')),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(fields=('reported', 'rerun'), name='two_results_are_compared_once'), models.CheckConstraint(condition=models.Q(('reported', models.F('rerun')), _negated=True), name='a_result_is_not_compared_with_itself'), models.CheckConstraint(condition=models.Q(('difference__gte', 0), ('n_cells__gt', 0), ('tolerance__gte', 0)), name='a_comparison_has_common_cells')],
            },
        ),
        migrations.AddConstraint(
            model_name='tasktolerance',
            constraint=models.CheckConstraint(condition=models.Q(('tolerance__gt', 0), ('tolerance__lte', 1)), name='a_tolerance_is_a_fraction'),
        ),
        migrations.AddConstraint(
            model_name='tasktolerance',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='a_tolerance_has_a_reason'),
        ),
    ]
