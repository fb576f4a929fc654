from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('evaluation', '0009_private_runs'),
    ]

    operations = [
        migrations.AddField(
            model_name='worker',
            name='rests_until',
            field=models.DateTimeField(blank=True, help_text='It takes nothing before that.', null=True),
        ),
        migrations.AddField(
            model_name='worker',
            name='rest_reason',
            field=models.TextField(blank=True, default='', help_text='Why, in words for the operator.'),
        ),
    ]
