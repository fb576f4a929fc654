"""What was measured while models were evaluated: kept beside the results, and never changed either."""

import django.db.models.deletion
from django.db import migrations, models

APPEND_ONLY = """
CREATE FUNCTION leaderboard_refuse_change_of_measurement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'measurements are facts: newer ones stand beside them, none is changed or deleted'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'measurements_are_append_only';
END $$;
CREATE TRIGGER measurements_are_append_only
    BEFORE UPDATE OR DELETE ON leaderboard_measurement
    FOR EACH ROW EXECUTE FUNCTION leaderboard_refuse_change_of_measurement();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leaderboard", "0011_saved_views"),
    ]

    operations = [
        migrations.CreateModel(
            name="Measurement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hardware", models.TextField(help_text="Processor or accelerator, and how many.")),
                ("device", models.TextField(help_text="Where the model ran: cpu, cuda, mps.")),
                ("batch_size", models.IntegerField(blank=True, null=True)),
                ("n_texts", models.BigIntegerField()),
                (
                    "n_tokens",
                    models.BigIntegerField(blank=True, help_text="That the model read, without padding.", null=True),
                ),
                ("encode_seconds", models.FloatField()),
                ("load_seconds", models.FloatField(blank=True, null=True)),
                ("latency_p50_ms", models.FloatField(blank=True, help_text="Of one short text at a time.", null=True)),
                ("latency_p95_ms", models.FloatField(blank=True, help_text="Of one short text at a time.", null=True)),
                (
                    "peak_host_mb",
                    models.FloatField(blank=True, help_text="MiB, of the whole evaluating process.", null=True),
                ),
                (
                    "peak_device_mb",
                    models.FloatField(blank=True, help_text="MiB that tensors took on the accelerator.", null=True),
                ),
                ("energy_kwh", models.FloatField(blank=True, null=True)),
                ("measured_at", models.DateTimeField(auto_now_add=True)),
                ("run", models.BigIntegerField(blank=True, help_text="Number of the run of this board.", null=True)),
                (
                    "model_revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measurements",
                        to="leaderboard.modelrevision",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="measurements", to="leaderboard.task"
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measurements",
                        to="leaderboard.variant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("n_texts__gt", 0)), name="a_measurement_is_of_some_texts"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("encode_seconds__gt", 0)), name="a_measurement_takes_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("hardware", ""), _negated=True), name="a_measurement_names_its_hardware"
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER measurements_are_append_only ON leaderboard_measurement;"
            " DROP FUNCTION leaderboard_refuse_change_of_measurement;",
        ),
    ]
