"""Administrators make somebody else the submitter where a submitter left."""

from django.db import migrations

from submissions.permissions import ADMINISTRATOR, letting, no_longer_letting

PERMISSIONS = {
    "submissions.submission": (
        "submission",
        [("hand_over_submission", "Can make somebody else the submitter")],
    )
}


class Migration(migrations.Migration):
    dependencies = [("submissions", "0035_handing_over")]

    operations = [
        migrations.RunPython(letting(ADMINISTRATOR, PERMISSIONS), no_longer_letting(ADMINISTRATOR, PERMISSIONS))
    ]
