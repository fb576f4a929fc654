"""What is known of a model, who says it, what was said before, and the maintainers' notes."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import leaderboard.metadata

# Nobody noted when the models that are here arrived.
FIRST_SEEN_IS_UNKNOWN = "UPDATE leaderboard_modelmeta SET first_seen_at = NULL;"

APPEND_ONLY = """
CREATE FUNCTION leaderboard_refuse_other_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was known is not changed afterwards'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'metadata_versions_are_append_only';
END $$;
CREATE TRIGGER metadata_versions_are_append_only
    BEFORE UPDATE ON leaderboard_metadataversion
    FOR EACH ROW EXECUTE FUNCTION leaderboard_refuse_other_history();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leaderboard", "0005_percentiles"),
    ]

    operations = [
        migrations.AddField(
            model_name="modelmeta",
            name="architecture",
            field=models.TextField(blank=True, help_text="Family: model_type of config.json.", null=True),
        ),
        migrations.AddField(
            model_name="modelmeta",
            name="commercial_use",
            field=models.BooleanField(blank=True, help_text="Whether the licence allows it.", null=True),
        ),
        migrations.AddField(
            model_name="modelmeta",
            name="field_origins",
            field=models.JSONField(blank=True, default=dict, help_text="{field: who says it}, for known fields."),
        ),
        migrations.AddField(
            model_name="modelmeta",
            name="first_seen_at",
            field=models.DateTimeField(
                auto_now_add=True, help_text="NULL for models that were here before anybody noted it.", null=True
            ),
        ),
        migrations.AddField(
            model_name="modelmeta",
            name="organisation",
            field=models.GeneratedField(
                db_index=True,
                db_persist=True,
                expression=models.Func(
                    models.Func(models.F("name"), models.Value("^(.*)/"), function="substring"),
                    models.Value(""),
                    function="COALESCE",
                ),
                help_text="The part of the name before the slash, or nothing.",
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="modelmeta",
            name="spdx_license",
            field=models.TextField(blank=True, help_text="The licence as an SPDX expression.", null=True),
        ),
        migrations.AddField(
            model_name="modelmeta",
            name="training_approach",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), blank=True, null=True, size=None
            ),
        ),
        migrations.AlterField(
            model_name="modelmeta",
            name="license",
            field=models.TextField(blank=True, help_text="As given.", null=True),
        ),
        migrations.CreateModel(
            name="AnnotationKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.SlugField(help_text="Lower case; filters write note.key.", unique=True)),
                ("label", models.TextField()),
                ("description", models.TextField(blank=True, default="")),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("flag", "Yes or no"),
                            ("choice", "One of the choices"),
                        ],
                        default="text",
                    ),
                ),
                (
                    "choices",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(),
                        blank=True,
                        default=list,
                        help_text="What a note of the kind “one of the choices” may say, separated by commas.",
                        size=None,
                    ),
                ),
            ],
            options={
                "verbose_name": "kind of note",
                "verbose_name_plural": "kinds of notes",
                "ordering": ["label"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("key__regex", "^[a-z][a-z0-9_-]*$")), name="a_note_key_is_a_plain_word"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("label", ""), _negated=True), name="a_note_key_has_a_label"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("choices__len__gt", 0), ("kind", "choice")),
                            models.Q(models.Q(("kind", "choice"), _negated=True), ("choices__len", 0)),
                            _connector="OR",
                        ),
                        name="only_a_choice_has_choices",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Annotation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.JSONField()),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "model_meta",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="annotations",
                        to="leaderboard.modelmeta",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="annotations",
                        to="leaderboard.annotationkey",
                    ),
                ),
            ],
            options={
                "verbose_name": "note",
                "ordering": ["key__label"],
                "constraints": [
                    models.UniqueConstraint(fields=("model_meta", "key"), name="a_model_has_one_note_of_a_kind")
                ],
            },
        ),
        migrations.CreateModel(
            name="MetadataClaim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("origin", models.TextField()),
                (
                    "values",
                    models.JSONField(default=dict, help_text="{field: value}, only fields that the origin knows."),
                ),
                ("details", models.JSONField(blank=True, default=dict, help_text="{field: file}.")),
                ("reference", models.TextField(blank=True, default="")),
                ("claimed_at", models.DateTimeField(auto_now=True)),
                (
                    "model_meta",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="claims",
                        to="leaderboard.modelmeta",
                    ),
                ),
            ],
            options={
                "ordering": ["model_meta", "origin"],
                "constraints": [
                    models.UniqueConstraint(fields=("model_meta", "origin"), name="an_origin_claims_once_per_model"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "origin__in",
                                [
                                    leaderboard.metadata.MetadataOrigin["MAINTAINER"],
                                    leaderboard.metadata.MetadataOrigin["REGISTRY"],
                                    leaderboard.metadata.MetadataOrigin["SUBMITTER"],
                                    leaderboard.metadata.MetadataOrigin["WEIGHTS"],
                                    leaderboard.metadata.MetadataOrigin["CONFIG"],
                                    leaderboard.metadata.MetadataOrigin["CARD"],
                                    leaderboard.metadata.MetadataOrigin["META_FILE"],
                                    leaderboard.metadata.MetadataOrigin["LINEAGE"],
                                ],
                            )
                        ),
                        name="a_claim_has_a_known_origin",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MetadataCorrection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.TextField()),
                ("value", models.TextField(help_text="Lists are separated by commas, yes and no are written as such.")),
                ("grounds", models.TextField(blank=True, default="", help_text="Why, best with an address.")),
                (
                    "model_meta",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="corrections",
                        to="leaderboard.modelmeta",
                    ),
                ),
            ],
            options={
                "ordering": ["field"],
                "constraints": [
                    models.UniqueConstraint(fields=("model_meta", "field"), name="a_field_is_corrected_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="MetadataVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("values", models.JSONField(help_text="{field: value}, only fields that were known.")),
                ("origins", models.JSONField(help_text="{field: origin}.")),
                (
                    "reason",
                    models.TextField(
                        choices=[
                            ("registry", "Registry synced"),
                            ("import", "Results imported"),
                            ("submission", "Submission approved"),
                            ("hub", "Hub read"),
                            ("maintainer", "Corrected by a maintainer"),
                        ]
                    ),
                ),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "model_meta",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="metadata_versions",
                        to="leaderboard.modelmeta",
                    ),
                ),
            ],
            options={
                "ordering": ["model_meta", "-pk"],
                "indexes": [models.Index(fields=["model_meta", "-id"], name="newest_metadata_version")],
            },
        ),
        migrations.RunSQL(FIRST_SEEN_IS_UNKNOWN, migrations.RunSQL.noop),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER metadata_versions_are_append_only ON leaderboard_metadataversion;"
            " DROP FUNCTION leaderboard_refuse_other_history();",
        ),
    ]
