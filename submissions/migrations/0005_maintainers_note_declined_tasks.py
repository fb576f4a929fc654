"""Maintainers write down which tasks a model declines."""

from django.db import migrations

from submissions.permissions import letting_maintainers, no_longer_letting_them

# Model -> its name in words, and what maintainers may do with it.
PERMISSIONS = {
    "declinedtask": ("declined task", ("view", "add", "change", "delete")),
    "task": ("task", ("view",)),
}


let_maintainers = letting_maintainers(PERMISSIONS)


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0004_maintainers_publish_boards"),
        ("leaderboard", "0013_declined_tasks"),
    ]

    operations = [migrations.RunPython(let_maintainers, no_longer_letting_them(PERMISSIONS))]
