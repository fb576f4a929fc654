"""What is checked of a model before anything is saved. Each check answers with a sentence for the submitter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from evaluation.capabilities import memory_needed_mb
from submissions.metadata import card_licence
from submissions.snapshot import ModelSnapshot

GIGABYTE = 10**9
LARGE_WEIGHTS = 20 * GIGABYTE
LARGEST_WEIGHTS = 200 * GIGABYTE

PICKLE_ENDINGS = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
# Left behind by trainers; nothing loads them.
TRAINER_FILES = frozenset(
    {"training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt", "rng_state.pth"}
)
OTHER_FORMATS = {".gguf": "GGUF", ".onnx": "ONNX", ".h5": "TensorFlow", ".msgpack": "Flax", ".mlmodel": "Core ML"}
# Module classes of these packages come with the packages; any other class would be code from the repository.
OWN_PACKAGES = ("sentence_transformers.",)
NO_EMBEDDINGS = ("ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering")


class Outcome(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Subject(StrEnum):
    MODEL = "Model"
    REVISION = "Revision"
    WEIGHTS = "Weights"
    CODE = "Code"
    LOADING = "Loading"
    SIZE = "Size"
    LICENCE = "Licence"
    METADATA = "Metadata"
    SETTINGS = "Settings"
    TASKS = "Tasks"
    NEWS = "News"
    QUOTA = "Quota"


@dataclass(frozen=True)
class Check:
    name: Subject
    outcome: Outcome
    sentence: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True)
class WantedTask:
    """A task that a submission asks for."""

    name: str
    modalities: frozenset[str]
    can_run: bool


@dataclass(frozen=True)
class Allowance:
    """What somebody may still ask for. None: without limit."""

    left_this_month: int | None
    left_at_once: int | None
    per_month: int = 0
    at_once: int = 0


@dataclass(frozen=True)
class Standing:
    """What the board knows already of a model at a commit.

    `evaluated`, `queued`, `waiting` and `reported` are names of tasks: evaluated here, in the queue, asked for by
    `pending_submission` or others that wait for a decision, known from results of others. `is_in_registry`: mteb knows
    how to load the model. `name_is_taken` says that the name belongs to a model from elsewhere: a folder of the server.
    """

    pending_submission: int | None = None
    unfinished_run: int | None = None
    evaluated: frozenset[str] = frozenset()
    queued: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()
    reported: frozenset[str] = frozenset()
    name_is_taken: bool = False
    is_in_registry: bool = False


def check_model(snapshot: ModelSnapshot, *, largest_worker_mb: int | None = None) -> list[Check]:
    """Everything that the repository alone tells. `largest_worker_mb` is None where no worker told its memory."""
    return [
        _exists(snapshot),
        _revision(snapshot),
        _weights(snapshot),
        _code(snapshot),
        _loading(snapshot),
        _size(snapshot, largest_worker_mb),
        _licence(snapshot),
    ]


def check_wish(
    tasks: Sequence[WantedTask],
    standing: Standing,
    *,
    settings: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    allowance: Allowance | None = None,
) -> list[Check]:
    """Whether what was asked for can be run, is new, and is not too much. `facts` are values of the model's fields."""
    checks = [_tasks(tasks), check_news(tasks, standing)]
    if settings:
        checks.insert(0, _settings(settings, facts or {}, standing))
    if allowance is not None:
        checks.append(check_quota(allowance))
    return checks


def stops(checks: Sequence[Check]) -> bool:
    return any(check.outcome is Outcome.ERROR for check in checks)


def worst_outcome(checks: Sequence[dict[str, Any]]) -> Outcome:
    """The gravest outcome among stored checks; an empty list is fine."""
    order = list(Outcome)
    return max((Outcome(check["outcome"]) for check in checks), key=order.index, default=Outcome.OK)


def code_needed(checks: Sequence[dict[str, Any]]) -> str:
    """The sentence of a stored check that found code of the model's own, or nothing."""
    found = (c["sentence"] for c in checks if c["name"] == Subject.CODE and Outcome(c["outcome"]) is not Outcome.OK)
    return next(found, "")


