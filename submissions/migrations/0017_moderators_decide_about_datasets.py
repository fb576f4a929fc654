"""Moderators decide about datasets and the code of metrics too."""

from django.db import migrations

from submissions.permissions import MODERATOR, letting, no_longer_letting

# Model -> its name in words, and what moderators may do with it.
PERMISSIONS = {
    "submissions.datasetupload": ("dataset", ("view", "change")),
    "evaluation.custommetric": ("metric of custom tasks", ("view", "change")),
}


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0016_dataset_uploads"),
        ("evaluation", "0004_custom_metrics"),
    ]

    operations = [
        migrations.RunPython(letting(MODERATOR, PERMISSIONS), no_longer_letting(MODERATOR, PERMISSIONS))
    ]
