"""Results that somebody hands in."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('leaderboard', '0017_verification'),
        ('submissions', '0017_moderators_decide_about_datasets'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ResultUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model_name', models.TextField()),
                ('model_revision', models.TextField(help_text='The commit, or the version of a model behind an interface.')),
                ('model_file', models.JSONField(blank=True, help_text='model_meta.json, as it was uploaded.', null=True)),
                ('metadata', models.JSONField(default=dict, help_text='{field: {value, origin}}, as the repository says it.')),
                ('checks', models.JSONField(default=list, help_text='[{name, outcome, sentence}] of the model.')),
                ('note', models.TextField(blank=True, default='')),
                ('state', models.TextField(choices=[('pending', 'waiting for a decision'), ('approved', 'approved'), ('rejected', 'rejected'), ('withdrawn', 'withdrawn')], default='pending')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.TextField(blank=True, default='', help_text='Why it was rejected, in words for the submitter.')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decided_uploads', to=settings.AUTH_USER_MODEL)),
                ('submitter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='result_uploads', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'upload of results',
                'verbose_name_plural': 'uploads of results',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='UploadedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.TextField(help_text='Within what was uploaded.')),
                ('settings', models.JSONField(blank=True, help_text="mteb's experiment_kwargs; NULL for the base run.", null=True)),
                ('payload', models.BinaryField(help_text='The file, compressed with zstandard.', null=True)),
                ('score', models.FloatField(help_text='The mean of its main scores.', null=True)),
                ('checks', models.JSONField(default=list, help_text='[{name, outcome, sentence}], as they stood at the upload.')),
                ('result', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='uploaded_files', to='leaderboard.taskresult')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uploaded_files', to='leaderboard.task')),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='submissions.resultupload')),
            ],
            options={
                'ordering': ['task__name', 'pk'],
            },
        ),
        migrations.AddIndex(
            model_name='resultupload',
            index=models.Index(fields=['state', 'created_at'], name='upload_by_state'),
        ),
        migrations.AddConstraint(
            model_name='resultupload',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('model_name', ''), _negated=True), models.Q(('model_revision', ''), _negated=True)), name='an_upload_names_model_and_revision'),
        ),
        migrations.AddConstraint(
            model_name='resultupload',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state__in', ['approved', 'rejected'])), models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('state__in', ['pending', 'withdrawn'])), _connector='OR'), name='a_decided_upload_has_a_decider'),
        ),
        migrations.AddConstraint(
            model_name='resultupload',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'rejected'), models.Q(('reason', ''), _negated=True)), models.Q(models.Q(('state', 'rejected'), _negated=True), ('reason', '')), _connector='OR'), name='a_rejected_upload_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='resultupload',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'pending')), fields=('model_name', 'model_revision'), name='one_pending_upload_per_model_revision'),
        ),
        migrations.AddConstraint(
            model_name='uploadedfile',
            constraint=models.UniqueConstraint(fields=('upload', 'path'), name='a_path_comes_once_in_an_upload'),
        ),
        migrations.AddConstraint(
            model_name='uploadedfile',
            constraint=models.CheckConstraint(condition=models.Q(('payload__isnull', True), ('result__isnull', True), _connector='OR'), name='a_stored_file_is_kept_once'),
        ),
    ]
