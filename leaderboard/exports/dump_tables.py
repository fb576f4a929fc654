"""The tables of the dump: what each column means, and where its rows come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Func, JSONField, QuerySet, TextField, Value
from django.db.models.functions import Cast

from leaderboard.exports.parquet import ROWS_PER_GROUP, ParquetColumn, ParquetType
from leaderboard.models import (
    Benchmark,
    BenchmarkTask,
    Board,
    BoardLanguageRow,
    BoardRow,
    CellSet,
    DeclinedTask,
    ModelMeta,
    ModelRevision,
    Task,
    TaskResult,
)

TEXT, TEXTS, INTEGER, FLOAT = ParquetType.TEXT, ParquetType.TEXTS, ParquetType.INTEGER, ParquetType.FLOAT
FLAG, DATE, TIME = ParquetType.FLAG, ParquetType.DATE, ParquetType.TIME

Rows = Iterator[Sequence[Any]]
_CHUNK = 2000
_FEW = 100  # Rows with large texts or long arrays.


@dataclass(frozen=True)
class DumpTable:
    """A file of the dump, `name`.parquet."""

    name: str
    about: str
    columns: Sequence[ParquetColumn]
    rows: Callable[[], Rows]
    rows_per_group: int = ROWS_PER_GROUP


# A column's name, type and meaning, and where its values come from if not from the field of that name.
_Column = tuple[str, ParquetType, str] | tuple[str, ParquetType, str, Any]


def _table(
    name: str,
    about: str,
    found: QuerySet[Any],
    columns: Sequence[_Column],
    rows_per_group: int = ROWS_PER_GROUP,
) -> DumpTable:
    """A table whose rows are those of a query."""
    sources = [column[3] if len(column) == 4 else column[0] for column in columns]
    return DumpTable(
        name,
        about,
        _documented(columns),
        lambda: found.values_list(*sources).iterator(min(_CHUNK, rows_per_group)),
        rows_per_group,
    )


def _documented(columns: Iterable[_Column]) -> list[ParquetColumn]:
    return [ParquetColumn(*column[:3]) for column in columns]


def _json(field: str) -> Cast:
    return Cast(field, TextField())


def _array_to_json(field: str) -> Func:
    return Func(field, function="array_to_json", output_field=JSONField())


def _hexadecimal(field: str) -> Func:
    return Func(field, Value("hex"), function="encode", output_field=TextField())


MODELS = _table(
    "models",
    "Every model, with what the registry, its results or its submission say of it.",
    ModelMeta.objects.order_by("name"),
    [
        ("name", TEXT, "organisation/name, as on the Hub"),
        ("origin", TEXT, "registry (of mteb), custom (this board) or results (known from results only)"),
        ("in_registry", FLAG, "whether mteb's registry has the model now"),
        ("registry_order", INTEGER, "place in the registry, which breaks ties"),
        ("registry_revision", TEXT, "the revision that the registry names"),
        ("release_date", DATE, "day of release"),
        ("languages", TEXTS, "language-script codes"),
        ("n_parameters", INTEGER, "parameters"),
        ("n_active_parameters", INTEGER, "parameters used for a token"),
        ("n_embedding_parameters", INTEGER, "parameters of the token table"),
        ("memory_usage_mb", FLOAT, "memory of the weights in MB"),
        ("max_tokens", INTEGER, "longest input; null where unknown or unlimited"),
        ("embed_dim", INTEGER, "largest dimension of an embedding"),
        ("embed_dims", TEXT, "all dimensions, as a JSON list", Cast(_array_to_json("embed_dims"), TextField())),
        ("license", TEXT, "licence, or a link to it"),
        ("open_weights", FLAG, "whether the weights are open"),
        ("public_training_code", TEXT, "link to the training code"),
        ("public_training_data", TEXT, "link to the training data, or what is said of it"),
        ("framework", TEXTS, "what the model runs in"),
        ("reference", TEXT, "link to the model's page"),
        ("similarity_fn_name", TEXT, "how embeddings are compared"),
        ("use_instructions", FLAG, "whether inputs carry an instruction"),
        ("training_datasets", TEXTS, "training datasets by task name; null where undisclosed"),
        (
            "contaminated_tasks",
            TEXTS,
            "tasks whose data the model or its base saw; null where undisclosed",
        ),
        ("adapted_from", TEXT, "the model that this one was made from"),
        ("superseded_by", TEXT, "the model that takes its place"),
        ("model_type", TEXTS, "dense, late-interaction, cross-encoder, ..."),
        ("modalities", TEXTS, "text, image, audio, video"),
        ("citation", TEXT, "BibTeX"),
    ],
)

MODEL_REVISIONS = _table(
    "model_revisions",
    "Revisions that results name, with the metadata that came with those results.",
    ModelRevision.objects.order_by("model_meta__name", "name"),
    [
        ("model", TEXT, "name of the model", "model_meta__name"),
        ("revision", TEXT, "commit, or the label used instead of one", "name"),
        ("metadata", TEXT, "model_meta.json as JSON; null where none came", _json("metadata")),
        ("run_settings", TEXT, "run_settings.jsonl as a JSON list; null where none came", _json("run_settings")),
    ],
    _FEW,
)

TASKS = _table(
    "tasks",
    "Every task that a benchmark counts or a result names.",
    Task.objects.order_by("name"),
    [
        ("name", TEXT, "name of the task"),
        ("origin", TEXT, "registry (of mteb), custom (this board) or results (known from results only)"),
        ("in_registry", FLAG, "whether mteb's registry has the task now"),
        ("type", TEXT, "task type, for example Retrieval"),
        ("description", TEXT, "what it measures"),
        ("reference", TEXT, "link to where it comes from"),
        ("category", TEXT, "input and output modality, for example t2t"),
        ("subtypes", TEXTS, "kinds of the type"),
        ("domains", TEXTS, "domains of the texts"),
        ("modalities", TEXTS, "text, image, audio, video"),
        ("languages", TEXTS, "language-script codes of all subsets"),
        ("eval_langs", TEXT, "languages by subset, as JSON", _json("eval_langs")),
        ("eval_splits", TEXTS, "splits that count by default"),
        ("hf_subsets", TEXTS, "subsets that count by default"),
        ("main_score", TEXT, "name of the main score"),
        ("dataset_path", TEXT, "dataset on the Hub"),
        ("dataset_revision", TEXT, "current revision of the dataset"),
        ("license", TEXT, "licence of the dataset"),
        ("is_public", FLAG, "whether the data are public"),
        ("is_beta", FLAG, "whether mteb calls it beta"),
        ("is_aggregate", FLAG, "whether it sums up other tasks"),
        ("superseded_by", TEXT, "the task that takes its place"),
        ("adapted_from", TEXTS, "tasks with the same data"),
        ("annotations_creators", TEXT, "who annotated"),
        ("sample_creation", TEXT, "how the texts came about"),
        ("dialect", TEXTS, "dialects"),
        ("date_start", TEXT, "when the collection of the texts began"),
        ("date_end", TEXT, "when it ended"),
        ("citation", TEXT, "BibTeX"),
        ("contributed_by", TEXT, "who contributed it"),
        ("prompt", TEXT, "instruction, as JSON", _json("prompt")),
        ("descriptive_stats", TEXT, "statistics of the data, as JSON", _json("descriptive_stats")),
    ],
    _FEW,
)

BENCHMARKS = _table(
    "benchmarks",
    "Every benchmark, with the rules of its board.",
    Benchmark.objects.order_by("registry_order", "name"),
    [
        ("name", TEXT, "name in mteb"),
        ("slug", TEXT, "name in addresses"),
        ("origin", TEXT, "registry (of mteb) or custom (this board)"),
        ("in_registry", FLAG, "whether mteb's registry has the benchmark now"),
        ("display_name", TEXT, "name that people know it by"),
        ("description", TEXT, "what it is"),
        ("reference", TEXT, "link to where it comes from"),
        ("citation", TEXT, "BibTeX"),
        ("aliases", TEXTS, "other names in mteb"),
        ("superseded_by", TEXTS, "newer versions"),
        ("aggregations", TEXTS, "means that its summary has"),
        ("public_tasks_only", FLAG, "whether the summary leaves private tasks out"),
        ("show_zero_shot", FLAG, "whether it has a zero-shot column"),
        ("sort_columns", TEXTS, "means that number the rows; empty where the Borda rank does"),
        ("language_view", TEXTS, "languages of its per-language table; all for every one"),
        ("menu_path", TEXTS, "headings above it in the menu"),
    ],
)

BENCHMARK_TASKS = _table(
    "benchmark_tasks",
    "Which cells of which tasks a benchmark counts: every pair of splits x subsets.",
    BenchmarkTask.objects.order_by("benchmark__name", "position"),
    [
        ("benchmark", TEXT, "name of the benchmark", "benchmark__name"),
        ("task", TEXT, "name of the task", "task__name"),
        ("position", INTEGER, "place of the task in the benchmark, from 0"),
        ("splits", TEXTS, "splits that count"),
        ("subsets", TEXTS, "subsets that count"),
    ],
    _FEW,
)

RESULTS = _table(
    "results",
    "Every stored result with where it comes from, those that no longer count included. Scores are in cells.",
    TaskResult.objects.order_by("pk"),
    [
        ("result_id", INTEGER, "number of the result; its file is at /results/<number>.json", "pk"),
        ("model", TEXT, "name of the model", "model_revision__model_meta__name"),
        ("revision", TEXT, "revision of the model", "model_revision__name"),
        ("experiment_name", TEXT, "variant as results name it; empty for the base run", "variant__experiment_name"),
        ("experiment_id", TEXT, "variant as rows of boards name it; empty for the base run", "variant__experiment_id"),
        ("task", TEXT, "name of the task", "task__name"),
        ("n_cells", INTEGER, "cells in the file"),
        ("official_part", INTEGER, "0 where it counts on official boards, else null", "current__official_part"),
        (
            "all_part",
            INTEGER,
            "where it counts among all results: 0 goes first, 1 and more fill its gaps; else null",
            "current__all_part",
        ),
        ("source", TEXT, "name of the source", "source__name"),
        ("source_kind", TEXT, "official, upload (self-reported) or run (evaluated here)", "source__kind"),
        ("source_path", TEXT, "path within the source"),
        ("source_commit", TEXT, "commit of the source, where known"),
        ("sha256", TEXT, "SHA-256 of the file", _hexadecimal("digest")),
        ("dataset_revision", TEXT, "revision of the dataset"),
        ("mteb_version", TEXT, "version of mteb"),
        ("date", TIME, "when it was evaluated"),
        ("evaluation_time", FLOAT, "seconds"),
        ("kg_co2_emissions", FLOAT, "kilograms of CO2"),
        ("stored_at", TIME, "when it was stored here", "created_at"),
    ],
)


def _cell_rows() -> Rows:
    """Ordered by their lists of cells, which two queries walk side by side: a list is read once and held alone."""
    cell_sets = CellSet.objects.order_by("pk").values_list("pk", "splits", "subsets", "languages").iterator(_FEW)
    results = (
        TaskResult.objects.order_by("cell_set_id", "pk")
        .values_list(
            *("cell_set_id", "pk", "task__name", "model_revision__model_meta__name", "variant__experiment_id"),
            "main_scores",
        )
        .iterator(_CHUNK)
    )
    held: tuple[Any, ...] = (None,)
    for cell_set_id, result_id, task, model, experiment_id, scores in results:
        while held[0] != cell_set_id:
            held = next(cell_sets)
        for position, cell in enumerate(zip(*held[1:], scores, strict=True)):
            yield result_id, task, model, experiment_id, position, *cell


CELLS = DumpTable(
    "cells",
    "One row per cell (split and subset) of every result: the main score.",
    _documented(
        [
            ("result_id", INTEGER, "number of the result, as in results"),
            ("task", TEXT, "name of the task"),
            ("model", TEXT, "name of the model"),
            ("experiment_id", TEXT, "variant as rows of boards name it; empty for the base run"),
            ("position", INTEGER, "place of the cell in the file, from 0; sums run in this order"),
            ("split", TEXT, "split of the dataset"),
            ("subset", TEXT, "subset of the dataset"),
            ("languages", TEXTS, "language-script codes, as the file gives them"),
            ("main_score", FLOAT, "main score as mteb stores it, mostly a fraction; null where the file has none"),
        ]
    ),
    _cell_rows,
)

BOARD_ROWS = _table(
    "board_rows",
    "The rows of all boards, in both scopes, with ranks and means. Their other columns are in board_scores.",
    BoardRow.objects.order_by("board__benchmark__name", "board__scope", "position"),
    [
        ("benchmark", TEXT, "name of the benchmark", "board__benchmark__name"),
        ("scope", TEXT, "official: official results only; all: everything", "board__scope"),
        ("position", INTEGER, "place in the summary, from 0; null for a row that only the per-task table has"),
        ("task_position", INTEGER, "place in the per-task table, from 0"),
        ("rank", INTEGER, "the number that the board shows"),
        ("borda_rank", INTEGER, "rank by Borda points"),
        ("rank_low", INTEGER, "best rank of the 95 % interval; null where none was computed"),
        ("rank_high", INTEGER, "worst rank of the 95 % interval"),
        ("model", TEXT, "name of the model", "model_meta__name"),
        ("experiment_id", TEXT, "variant; empty for the base run"),
        ("revision", TEXT, "revision of the model; the leading one where there are several"),
        ("revisions", TEXTS, "all revisions that the row's scores come from"),
        ("source_kinds", TEXTS, "kinds of sources that the row's scores come from", "origins"),
        ("zero_shot", INTEGER, "percent of the board's tasks unseen in training; null where undisclosed"),
        ("n_done", INTEGER, "tasks of the summary with a score"),
        ("n_declared", INTEGER, "tasks that the summary declares", "board__n_declared_tasks"),
        ("mean_task", FLOAT, "mean over tasks; null where a task is blank, as all means"),
        ("mean_task_type", FLOAT, "mean over the means of task types"),
        ("mean_subset", FLOAT, "mean over subsets"),
        ("mean_public", FLOAT, "mean over public tasks"),
        ("mean_private", FLOAT, "mean over private tasks"),
    ],
)


def _board_score_rows() -> Rows:
    """One board after the other; blank scores are left out."""
    boards = Board.objects.select_related("benchmark").order_by("benchmark__name", "scope")
    for board in boards.iterator(_FEW):
        labels = [": ".join(group) for group in board.groups]
        families = (("task", board.task_names), ("type", board.task_types), ("group", labels))
        rows = BoardRow.objects.filter(board=board).order_by("position", "pk")
        fields = ("model_meta__name", "experiment_id", "task_scores", "type_means", "group_means")
        for model, experiment_id, *arrays in rows.values_list(*fields).iterator(_CHUNK):
            for (family, names), scores in zip(families, arrays, strict=True):
                yield from _long(board, family, names, model, experiment_id, scores)
        by_language = BoardLanguageRow.objects.filter(board=board).order_by("position")
        for model, scores in by_language.values_list("model_meta__name", "scores").iterator(_CHUNK):
            yield from _long(board, "language", board.languages, model, "", scores)


def _long(
    board: Board, family: str, names: Sequence[str], model: str, experiment_id: str, scores: Sequence[float | None]
) -> Rows:
    for name, score in zip(names, scores, strict=False):
        if score is not None:
            yield board.benchmark.name, board.scope, family, name, model, experiment_id, score


BOARD_SCORES = DumpTable(
    "board_scores",
    "What a row of a board has beside its means: one row per score that is not blank.",
    _documented(
        [
            ("benchmark", TEXT, "name of the benchmark"),
            ("scope", TEXT, "official: official results only; all: everything"),
            ("family", TEXT, "what `name` is: task, type, group or language"),
            ("name", TEXT, "task, task type, group (dimension: label) or language code"),
            ("model", TEXT, "name of the model"),
            (
                "experiment_id",
                TEXT,
                "variant; empty for the base run, and for languages, where variants are pooled",
            ),
            ("score", FLOAT, "the board's score"),
        ]
    ),
    _board_score_rows,
)

DECLINED_TASKS = _table(
    "declined_tasks",
    "Tasks that models are not to be measured on.",
    DeclinedTask.objects.order_by("pk"),
    [
        ("model", TEXT, "name of the model", "model_meta__name"),
        ("task", TEXT, "name of the task", "task__name"),
        ("reason", TEXT, "why, as whoever made the model says"),
        ("declared_at", TIME, "when it was written down here"),
    ],
)

TABLES = (
    MODELS,
    MODEL_REVISIONS,
    DECLINED_TASKS,
    TASKS,
    BENCHMARKS,
    BENCHMARK_TASKS,
    RESULTS,
    CELLS,
    BOARD_ROWS,
    BOARD_SCORES,
)
