"""The table of the cache that all processes share."""

from django.apps.registry import Apps
from django.core.management import call_command
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make_table(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    call_command("createcachetable", "podium_cache", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("submissions", "0008_api_tokens")]

    operations = [
        migrations.RunPython(make_table, lambda _apps, schema_editor: schema_editor.execute("DROP TABLE podium_cache"))
    ]
