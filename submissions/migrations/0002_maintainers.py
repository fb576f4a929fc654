"""Who may decide about submissions: the group Maintainer."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# (app, model) -> permissions: codename and name, as Django names them.
PERMISSIONS = {
    ("submissions", "submission"): [
        ("view_submission", "Can view submission"),
        ("change_submission", "Can change submission"),
        ("submit_local_folder", "Can submit a model from a folder of the server"),
    ],
    ("evaluation", "evaluationrun"): [
        ("view_evaluationrun", "Can view run"),
        ("change_evaluationrun", "Can change run"),
    ],
    ("evaluation", "evaluationunit"): [("view_evaluationunit", "Can view unit")],
}


def make_group(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Django makes permissions only after all migrations, so those that the group needs are made here."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Maintainer")
    content_types = apps.get_model("contenttypes", "ContentType").objects
    permissions = apps.get_model("auth", "Permission").objects
    for (app, model), named in PERMISSIONS.items():
        content_type, _ = content_types.get_or_create(app_label=app, model=model)
        for codename, name in named:
            permission, _ = permissions.get_or_create(
                content_type=content_type, codename=codename, defaults={"name": name}
            )
            group.permissions.add(permission)


def drop_group(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Group").objects.filter(name="Maintainer").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0001_submissions"),
        ("evaluation", "0001_runs"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_group, drop_group)]
