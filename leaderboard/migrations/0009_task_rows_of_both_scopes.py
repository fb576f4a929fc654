import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows are computed, so they are made anew: publish the boards after this migration."""

    dependencies = [
        ("leaderboard", "0008_tasks_by_language"),
    ]

    operations = [
        migrations.DeleteModel("TaskRow"),
        migrations.CreateModel(
            name="TaskRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("in_official", models.BooleanField(help_text="Whether the row is one of the official scope.")),
                ("in_all", models.BooleanField(help_text="Whether the row is one of the whole scope.")),
                ("experiment_id", models.TextField(blank=True, default="")),
                ("n_parts", models.IntegerField()),
                ("score", models.FloatField(null=True)),
                ("n_cells", models.IntegerField()),
                ("of_cells", models.IntegerField(help_text="Splits x subsets that anybody has.")),
                ("rank", models.IntegerField(help_text="Equal scores share the best number.", null=True)),
                ("n_ranked", models.IntegerField(help_text="Rows of the task that have a rank.")),
                ("percentile", models.FloatField(help_text="Percent of the other ranked rows that are lower, ties half.", null=True)),
                ("model_meta", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="task_rows", to="leaderboard.modelmeta")),
                ("result", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leaderboard.taskresult")),
                ("task", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="rows", to="leaderboard.task")),
            ],
            options={
                "indexes": [models.Index(fields=["model_meta"], name="task_rows_of_a_model")],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("in_official", True)), fields=("task", "model_meta", "experiment_id"), name="a_variant_has_one_official_task_row"),
                    models.UniqueConstraint(condition=models.Q(("in_all", True)), fields=("task", "model_meta", "experiment_id"), name="a_variant_has_one_task_row"),
                    models.CheckConstraint(condition=models.Q(("in_official", True), ("in_all", True), _connector="OR"), name="a_task_row_is_in_a_scope"),
                    models.CheckConstraint(condition=models.Q(("rank__isnull", True), models.Q(("n_cells__gte", models.F("of_cells")), ("score__isnull", False)), _connector="OR"), name="a_ranked_task_row_is_complete"),
                ],
            },
        ),
    ]
