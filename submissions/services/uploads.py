"""Writes of uploads: look at what is offered, take it in, approve, reject, withdraw."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING, Any

import zstandard
from django.db import IntegrityError, transaction
from django.utils import timezone

from leaderboard.metadata import MetadataOrigin, read_meta_file
from leaderboard.models import MetadataVersion, ModelMeta, ModelRevision, SourceKind, Task
from leaderboard.result_files import TaskFacts, UnusableFile, load_json, normalise, parse_result
from leaderboard.services.audit import record
from leaderboard.services.boards import bump_data_version
from leaderboard.services.metadata import Claim, record_claims
from leaderboard.services.model_metas import ensure_model_meta, ensure_revision
from leaderboard.services.results import NewResult, ResultRefused, record_results
from submissions import hub
from submissions.hub_metadata import published_on_hub, repository_claims
from submissions.metadata import Metadata, describe
from submissions.models import ResultUpload, UploadedFile
from submissions.notices import Event
from submissions.selectors import uploads as selectors
from submissions.services.errors import NotPossible, ReasonMissing, SubmissionError
from submissions.services.notifications import notify_of_upload
from submissions.upload_archive import Entry, Offer, Place, Unreadable, by_folder
from submissions.upload_checks import (
    About,
    Read,
    Verdict,
    check_model_folder,
    check_result,
    fine,
    missing_metadata,
    note,
    problem,
    stopping,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User

META_FILE = "model_meta"
SOURCE = "uploads"


class UploadRefused(SubmissionError):
    """Checks stopped it, or somebody else was faster."""


@dataclass(frozen=True)
class FileVerdict:
    """A file with everything that was found; `task` is None where it is no result that can be stored."""

    path: str
    verdicts: list[Verdict]
    entry: Entry | None = None
    task: Task | None = None
    settings: Mapping[str, Any] | None = None
    score: float | None = None

    @property
    def is_refused(self) -> bool:
        return stopping(self.verdicts)


@dataclass(frozen=True)
class RevisionVerdict:
    """The files of one model revision."""

    name: str
    revision: str
    verdicts: list[Verdict]
    files: list[FileVerdict]
    model_file: dict[str, Any] | None = None
    metadata: Metadata = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        return stopping(self.verdicts) or any(file.is_refused for file in self.files)


@dataclass(frozen=True)
class UploadVerdict:
    revisions: list[RevisionVerdict]
    refused_files: list[FileVerdict]

    @property
    def is_refused(self) -> bool:
        return bool(self.refused_files) or not self.revisions or any(of.is_refused for of in self.revisions)

    @property
    def n_files(self) -> int:
        return len(self.refused_files) + sum(len(of.files) for of in self.revisions)

    @property
    def n_refused(self) -> int:
        return len(self.refused_files) + sum(file.is_refused for of in self.revisions for file in of.files)


def assess_upload(*, offer: Offer, model_name: str = "", revision: str = "") -> UploadVerdict:
    """Reads every file, one at a time, and runs every check, saving nothing.

    Name and revision are for files that lie in no folder of a model and have no model_meta.json beside them.
    """
    facts = selectors.task_facts()
    refused = [FileVerdict(one.path, [problem(About.FILE, one.sentence)]) for one in offer.refusals]
    revisions = [
        _assess_folder(members, facts, model_name.strip(), revision.strip()) for _, members in by_folder(offer.entries)
    ]
    if not offer.entries and not refused:
        refused = [FileVerdict("", [problem(About.FILE, "There is no file in it. Choose result files or one zip.")])]
    return UploadVerdict(_told_apart([of for of in revisions if of is not None]), refused)


def take_in(*, submitter: User, verdict: UploadVerdict, note_text: str = "") -> list[ResultUpload]:
    """Pending uploads, one for each model revision; all or none. Raises UploadRefused where a check stops it."""
    if verdict.is_refused:
        raise UploadRefused("Something has to be corrected first; nothing was saved.")
    try:
        with transaction.atomic():
            return [_store(of, submitter, note_text) for of in verdict.revisions]
    except IntegrityError as error:
        if "one_pending_upload_per_model_revision" not in str(error):
            raise
        raise UploadRefused(
            "Results of this model revision wait for a decision already. Withdraw that upload or wait for the decision."
        ) from error


@transaction.atomic
def approve_upload(*, upload: ResultUpload, decided_by: User) -> ResultUpload:
    """Store the files as results that somebody reported, and put them on the boards."""
    upload = _locked_pending(upload, "approved")
    model_meta = _put_on_list(upload)
    files = list(upload.files.select_related("task"))
    try:
        results = record_results(
            model_meta=model_meta,
            revision=upload.model_revision,
            files=[_new_result(file) for file in files],
            source_kind=SourceKind.UPLOAD,
            source_name=SOURCE,
        )
    except ResultRefused as error:
        raise NotPossible(f"{error} Reject the upload and ask for the file again.") from error
    for file, result in zip(files, results, strict=True):
        file.result, file.payload = result, None
    UploadedFile.objects.bulk_update(files, ["result", "payload"])
    _decide(upload, ResultUpload.State.APPROVED, decided_by)
    notify_of_upload(upload=upload, event=Event.UPLOAD_APPROVED)
    return upload


@transaction.atomic
def reject_upload(*, upload: ResultUpload, decided_by: User, reason: str) -> ResultUpload:
    if not reason.strip():
        raise ReasonMissing("Say why: the submitter reads the reason on the upload's page.")
    upload = _locked_pending(upload, "rejected")
    upload.reason = reason.strip()
    upload.files.update(payload=None)
    _decide(upload, ResultUpload.State.REJECTED, decided_by)
    notify_of_upload(upload=upload, event=Event.UPLOAD_REJECTED)
    return upload


@transaction.atomic
def withdraw_upload(*, upload: ResultUpload) -> ResultUpload:
    upload = _locked_pending(upload, "withdrawn")
    upload.state = ResultUpload.State.WITHDRAWN
    upload.files.update(payload=None)
    upload.save(update_fields=["state"])
    return upload


def _assess_folder(
    members: Sequence[tuple[Entry, Place]], facts: Mapping[str, TaskFacts], asked_name: str, asked_revision: str
) -> RevisionVerdict | None:
    """None of a folder that holds nothing but a model_meta.json."""
    place = members[0][1]
    meta_files, broken = _meta_files(members)
    results = [(entry, of) for entry, of in members if of.stem != META_FILE]
    if not results and not broken:
        return None
    model_file = meta_files.get(place.folder)
    name, revision = _whose(place, model_file, asked_name, asked_revision)
    known = selectors.surroundings(name, revision, {of.stem for _, of in results}, _size(model_file))
    open_weights = known.model_meta.open_weights if known.model_meta else (model_file or {}).get("open_weights")
    verdicts = check_model_folder(
        model_folder=place.model_folder,
        revision_folder=place.revision_folder,
        name=name,
        revision=revision,
        open_weights=open_weights,
    )
    metadata: Metadata = {}
    if not stopping(verdicts):
        about_model, metadata = _check_model(name, revision, model_file, known.model_meta)
        verdicts.append(about_model)
    files = [_assess_file(entry, of, facts, known, meta_files.get(of.own_folder)) for entry, of in results]
    return RevisionVerdict(name, revision, verdicts, broken + _once_per_task(files), model_file, metadata)


def _meta_files(members: Sequence[tuple[Entry, Place]]) -> tuple[dict[str, dict[str, Any]], list[FileVerdict]]:
    """Folder -> what its model_meta.json says, and verdicts about those that cannot be read."""
    found: dict[str, dict[str, Any]] = {}
    broken: list[FileVerdict] = []
    for entry, place in members:
        if place.stem == META_FILE:
            try:
                found[place.own_folder] = load_json(_content(entry))
            except (Unreadable, UnusableFile) as error:
                broken.append(FileVerdict(entry.path, [problem(About.FILE, f"It cannot be read: {error}.")]))
    return found, broken


def _whose(place: Place, model_file: Mapping[str, Any] | None, asked_name: str, asked_revision: str) -> tuple[str, str]:
    """model_meta.json says it, else the folders, else the form."""
    said = model_file or {}
    name, revision = said.get("name"), said.get("revision")
    folder_name = place.model_folder.replace("__", "/", 1)
    return (
        name if isinstance(name, str) and name else folder_name or asked_name,
        revision if isinstance(revision, str) and revision else place.revision_folder or asked_revision,
    )


def _size(model_file: Mapping[str, Any] | None) -> int | None:
    size = (model_file or {}).get("n_parameters")
    return size if isinstance(size, int) and size > 0 else None


def _check_model(
    name: str, revision: str, model_file: Mapping[str, Any] | None, model_meta: ModelMeta | None
) -> tuple[Verdict, Metadata]:
    """Whether it is known or described; the Hub is asked only for a model that neither is."""
    if model_meta is not None:
        return fine(About.MODEL, f"{name} is known."), {}
    missing = missing_metadata(model_file or {})
    if not missing:
        return fine(About.MODEL, f"{name} is new here, and its model_meta.json describes it."), {}
    try:
        snapshot = hub.read_model(name, revision)
    except hub.HubError as error:
        said = f"its model_meta.json lacks {', '.join(missing)}" if model_file else "there is no model_meta.json"
        return problem(
            About.MODEL, f"{name} is new here and {said}. Add what is missing, or put the model on the Hub: {error}"
        ), {}
    metadata = describe(snapshot) | published_on_hub(snapshot.name)
    return note(About.MODEL, f"{name} is new here; what it is was read from the Hub at {revision}."), metadata


def _assess_file(
    entry: Entry,
    place: Place,
    facts: Mapping[str, TaskFacts],
    known: selectors.Surroundings,
    meta_file: Mapping[str, Any] | None,
) -> FileVerdict:
    settings = (meta_file or {}).get("experiment_kwargs")
    if (place.experiment and not settings) or not isinstance(settings, (dict, type(None))):
        sentence = "An experiment needs its model_meta.json with experiment_kwargs: nobody knows what was varied."
        return FileVerdict(entry.path, [problem(About.FOLDER, sentence)])
    try:
        content = _content(entry)
        read = _read(content, place.stem, facts)
    except Unreadable as error:
        return FileVerdict(entry.path, [problem(About.FILE, str(error))])
    except UnusableFile as error:
        sentence = f"This is no result of mteb: {error}. Hand in the file as mteb wrote it, or leave it out."
        return FileVerdict(entry.path, [problem(About.FILE, sentence)])
    name = read.parsed.task_name
    digest = hashlib.sha256(content).digest()
    verdicts = check_result(
        read,
        known.known_tasks.get(name),
        known.reported_result(name, settings, digest),
        known.run_result(name, settings),
    )
    scores = [score for score in read.parsed.main_scores if score is not None]
    return FileVerdict(entry.path, verdicts, entry, known.tasks.get(name), settings, fmean(scores) if scores else None)


def _content(entry: Entry) -> bytes:
    """What the database cannot keep is refused here: text with NUL."""
    content = entry.read()
    if b"\\u0000" in content:
        raise Unreadable("It holds the character NUL, which no text needs. Hand in the file as mteb wrote it.")
    return content


def _read(content: bytes, stem: str, facts: Mapping[str, TaskFacts]) -> Read:
    parsed = parse_result(content, facts)
    _, scores, _, _ = normalise(load_json(content), facts)
    if not all(isinstance(code, str) for codes in parsed.languages for code in codes):
        raise UnusableFile("its languages are not codes")
    metrics = {(split, entry["hf_subset"]): entry for split, entries in scores.items() for entry in entries}
    return Read(stem, parsed, metrics)


def _once_per_task(files: Sequence[FileVerdict]) -> list[FileVerdict]:
    """A task twice under one model and settings is refused both times."""
    seen: dict[tuple[int, str], list[FileVerdict]] = {}
    for file in files:
        if file.task is not None:
            seen.setdefault((file.task.pk, str(file.settings)), []).append(file)
    for twins in seen.values():
        if len(twins) > 1:
            paths = " and ".join(twin.path for twin in twins)
            for twin in twins:
                twin.verdicts.insert(0, problem(About.TASK, f"{twin.task} comes twice: {paths}. Keep one of them."))
    return list(files)


def _told_apart(revisions: Sequence[RevisionVerdict]) -> list[RevisionVerdict]:
    """Two folders of one revision are refused: nobody knows which one is meant."""
    seen: set[tuple[str, str]] = set()
    for of in revisions:
        if (of.name.lower(), of.revision) in seen:
            sentence = f"Two folders hold results of {of.name} at {of.revision}. Put them into one."
            of.verdicts.append(problem(About.FOLDER, sentence))
        seen.add((of.name.lower(), of.revision))
    return list(revisions)


def _store(of: RevisionVerdict, submitter: User, note_text: str) -> ResultUpload:
    upload = ResultUpload.objects.create(
        submitter=submitter,
        model_name=of.name,
        model_revision=of.revision,
        model_file=of.model_file,
        metadata=of.metadata,
        checks=[verdict.as_json() for verdict in of.verdicts],
        note=note_text.strip(),
    )
    for file in of.files:
        if file.entry is None or file.task is None:
            raise UploadRefused(f"{file.path} cannot be stored.")
        UploadedFile.objects.create(
            upload=upload,
            task=file.task,
            path=file.path,
            settings=file.settings,
            payload=zstandard.compress(file.entry.read()),
            score=file.score,
            checks=[verdict.as_json() for verdict in file.verdicts],
        )
    return upload


def _new_result(file: UploadedFile) -> NewResult:
    payload = zstandard.ZstdDecompressor().decompressobj().decompress(bytes(file.payload or b""))
    return NewResult(file.task, payload, file.settings, f"{file.upload_id}/{file.path}")


def _put_on_list(upload: ResultUpload) -> ModelMeta:
    """The model's entry, with what its file or the Hub says of it."""
    model_meta = ensure_model_meta(name=upload.model_name)
    claims = repository_claims(model_meta, upload.metadata, upload.model_revision) if upload.metadata else []
    if upload.model_file:
        ensure_revision(name=upload.model_name, revision=upload.model_revision)
        ModelRevision.objects.filter(model_meta=model_meta, name=upload.model_revision, metadata=None).update(
            metadata=upload.model_file
        )
        said = read_meta_file(upload.model_file)
        claims.append(Claim(model_meta.pk, MetadataOrigin.META_FILE, said, reference=upload.model_revision))
    if claims and record_claims(claims=claims, reason=MetadataVersion.Reason.SUBMISSION):
        bump_data_version()
        model_meta.refresh_from_db()
    return model_meta


def _locked_pending(upload: ResultUpload, verb: str) -> ResultUpload:
    """The row as it stands now, held until the transaction ends: two people may decide at the same moment."""
    locked = ResultUpload.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    if not locked.is_pending:
        raise NotPossible(f"{locked} cannot be {verb}: it is {locked.get_state_display()}.")
    return locked


def _decide(upload: ResultUpload, state: ResultUpload.State, decided_by: User) -> None:
    upload.state = state
    upload.decided_by = decided_by
    upload.decided_at = timezone.now()
    upload.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    record(
        actor=decided_by,
        action=state.value,
        subject=upload,
        before={"state": ResultUpload.State.PENDING.value},
        after={"state": state.value},
        reason=upload.reason,
    )