def check_edits(problems: Sequence[str], n_edits: int) -> list[Check]:
    """Whether what the submitter says of the model can be read; nothing where they say nothing."""
    if problems:
        return [Check(Subject.METADATA, Outcome.ERROR, sentence) for sentence in problems]
    if n_edits:
        return [
            Check(
                Subject.METADATA,
                Outcome.OK,
                f"You correct {_of_facts(n_edits)}, which is shown as the submitter's word.",
            )
        ]
    return []


def _of_facts(n: int) -> str:
    return "1 fact" if n == 1 else f"{n} facts"


def _exists(snapshot: ModelSnapshot) -> Check:
    if not snapshot.is_open:
        kind = "private" if snapshot.is_private else "gated"
        return Check(
            Subject.MODEL,
            Outcome.WARNING,
            f"{snapshot.name} is {kind} on the Hub and can be read with the token. Its name and results will be as "
            "visible as you choose below.",
        )
    return Check(Subject.MODEL, Outcome.OK, f"{snapshot.name} exists and can be read.")


def _revision(snapshot: ModelSnapshot) -> Check:
    asked = snapshot.requested_revision
    if asked and asked != snapshot.commit:
        return Check(Subject.REVISION, Outcome.OK, f"“{asked}” is now {snapshot.commit}, and that is evaluated.")
    if asked:
        return Check(Subject.REVISION, Outcome.OK, f"{snapshot.commit} is there.")
    return Check(Subject.REVISION, Outcome.OK, f"The newest revision is {snapshot.commit}, and that is evaluated.")


def _weights(snapshot: ModelSnapshot) -> Check:
    folders = {"", *(module.path for module in snapshot.modules)}
    safe, pickled = set(), set()
    for path in snapshot.files:
        folder, _, name = path.rpartition("/")
        if folder not in folders or name in TRAINER_FILES:
            continue
        if name.endswith(".safetensors"):
            safe.add(folder)
        elif name.endswith(PICKLE_ENDINGS):
            pickled.add(folder)
    if only_pickled := sorted(pickled - safe):
        where = "" if only_pickled == [""] else f" in {', '.join(folder or 'the root' for folder in only_pickled)}"
        return Check(
            Subject.WEIGHTS,
            Outcome.ERROR,
            f"The weights{where} are pickle files, which can run any code when they are opened. "
            "Save them as safetensors (save_pretrained does), then submit that commit.",
        )
    if safe:
        return Check(Subject.WEIGHTS, Outcome.OK, "The weights are safetensors.")
    return Check(Subject.WEIGHTS, Outcome.ERROR, _no_weights(snapshot))


def _no_weights(snapshot: ModelSnapshot) -> str:
    if "adapter_config.json" in snapshot.files:
        return "This is an adapter without its base model. Merge the two, then submit the merged model."
    formats = sorted({form for end, form in OTHER_FORMATS.items() if any(p.endswith(end) for p in snapshot.files)})
    if formats:
        return f"The weights are there as {' and '.join(formats)} only. Add them as safetensors."
    return "There are no weights in the repository. Add them as safetensors."


def _code(snapshot: ModelSnapshot) -> Check:
    reason = _own_code(snapshot)
    if not reason:
        return Check(Subject.CODE, Outcome.OK, "The model needs no code of its own.")
    return Check(
        Subject.CODE,
        Outcome.WARNING,
        f"The model needs code from its own repository ({reason}). It runs only if a moderator has read that code and "
        "allows it, which takes longer.",
    )


def _own_code(snapshot: ModelSnapshot) -> str:
    """Where the repository names code of its own; nothing where it needs none."""
    strange = [module.type for module in snapshot.modules if not module.type.startswith(OWN_PACKAGES)]
    tokenizer = snapshot.document("tokenizer_config.json", snapshot.transformer_folder)
    mapped = [
        name
        for name, document in (("config.json", snapshot.config), ("tokenizer_config.json", tokenizer))
        if document.get("auto_map")
    ]
    if mapped:
        return f"{' and '.join(mapped)} names code"
    return f"modules.json names the class {strange[0]}" if strange else ""


