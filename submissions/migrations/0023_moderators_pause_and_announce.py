"""Moderators pause the queue, announce, and see what was sent to whom."""

from django.db import migrations

from submissions.permissions import MODERATOR, letting, no_longer_letting

# Model -> its name in words, and what moderators may do with it.
PERMISSIONS = {
    "evaluation.queuepause": ("pause", ("view", "change")),
    "submissions.announcement": ("announcement", ("view", "add", "change", "delete")),
    "submissions.delivery": ("delivery", ("view",)),
}
let_moderators = letting(MODERATOR, PERMISSIONS)


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0022_announcements"),
        ("evaluation", "0006_queue_pauses"),
    ]

    operations = [migrations.RunPython(let_moderators, no_longer_letting(MODERATOR, PERMISSIONS))]
