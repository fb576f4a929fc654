"""Maintainers make boards of readers' own public."""

from django.db import migrations

from submissions.permissions import letting_maintainers, no_longer_letting_them

# Model -> its name in words, and what maintainers may do with it.
PERMISSIONS = {
    "savedview": ("saved view", ("view", "change", "delete")),
    "benchmark": ("benchmark", ("view", "add")),
}


let_maintainers = letting_maintainers(PERMISSIONS)


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0003_maintainers_describe_models"),
        ("leaderboard", "0011_saved_views"),
    ]

    operations = [migrations.RunPython(let_maintainers, no_longer_letting_them(PERMISSIONS))]
