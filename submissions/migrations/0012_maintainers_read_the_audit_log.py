"""Maintainers read the audit log; nobody writes it by hand."""

from django.db import migrations

from submissions.permissions import letting_maintainers, no_longer_letting_them

# Model -> its name in words, and what maintainers may do with it.
PERMISSIONS = {"auditentry": ("audit entry", ("view",))}


let_maintainers = letting_maintainers(PERMISSIONS)


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0011_everybody_submits"),
        ("leaderboard", "0014_audit_log"),
    ]

    operations = [migrations.RunPython(let_maintainers, no_longer_letting_them(PERMISSIONS))]