def _loading(snapshot: ModelSnapshot) -> Check:
    if broken := [path for path in snapshot.unreadable if path.endswith(".json")]:
        return Check(
            Subject.LOADING, Outcome.ERROR, f"{broken[0]} is not valid JSON. Correct it, then submit that commit."
        )
    if snapshot.modules:
        return _loading_as_sentence_transformer(snapshot)
    if "modules.json" in snapshot.files:
        return Check(Subject.LOADING, Outcome.ERROR, "modules.json lists no modules, so the model cannot be loaded.")
    if not snapshot.config.get("model_type"):
        return Check(
            Subject.LOADING,
            Outcome.ERROR,
            "The model can be loaded neither with sentence-transformers (no modules.json) nor with transformers "
            "(no config.json that names a model_type).",
        )
    heads = [name for name in snapshot.config.get("architectures") or [] if str(name).endswith(NO_EMBEDDINGS)]
    if heads:
        return Check(
            Subject.LOADING,
            Outcome.WARNING,
            f"The model is a {heads[0]}, which is not made to give embeddings of texts.",
        )
    return Check(
        Subject.LOADING,
        Outcome.WARNING,
        "There is no modules.json: the model is loaded with transformers and its token embeddings are averaged. "
        "Add one if that is not what you mean.",
    )


def _loading_as_sentence_transformer(snapshot: ModelSnapshot) -> Check:
    transformer = snapshot.module("Transformer")
    if transformer and not snapshot.config.get("model_type"):
        return Check(
            Subject.LOADING,
            Outcome.ERROR,
            "modules.json asks for a transformer, but no config.json names its model_type.",
        )
    pooling = snapshot.module("Pooling")
    if pooling and not snapshot.document("config.json", pooling.path):
        return Check(
            Subject.LOADING, Outcome.ERROR, f"modules.json asks for pooling, but {pooling.path}/config.json is missing."
        )
    return Check(Subject.LOADING, Outcome.OK, "The model is loaded with sentence-transformers.")


def _size(snapshot: ModelSnapshot, largest_worker_mb: int | None) -> Check:
    size = snapshot.safetensors_bytes
    text = f"{size / GIGABYTE:.1f} GB" if size >= GIGABYTE else f"{size / 10**6:.0f} MB"
    if size > LARGEST_WEIGHTS:
        return Check(
            Subject.SIZE,
            Outcome.ERROR,
            f"The weights take {text}; this board evaluates models up to {LARGEST_WEIGHTS // GIGABYTE} GB.",
        )
    needed = memory_needed_mb(size / 2**20) or 0
    if largest_worker_mb is not None and needed > largest_worker_mb:
        return Check(
            Subject.SIZE,
            Outcome.ERROR,
            f"The weights take {text}, so the model needs about {needed / 1024:.1f} GB of memory; the largest worker "
            f"has {largest_worker_mb / 1024:.1f} GB.",
        )
    if size > LARGE_WEIGHTS:
        return Check(Subject.SIZE, Outcome.WARNING, f"The weights take {text}, so few workers can hold the model.")
    return Check(Subject.SIZE, Outcome.OK, f"The weights take {text}.")


def _licence(snapshot: ModelSnapshot) -> Check:
    if licence := card_licence(snapshot):
        return Check(Subject.LICENCE, Outcome.OK, f"The licence is {licence}.")
    said = snapshot.card.get("license")
    if said:
        return Check(
            Subject.LICENCE, Outcome.WARNING, f"The card's licence “{said}” is none that is known by that name."
        )
    if "README.md" in snapshot.unreadable:
        return Check(
            Subject.LICENCE, Outcome.WARNING, "The model card's front matter is not valid YAML, so no licence is known."
        )
    return Check(Subject.LICENCE, Outcome.WARNING, "The model card names no licence.")


def _settings(settings: Mapping[str, Any], facts: Mapping[str, Any], standing: Standing) -> Check:
    dimension, most_tokens = facts.get("embed_dim"), facts.get("max_tokens")
    wanted, length = settings.get("embed_dim"), settings.get("max_seq_length")
    if wanted and dimension and wanted >= dimension:
        return Check(
            Subject.SETTINGS,
            Outcome.ERROR,
            f"The model's embeddings have {dimension} numbers. Ask for fewer, or leave the dimension empty.",
        )
    if settings.get("framework") == "registry" and not standing.is_in_registry:
        return Check(
            Subject.SETTINGS,
            Outcome.ERROR,
            "mteb's registry has no loader for this model. Choose another framework, or leave it open.",
        )
    if length and most_tokens and length > most_tokens:
        return Check(
            Subject.SETTINGS, Outcome.WARNING, f"The model is made for {most_tokens} tokens; {length} are asked for."
        )
    return Check(
        Subject.SETTINGS,
        Outcome.OK,
        "With settings of its own the run is a variant of the model, with a row of its own on the boards.",
    )


