"""Facts of notifications name their subject by `number` and `name`, whatever it is."""

from django.db import migrations

FORTH = """
UPDATE submissions_notification
SET facts = facts - 'submission' - 'model' || jsonb_build_object('number', facts->'submission', 'name', facts->'model')
WHERE facts ? 'submission'
"""
BACK = """
UPDATE submissions_notification
SET facts = facts - 'number' - 'name' - 'task' - 'for_onlooker'
    || jsonb_build_object('submission', facts->'number', 'model', facts->'name')
WHERE facts ? 'number'
"""


class Migration(migrations.Migration):
    dependencies = [("submissions", "0029_more_is_told")]

    operations = [migrations.RunSQL(FORTH, BACK)]
