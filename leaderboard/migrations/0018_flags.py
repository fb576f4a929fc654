"""Doubts about results, and what was said to them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('leaderboard', '0017_verification'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ResultFlag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField(choices=[('too_good', 'The score is not plausible'), ('trained_on', "The model was trained on this task's data"), ('wrong_setup', 'Wrong prompts, settings, revision or dataset'), ('not_reproduced', 'I ran it and got something else'), ('metadata', 'What is said of the model is wrong'), ('other', 'Something else'), ('disagrees', 'A rerun here came out differently')])),
                ('text', models.TextField()),
                ('state', models.TextField(choices=[('open', 'open'), ('accepted', 'accepted'), ('dismissed', 'dismissed')], default='open')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision', models.TextField(blank=True, default='', help_text='Why it was accepted or dismissed; everybody reads it.')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decided_flags', to=settings.AUTH_USER_MODEL)),
                ('flagger', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='result_flags', to=settings.AUTH_USER_MODEL)),
                ('result', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flags', to='leaderboard.taskresult')),
            ],
            options={
                'verbose_name': 'flag',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='FlagReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='flag_replies', to=settings.AUTH_USER_MODEL)),
                ('flag', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='leaderboard.resultflag')),
            ],
            options={
                'verbose_name_plural': 'flag replies',
                'ordering': ['pk'],
            },
        ),
        migrations.AddIndex(
            model_name='resultflag',
            index=models.Index(fields=['state', 'created_at'], name='flag_by_state'),
        ),
        migrations.AddConstraint(
            model_name='resultflag',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='a_flag_says_what_is_wrong'),
        ),
        migrations.AddConstraint(
            model_name='resultflag',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('decision', ''), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False), models.Q(('decision', ''), _negated=True)), _connector='OR'), name='a_decided_flag_says_who_when_and_why'),
        ),
        migrations.AddConstraint(
            model_name='resultflag',
            constraint=models.CheckConstraint(condition=models.Q(('flagger__isnull', False), ('reason', 'disagrees'), _connector='OR'), name='only_a_rerun_flags_by_itself'),
        ),
        migrations.AddConstraint(
            model_name='resultflag',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('result', 'flagger'), name='one_open_flag_per_person_and_result', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='flagreply',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='a_reply_says_something'),
        ),
    ]
