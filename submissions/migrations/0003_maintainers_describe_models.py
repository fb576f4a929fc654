"""Maintainers correct the metadata of models and add notes to them."""

from django.db import migrations

from submissions.permissions import letting_maintainers, no_longer_letting_them

VERBS = ("view", "add", "change", "delete")
# Model -> its name in words, and what maintainers may do with it.
PERMISSIONS = {
    "modelmeta": ("model", ("view",)),
    "annotation": ("note", VERBS),
    "annotationkey": ("kind of note", VERBS),
    "metadatacorrection": ("metadata correction", VERBS),
}


let_maintainers = letting_maintainers(PERMISSIONS)


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0002_maintainers"),
        ("leaderboard", "0006_model_metadata"),
    ]

    operations = [migrations.RunPython(let_maintainers, no_longer_letting_them(PERMISSIONS))]
