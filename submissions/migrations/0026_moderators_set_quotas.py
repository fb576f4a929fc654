"""Moderators allow single people more, or less, than is usual."""

from django.db import migrations

from submissions.permissions import MODERATOR, letting, no_longer_letting

PERMISSIONS = {"submissions.quota": ("quota", ("view", "add", "change", "delete"))}


class Migration(migrations.Migration):
    dependencies = [("submissions", "0025_wishes")]

    operations = [migrations.RunPython(letting(MODERATOR, PERMISSIONS), no_longer_letting(MODERATOR, PERMISSIONS))]
