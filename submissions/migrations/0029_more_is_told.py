import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

EVENTS = {
    "submission.rejected": "rejected",
    "submission.withdrawn": "withdrawn",
    "submission.published": "published",
    "submission.question": "a question",
    "run.done": "evaluated",
    "run.failed": "evaluated, with failures",
    "run.cancelled": "evaluation cancelled",
    "upload.approved": "results approved",
    "upload.rejected": "results rejected",
    "dataset.approved": "dataset approved",
    "dataset.rejected": "dataset rejected",
    "flag.raised": "a result was flagged",
    "flag.answered": "an answer to a flag",
    "flag.accepted": "flag accepted",
    "flag.dismissed": "flag dismissed",
}
SUBJECTS = {
    "submission": "submissions.submission",
    "upload": "submissions.resultupload",
    "dataset": "submissions.datasetupload",
    "flag": "leaderboard.resultflag",
}


def subject(to: str) -> models.ForeignKey:
    return models.ForeignKey(
        blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="notifications", to=to
    )


def about_one_thing() -> Q:
    condition = Q()
    for one in SUBJECTS:
        condition |= Q(**{f"{other}__isnull": other != one for other in SUBJECTS})
    return condition


class Migration(migrations.Migration):
    dependencies = [
        ("leaderboard", "0018_flags"),
        ("submissions", "0028_withdrawals_are_told"),
    ]

    operations = [
        migrations.AlterField("notification", "submission", subject(SUBJECTS["submission"])),
        *(migrations.AddField("notification", name, subject(to)) for name, to in SUBJECTS.items() if name != "submission"),
        migrations.RemoveConstraint("notification", "a_notification_tells_of_a_known_event"),
        migrations.AlterField("notification", "event", models.TextField(choices=list(EVENTS.items()))),
        migrations.AddConstraint(
            "notification",
            models.CheckConstraint(
                condition=Q(event__in=list(EVENTS)), name="a_notification_tells_of_a_known_event"
            ),
        ),
        migrations.AddConstraint(
            "notification",
            models.CheckConstraint(condition=about_one_thing(), name="a_notification_is_about_one_thing"),
        ),
    ]
