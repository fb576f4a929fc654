"""Every hour somebody looks which spot checks are due, and tells moderators what disagrees."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NAME = "Pick results for spot checks"


def add_schedule(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    schedules = apps.get_model("django_q", "Schedule").objects
    if not schedules.filter(name=NAME).exists():
        schedules.create(name=NAME, func="submissions.jobs.spot_checks", schedule_type="H", repeats=-1)


def remove_schedule(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("django_q", "Schedule").objects.filter(name=NAME).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0014_moderators_verify_results"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [migrations.RunPython(add_schedule, remove_schedule)]
