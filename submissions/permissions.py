"""Roles are groups, and migrations say what each may do: Django itself makes permissions only after all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SUBMITTER = "Submitter"
MODERATOR = "Moderator"
ADMINISTRATOR = "Administrator"
ROLES = (SUBMITTER, MODERATOR, ADMINISTRATOR)
# What the group of moderators is called in the migrations before `roles`.
MAINTAINERS = "Maintainer"

Step = Callable[[Apps, BaseDatabaseSchemaEditor | None], None]
# "app.model", or the name of a model of `leaderboard`, -> its name in words and the allowed verbs. A permission that is
# none of Django's four verbs is given as its code name with its name in words.
Allowed = Mapping[str, tuple[str, Sequence[str | tuple[str, str]]]]


def letting(role: str, allowed: Allowed) -> Step:
    """A step that gives a role these permissions; what a moderator may, an administrator may."""

    def let(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor | None) -> None:
        permissions = [
            _permission(apps, model, codename, name) for model, codename, name in _named_permissions(allowed)
        ]
        for group_name in _groups_of(apps, role):
            group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=group_name)
            group.permissions.add(*permissions)

    return let


def no_longer_letting(role: str, allowed: Allowed) -> Step:
    """The step back."""

    def no_longer(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor | None) -> None:
        permissions = [
            _permission(apps, model, codename, name) for model, codename, name in _named_permissions(allowed)
        ]
        for group in apps.get_model("auth", "Group").objects.filter(name__in=_groups_of(apps, role)):
            group.permissions.remove(*permissions)

    return no_longer


def letting_maintainers(allowed: Allowed) -> Step:
    return letting(MAINTAINERS, allowed)


def no_longer_letting_them(allowed: Allowed) -> Step:
    return no_longer_letting(MAINTAINERS, allowed)


def _groups_of(apps: Apps, role: str) -> list[str]:
    """The moderators, by the name that they have at this point of the history, and the administrators above them."""
    if role not in {MAINTAINERS, MODERATOR}:
        return [role]
    has_roles = apps.get_model("auth", "Group").objects.filter(name=MODERATOR).exists()
    return [MODERATOR, ADMINISTRATOR] if has_roles else [MAINTAINERS]


def _named_permissions(allowed: Allowed) -> Iterator[tuple[str, str, str]]:
    """(model, code name, name in words) of each permission, as Django names them."""
    for model, (noun, verbs) in allowed.items():
        for verb in verbs:
            if isinstance(verb, str):
                yield model, f"{verb}_{model.rpartition('.')[2]}", f"Can {verb} {noun}"
            else:
                yield model, *verb


def _permission(apps: Apps, model: str, codename: str, name: str) -> Any:
    app_label, _, model_name = model.rpartition(".")
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label=app_label or "leaderboard", model=model_name
    )
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": name}
    )
    return permission
