"""Maintainers correct the metadata of models and add notes to them."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

VERBS = ("view", "add", "change", "delete")
# Model -> its name in words, and what maintainers may do with it.
PERMISSIONS = {
    "modelmeta": ("model", ("view",)),
    "annotation": ("note", VERBS),
    "annotationkey": ("kind of note", VERBS),
    "metadatacorrection": ("metadata correction", VERBS),
}


def let_maintainers(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    """Django makes permissions only after all migrations, so those that the group needs are made here."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Maintainer")
    content_types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    for model, (noun, verbs) in PERMISSIONS.items():
        content_type, _ = content_types.get_or_create(app_label="leaderboard", model=model)
        for verb in verbs:
            permission, _ = permissions.get_or_create(
                content_type=content_type, codename=f"{verb}_{model}", defaults={"name": f"Can {verb} {noun}"}
            )
            group.permissions.add(permission)


def no_longer(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    for group in apps.get_model("auth", "Group").objects.filter(name="Maintainer"):
        permissions = apps.get_model("auth", "Permission").objects
        group.permissions.remove(
            *permissions.filter(content_type__app_label="leaderboard", content_type__model__in=PERMISSIONS)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0002_maintainers"),
        ("leaderboard", "0006_model_metadata"),
    ]

    operations = [migrations.RunPython(let_maintainers, no_longer)]
