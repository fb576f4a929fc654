from __future__ import annotations

from typing import Any

from django.db import migrations


def note_closed(apps: Any, schema_editor: Any) -> None:
    """Runs from before they noted it themselves."""
    closed = apps.get_model("submissions", "Submission").objects.filter(is_closed=True, run__isnull=False)
    apps.get_model("evaluation", "EvaluationRun").objects.filter(pk__in=closed.values("run")).update(is_closed=True)


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0031_moderators_see_single_results"),
        ("evaluation", "0012_closed_models"),
    ]

    operations = [migrations.RunPython(note_closed, migrations.RunPython.noop)]
