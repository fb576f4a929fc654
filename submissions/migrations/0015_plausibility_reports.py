"""What is unusual about each submission is kept, so that the queue can show it and filter by it."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('submissions', '0014_messages'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlausibilityReport',
            fields=[
                ('submission', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='plausibility', serialize=False, to='submissions.submission')),
                ('computed_at', models.DateTimeField()),
                ('findings', models.JSONField(default=list, help_text='[{kind, sentence, lines}], the gravest first.')),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, help_text='Those of the findings, to filter by.', size=None)),
                ('size_class', models.TextField(blank=True, default='', help_text='Empty where the size is unknown.')),
                ('n_results', models.IntegerField(default=0, help_text='Finished tasks of the run when it was computed.')),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['kinds'], name='report_by_kind')],
            },
        ),
    ]