def check_quota(allowance: Allowance) -> Check:
    if allowance.left_at_once is not None and allowance.left_at_once <= 0:
        return Check(
            Subject.QUOTA,
            Outcome.ERROR,
            f"{allowance.at_once} of your submissions are unfinished, which is the limit. Wait, or withdraw one.",
        )
    if allowance.left_this_month is not None and allowance.left_this_month <= 0:
        return Check(
            Subject.QUOTA,
            Outcome.ERROR,
            f"You have made {allowance.per_month} submissions within thirty days, which is the limit. Ask the "
            "moderators if you need more.",
        )
    if allowance.left_this_month is None:
        return Check(Subject.QUOTA, Outcome.OK, "You may submit without limit.")
    left = allowance.left_this_month - 1
    return Check(Subject.QUOTA, Outcome.OK, f"After this one you have {left} of {allowance.per_month} left this month.")


def _tasks(tasks: Sequence[WantedTask]) -> Check:
    if not tasks:
        return Check(Subject.TASKS, Outcome.ERROR, "Choose at least one board or one task.")
    closed = [task.name for task in tasks if not task.can_run]
    if len(closed) == len(tasks):
        return Check(Subject.TASKS, Outcome.ERROR, f"{_counted(closed)} cannot be run here: {_some(closed)}.")
    beyond = [task.name for task in tasks if task.can_run and task.modalities - {"text"}]
    if closed:
        return Check(
            Subject.TASKS,
            Outcome.WARNING,
            f"{_counted(closed)} cannot be run here and will be left out: {_some(closed)}.",
        )
    if beyond:
        return Check(
            Subject.TASKS,
            Outcome.WARNING,
            f"More than text is asked for by {_counted(beyond)}, so the model must be made for it: {_some(beyond)}.",
        )
    return Check(Subject.TASKS, Outcome.OK, f"{_counted([task.name for task in tasks])} can be run.")


def check_news(tasks: Sequence[WantedTask], standing: Standing) -> Check:
    """Whether anything that was asked for is not known, queued or asked for already."""
    wanted = frozenset(task.name for task in tasks if task.can_run)
    here = wanted & standing.evaluated
    known = wanted & (standing.evaluated | standing.queued)
    if standing.name_is_taken:
        return Check(
            Subject.NEWS,
            Outcome.ERROR,
            "The name belongs to a model that this board keeps in a folder. Ask a moderator.",
        )
    if wanted and known | (wanted & standing.waiting) == wanted:
        return Check(Subject.NEWS, Outcome.ERROR, _nothing_new(known == wanted, here == wanted, standing))
    if waiting := (wanted & standing.waiting) - known:
        left = f" {_counted(sorted(known))} of the others {'is' if len(known) == 1 else 'are'} evaluated or queued."
        return Check(
            Subject.NEWS,
            Outcome.WARNING,
            f"Submission {standing.pending_submission} waits and asks for {_counted(sorted(waiting))} of these, too. "
            f"What one of the two has run, the other leaves out.{left if known else ''}",
        )
    if known:
        return Check(
            Subject.NEWS,
            Outcome.WARNING,
            f"Evaluated here or queued already, so left out: {_counted(sorted(known))}.",
        )
    if reported := wanted & standing.reported:
        return Check(
            Subject.NEWS,
            Outcome.OK,
            f"The board has results of others for {_counted(sorted(reported))}; a run here will check them.",
        )
    return Check(Subject.NEWS, Outcome.OK, "This revision has not been evaluated here.")


def _nothing_new(is_known: bool, is_evaluated: bool, standing: Standing) -> str:
    if is_evaluated:
        return "This revision has been evaluated here on everything you chose."
    if is_known:
        return f"Run {standing.unfinished_run} is evaluating this revision on what you chose. Wait for it."
    return (
        f"Submission {standing.pending_submission} asks for this revision on what you chose, and waits for a decision."
    )


def _counted(names: Sequence[str]) -> str:
    return "1 task" if len(names) == 1 else f"{len(names)} tasks"


def _some(names: Sequence[str]) -> str:
    """Up to five of them."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
