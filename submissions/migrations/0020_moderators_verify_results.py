"""Moderators decide about uploads and flags, write rules of spot checks, and set tolerances."""

from django.db import migrations

from submissions.permissions import MODERATOR, letting, no_longer_letting

PERMISSIONS = {
    "submissions.resultupload": ("upload of results", ("view", "change")),
    "submissions.spotcheckrule": ("spot check rule", ("view", "add", "change", "delete")),
    "submissions.spotcheck": ("spot check", ("view", "add")),
    "comparison": ("comparison", ("view",)),
    "tasktolerance": ("task tolerance", ("view", "add", "change", "delete")),
    "resultflag": ("flag", ("view", "change")),
}


let_moderators = letting(MODERATOR, PERMISSIONS)


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0019_spot_checks"),
        ("leaderboard", "0018_flags"),
    ]

    operations = [migrations.RunPython(let_moderators, no_longer_letting(MODERATOR, PERMISSIONS))]
