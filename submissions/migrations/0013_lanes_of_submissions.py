"""How the run of a submission is to be done is decided with the submission."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('evaluation', '0003_lanes_and_capabilities'),
        ('submissions', '0012_maintainers_read_the_audit_log'),
    ]

    operations = [
        migrations.AddField(
            model_name='submission',
            name='allows_remote_code',
            field=models.BooleanField(default=False, help_text='A moderator let the model run code of its own, isolated from the rest.'),
        ),
        migrations.AddField(
            model_name='submission',
            name='lane',
            field=models.SmallIntegerField(choices=[(1, 'express'), (0, 'normal'), (-1, 'background')], default=0, help_text='Higher lanes come first.'),
        ),
        migrations.AddField(
            model_name='submission',
            name='worker_class',
            field=models.TextField(blank=True, default='', help_text='Only workers with this label take its run; empty: any worker.'),
        ),
        migrations.AddConstraint(
            model_name='submission',
            constraint=models.CheckConstraint(condition=models.Q(('lane__in', [1, 0, -1])), name='a_submission_is_in_a_lane'),
        ),
    ]
