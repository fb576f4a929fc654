"""Texts that were served from what a run had encoded already are counted apart from those that were encoded."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leaderboard', '0020_listed_models'),
    ]

    operations = [
        migrations.AddField(
            model_name='measurement',
            name='n_texts_served',
            field=models.BigIntegerField(default=0, help_text='Repeated texts, which were not encoded again.'),
        ),
        migrations.AlterField(
            model_name='measurement',
            name='energy_kwh',
            field=models.FloatField(blank=True, help_text='Of the device, as its own counter tells it.', null=True),
        ),
        migrations.AlterField(
            model_name='measurement',
            name='n_texts',
            field=models.BigIntegerField(help_text='That went through the model.'),
        ),
        migrations.AddConstraint(
            model_name='measurement',
            constraint=models.CheckConstraint(condition=models.Q(('n_texts_served__gte', 0)), name='texts_that_were_served_are_counted'),
        ),
    ]
