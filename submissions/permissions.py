"""What the group of maintainers may do, for migrations: Django itself makes permissions only after all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

MAINTAINERS = "Maintainer"
Step = Callable[[Apps, BaseDatabaseSchemaEditor | None], None]
# Model of `leaderboard` -> its name in words, and what is allowed.
Allowed = Mapping[str, tuple[str, Sequence[str]]]


def letting_maintainers(allowed: Allowed) -> Step:
    """A step that gives the permissions, and makes those that are not there yet."""

    def let_maintainers(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor | None) -> None:
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=MAINTAINERS)
        for model, (noun, verbs) in allowed.items():
            content_types = apps.get_model("contenttypes", "ContentType").objects
            content_type, _ = content_types.get_or_create(app_label="leaderboard", model=model)
            for verb in verbs:
                permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                    content_type=content_type, codename=f"{verb}_{model}", defaults={"name": f"Can {verb} {noun}"}
                )
                group.permissions.add(permission)

    return let_maintainers


def no_longer_letting_them(allowed: Allowed) -> Step:
    """The step back."""

    def no_longer(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor | None) -> None:
        permissions = apps.get_model("auth", "Permission").objects
        for group in apps.get_model("auth", "Group").objects.filter(name=MAINTAINERS):
            group.permissions.remove(
                *permissions.filter(content_type__app_label="leaderboard", content_type__model__in=allowed)
            )

    return no_longer
