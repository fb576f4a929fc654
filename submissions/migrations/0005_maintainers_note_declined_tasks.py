"""Maintainers write down which tasks a model declines."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Model -> its name in words, and what maintainers may do with it.
PERMISSIONS = {
    "declinedtask": ("declined task", ("view", "add", "change", "delete")),
    "task": ("task", ("view",)),
}


def let_maintainers(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    """Django makes permissions only after all migrations, so those that the group needs are made here."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Maintainer")
    for model, (noun, verbs) in PERMISSIONS.items():
        content_types = apps.get_model("contenttypes", "ContentType").objects
        content_type, _ = content_types.get_or_create(app_label="leaderboard", model=model)
        for verb in verbs:
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=content_type, codename=f"{verb}_{model}", defaults={"name": f"Can {verb} {noun}"}
            )
            group.permissions.add(permission)


def no_longer(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    permissions = apps.get_model("auth", "Permission").objects
    for group in apps.get_model("auth", "Group").objects.filter(name="Maintainer"):
        group.permissions.remove(
            *permissions.filter(content_type__app_label="leaderboard", content_type__model__in=PERMISSIONS)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0004_maintainers_publish_boards"),
        ("leaderboard", "0013_declined_tasks"),
    ]

    operations = [migrations.RunPython(let_maintainers, no_longer)]
