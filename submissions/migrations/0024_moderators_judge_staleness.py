"""Moderators say which results are stale, go back to earlier ones, and see what drifted."""

from django.db import migrations

from submissions.permissions import MODERATOR, letting, no_longer_letting

# Model -> its name in words, and what moderators may do with it.
PERMISSIONS = {
    "leaderboard.stalerule": ("stale rule", ("view", "add", "change", "delete")),
    "leaderboard.staleresult": ("stale result", ("view",)),
    "leaderboard.staleruleevent": ("stale rule event", ("view",)),
    "leaderboard.resultchoice": ("result choice", ("view", "add")),
    "evaluation.driftfinding": ("drift finding", ("view",)),
    "evaluation.keptpredictions": ("kept predictions", ("view",)),
    "evaluation.packageset": ("package set", ("view",)),
}
let_moderators = letting(MODERATOR, PERMISSIONS)


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0023_moderators_pause_and_announce"),
        ("leaderboard", "0019_stale_rules"),
        ("evaluation", "0008_drift"),
    ]

    operations = [migrations.RunPython(let_moderators, no_longer_letting(MODERATOR, PERMISSIONS))]
