"""Three roles: submitters, moderators (who were called maintainers), and administrators, who may do what those may."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from submissions.permissions import ADMINISTRATOR, MAINTAINERS, MODERATOR, SUBMITTER, letting, no_longer_letting

ALL = ("view", "add", "change", "delete")
# Model -> its name in words, and what is allowed.
OF_SUBMITTERS = {"submissions.submission": ("submission", ("add",))}
OF_MODERATORS = {
    "submissions.submission": ("submission", ("add",)),
    "submissions.organisation": ("organisation", ("view", "change")),
    "submissions.membership": ("membership", ("view",)),
}
OF_ADMINISTRATORS = {
    "auth.user": ("user", ALL),
    "auth.group": ("group", ALL),
    "account.emailaddress": ("email address", ("view", "change", "delete")),
    "socialaccount.socialaccount": ("social account", ("view", "delete")),
    "submissions.submission": ("submission", ("delete",)),
    "submissions.organisation": ("organisation", ("delete",)),
    "submissions.membership": ("membership", ("add", "change", "delete")),
    "submissions.apitoken": ("API token", ("view", "change", "delete")),
    "evaluation.evaluationrun": ("run", ("delete",)),
    "evaluation.worker": ("worker", ("view", "change", "delete")),
    "resultsource": ("result source", ("view",)),
    "importrun": ("import run", ("view",)),
    "importedfile": ("imported file", ("view",)),
    "modelrevision": ("model revision", ("view",)),
    "taskresult": ("task result", ("view",)),
    "board": ("board", ("view",)),
}


def rename_maintainers(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    groups = apps.get_model("auth", "Group").objects
    moderators, _ = groups.get_or_create(name=MAINTAINERS)
    moderators.name = MODERATOR
    moderators.save(update_fields=["name"])
    administrators, _ = groups.get_or_create(name=ADMINISTRATOR)
    administrators.permissions.add(*moderators.permissions.all())


def name_maintainers(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    groups = apps.get_model("auth", "Group").objects
    groups.filter(name=MODERATOR).update(name=MAINTAINERS)
    groups.filter(name__in=[SUBMITTER, ADMINISTRATOR]).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0009_shared_cache"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        ("evaluation", "0002_run_local_path"),
    ]

    operations = [
        migrations.RunPython(rename_maintainers, name_maintainers),
        migrations.RunPython(letting(SUBMITTER, OF_SUBMITTERS), no_longer_letting(SUBMITTER, OF_SUBMITTERS)),
        migrations.RunPython(letting(MODERATOR, OF_MODERATORS), no_longer_letting(MODERATOR, OF_MODERATORS)),
        migrations.RunPython(
            letting(ADMINISTRATOR, OF_ADMINISTRATORS), no_longer_letting(ADMINISTRATOR, OF_ADMINISTRATORS)
        ),
    ]
