"""Moderators find the earlier result that is to count again in the list of results."""

from django.db import migrations

from submissions.permissions import MODERATOR, letting, no_longer_letting

PERMISSIONS = {"leaderboard.taskresult": ("task result", ("view",))}


class Migration(migrations.Migration):
    dependencies = [("submissions", "0030_facts_of_any_subject"), ("leaderboard", "0017_verification")]

    operations = [migrations.RunPython(letting(MODERATOR, PERMISSIONS), no_longer_letting(MODERATOR, PERMISSIONS))]
