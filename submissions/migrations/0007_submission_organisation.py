"""A submission may belong to an organisation."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('submissions', '0006_organisations'),
    ]

    operations = [
        migrations.AddField(
            model_name='submission',
            name='organisation',
            field=models.ForeignKey(blank=True, help_text='Whose members see it as their own.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='submissions', to='submissions.organisation'),
        ),
    ]
