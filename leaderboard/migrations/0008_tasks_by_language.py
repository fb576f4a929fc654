import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# Nobody searches by what stands in these, and gathering statistics of arrays takes seconds.
NO_STATISTICS = """
ALTER TABLE leaderboard_languagetask
    ALTER COLUMN model_meta_ids SET STATISTICS 0, ALTER COLUMN scores SET STATISTICS 0;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('leaderboard', '0007_history'),
    ]

    operations = [
        migrations.CreateModel(
            name='LanguageSummary',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.TextField(choices=[('official', 'Official results only'), ('all', 'Everything')])),
                ('code', models.TextField()),
                ('n_tasks', models.IntegerField()),
                ('n_models', models.IntegerField()),
                ('leader', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leaderboard.modelmeta')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('scope', 'code'), name='a_language_is_summed_up_once')],
            },
        ),
        migrations.CreateModel(
            name='LanguageTask',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.TextField()),
                ('in_official', models.BooleanField(help_text='Whether the row is one of the official scope.')),
                ('in_all', models.BooleanField(help_text='Whether the row is one of the whole scope.')),
                ('model_meta_ids', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ('scores', django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                ('task', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='in_languages', to='leaderboard.task')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('in_official', True)), fields=('code', 'task'), name='a_task_is_in_a_language_once_officially'),
                    models.UniqueConstraint(condition=models.Q(('in_all', True)), fields=('code', 'task'), name='a_task_is_in_a_language_once'),
                    models.CheckConstraint(condition=models.Q(('in_official', True), ('in_all', True), _connector='OR'), name='a_language_task_is_in_a_scope'),
                    models.CheckConstraint(condition=models.Q(('scores__len', models.F('model_meta_ids__len'))), name='each_model_of_a_language_has_a_score'),
                ],
            },
        ),
        migrations.RunSQL(NO_STATISTICS, migrations.RunSQL.noop),
    ]
