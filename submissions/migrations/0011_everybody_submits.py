"""Accounts from before there were roles may go on submitting."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from submissions.permissions import SUBMITTER


def let_everybody_submit(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    group = apps.get_model("auth", "Group").objects.get(name=SUBMITTER)
    group.user_set.add(*apps.get_model("auth", "User").objects.all())


class Migration(migrations.Migration):
    dependencies = [("submissions", "0010_roles")]

    operations = [migrations.RunPython(let_everybody_submit, migrations.RunPython.noop)]
