from django.db import migrations, models

EVENTS = {
    "submission.rejected": "rejected",
    "submission.withdrawn": "withdrawn",
    "submission.published": "published",
    "submission.question": "a question",
    "run.done": "evaluated",
    "run.failed": "evaluated, with failures",
    "run.cancelled": "evaluation cancelled",
}


class Migration(migrations.Migration):
    dependencies = [("submissions", "0027_kept_predictions")]

    operations = [
        migrations.RemoveConstraint("notification", "a_notification_tells_of_a_known_event"),
        migrations.AlterField("notification", "event", models.TextField(choices=list(EVENTS.items()))),
        migrations.AddConstraint(
            "notification",
            models.CheckConstraint(
                condition=models.Q(event__in=list(EVENTS)), name="a_notification_tells_of_a_known_event"
            ),
        ),
    ]
