"""Ten times the models in the measured database: each copied nine times, with scores that differ a little."""

from __future__ import annotations

from pathlib import Path

from django.db import models

from leaderboard.benchmarking.database import BenchDatabase
from leaderboard.models import ModelMeta

COPIES = 9
_SUFFIX = "-copy"
_PUBLISH = "from leaderboard.services.boards import publish_all_boards; publish_all_boards()"
_MODELS = """
    INSERT INTO leaderboard_modelmeta ({columns}, name, registry_order)
    SELECT {columns}, name || '{suffix}' || copy, registry_order + 10000 * copy
    FROM leaderboard_modelmeta, generate_series(1, {copies}) AS copy
"""
# `origin` and `copied` are the ids of a model and of its copies.
_PAIRS = """
    CREATE TEMPORARY TABLE pair AS
    SELECT model.id AS origin, copied.id AS copied
    FROM leaderboard_modelmeta AS model, generate_series(1, {copies}) AS copy
    JOIN leaderboard_modelmeta AS copied ON TRUE
    WHERE copied.name = model.name || '{suffix}' || copy;
    ANALYZE pair;
"""
_REVISIONS = """
    INSERT INTO leaderboard_modelrevision (model_meta_id, name)
    SELECT copied, name FROM leaderboard_modelrevision JOIN pair ON origin = model_meta_id;
    INSERT INTO leaderboard_variant (model_meta_id, experiment_name, experiment_id, settings)
    SELECT copied, experiment_name, experiment_id, settings
    FROM leaderboard_variant JOIN pair ON origin = model_meta_id;
    ANALYZE leaderboard_modelrevision;
    ANALYZE leaderboard_variant;
"""
# Only what counts is copied, and no file: nothing that is measured reads one.
_RESULTS = """
    CREATE TEMPORARY TABLE copied_result AS
    SELECT nextval(pg_get_serial_sequence('leaderboard_taskresult', 'id')) AS id, result.id AS result_id,
           revision.id AS model_revision_id, variant.id AS variant_id, (random() - 0.5) * 0.04 AS shift
    FROM leaderboard_currentresult AS current
    JOIN leaderboard_taskresult AS result ON result.id = current.result_id
    JOIN leaderboard_variant AS old_variant ON old_variant.id = result.variant_id
    JOIN leaderboard_modelrevision AS old_revision ON old_revision.id = result.model_revision_id
    JOIN pair ON pair.origin = old_variant.model_meta_id
    JOIN leaderboard_modelrevision AS revision
      ON revision.model_meta_id = pair.copied AND revision.name = old_revision.name
    JOIN leaderboard_variant AS variant
      ON variant.model_meta_id = pair.copied AND variant.experiment_name = old_variant.experiment_name;
    INSERT INTO leaderboard_taskresult (id, model_revision_id, variant_id, task_id, source_id, source_path, digest,
        dataset_revision, mteb_version, date, cell_set_id, n_cells, main_scores, payload, created_at)
    SELECT copied.id, copied.model_revision_id, copied.variant_id, task_id, source_id, source_path, digest,
        dataset_revision, mteb_version, date, cell_set_id, n_cells,
        ARRAY(SELECT score + shift FROM unnest(main_scores) WITH ORDINALITY AS cell (score, place) ORDER BY place),
        '', created_at
    FROM copied_result AS copied JOIN leaderboard_taskresult AS result ON result.id = copied.result_id;
    INSERT INTO leaderboard_currentresult (result_id, variant_id, task_id, official_part, all_part)
    SELECT copied.id, copied.variant_id, task_id, official_part, all_part
    FROM copied_result AS copied JOIN leaderboard_currentresult AS current ON current.result_id = copied.result_id;
"""


def multiply_models(database: BenchDatabase, log: Path) -> None:
    """The boards are computed from the copies as from any result."""
    left_out = {"id", "name", "registry_order"}
    fields = [field for field in ModelMeta._meta.concrete_fields if not isinstance(field, models.GeneratedField)]
    columns = ", ".join(f'"{field.column}"' for field in fields if field.column not in left_out)
    filled = {"columns": columns, "copies": COPIES, "suffix": _SUFFIX}
    database.run_script("".join(part.format(**filled) for part in (_MODELS + ";", _PAIRS, _REVISIONS, _RESULTS)))
    database.settle()
    database.manage(log, "shell", "--verbosity", "0", "--command", _PUBLISH)
    database.settle()
