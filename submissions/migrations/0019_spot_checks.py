"""Reruns of reported results, and the rules that pick them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('evaluation', '0003_lanes_and_capabilities'),
        ('submissions', '0018_result_uploads'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SpotCheckRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.TextField(unique=True)),
                ('is_active', models.BooleanField(default=True)),
                ('picks', models.TextField(choices=[('new_uploads', 'Models with new uploads'), ('top_of_board', 'The first models of a board'), ('random_share', 'A random share of all models with reported results')])),
                ('n_models', models.PositiveSmallIntegerField(default=10, help_text='At most so many models each time.')),
                ('percent', models.FloatField(default=1.0, help_text='Of the random share: percent of the models each time.')),
                ('n_tasks', models.PositiveSmallIntegerField(default=3, help_text='Tasks of each model, drawn at random.')),
                ('every_days', models.PositiveSmallIntegerField(default=7)),
                ('lane', models.SmallIntegerField(choices=[(1, 'express'), (0, 'normal'), (-1, 'background')], default=-1)),
                ('applied_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('benchmark', models.ForeignKey(blank=True, help_text='Whose first models.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='spot_check_rules', to='leaderboard.benchmark')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='SpotCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('model_revision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spot_checks', to='leaderboard.modelrevision')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='spot_checks', to=settings.AUTH_USER_MODEL)),
                ('results', models.ManyToManyField(related_name='spot_checks', to='leaderboard.taskresult')),
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='spot_check', to='evaluation.evaluationrun')),
                ('rule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='spot_checks', to='submissions.spotcheckrule')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='spotcheckrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('benchmark__isnull', False), ('picks', 'top_of_board')), models.Q(('picks', 'top_of_board'), _negated=True), _connector='OR'), name='the_top_is_that_of_a_board'),
        ),
        migrations.AddConstraint(
            model_name='spotcheckrule',
            constraint=models.CheckConstraint(condition=models.Q(('every_days__gt', 0), ('n_models__gt', 0), ('n_tasks__gt', 0), ('percent__gt', 0), ('percent__lte', 100)), name='a_spot_check_rule_picks_something'),
        ),
    ]
