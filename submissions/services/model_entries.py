"""The entry of a submitted model on the board: what its repository and its submitter say of it."""

from __future__ import annotations

from leaderboard.metadata import MetadataOrigin
from leaderboard.models import DeclinedTask, MetadataClaim, MetadataVersion, ModelMeta, Task
from leaderboard.services.boards import bump_data_version
from leaderboard.services.metadata import Claim, record_claims
from leaderboard.services.model_metas import ensure_model_meta, ensure_unlisted_model_meta
from leaderboard.services.training_data import note_contamination
from submissions.hub_metadata import published_on_hub, repository_claims
from submissions.models import SourceKind, Submission

DECLINED = "Declined by the submitter."


def put_on_list(submission: Submission) -> ModelMeta:
    """The model's entry for a run. Of a private submission it is the name alone, which nobody is shown."""
    if submission.is_hidden:
        return ensure_unlisted_model_meta(name=submission.model_name)
    return describe_model(submission)


def describe_model(submission: Submission) -> ModelMeta:
    """Note what is known of the model; what the registry says of a model counts more."""
    model_meta = ensure_model_meta(name=submission.model_name)
    if submission.local_path:
        model_meta.local_path = submission.local_path
        model_meta.save(update_fields=["local_path"])
    changed = bool(record_claims(claims=_claims(submission, model_meta), reason=MetadataVersion.Reason.SUBMISSION))
    model_meta.refresh_from_db()
    changed |= note_contamination(model_meta=model_meta)
    changed |= _note_declined(submission, model_meta)
    if changed:
        bump_data_version()
    return model_meta


def _claims(submission: Submission, model_meta: ModelMeta) -> list[Claim]:
    metadata = dict(submission.metadata)
    if submission.source_kind == SourceKind.HUB and not submission.is_closed:
        metadata |= published_on_hub(submission.model_name)
    claims = repository_claims(model_meta, metadata, submission.model_revision)
    said = dict(submission.edits)
    if submission.training_data is not None:
        said["training_datasets"] = sorted(
            {*submission.training_data.get("tasks", {}), *submission.training_data.get("datasets", [])}
        )
    if said:
        before = MetadataClaim.objects.filter(model_meta=model_meta, origin=MetadataOrigin.SUBMITTER).first()
        claims.append(Claim(model_meta.pk, MetadataOrigin.SUBMITTER, {**(before.values if before else {}), **said}))
    return claims


def _note_declined(submission: Submission, model_meta: ModelMeta) -> bool:
    tasks = {task.name: task for task in Task.objects.filter(name__in=submission.declined)}
    for name, reason in submission.declined.items():
        if name in tasks:
            DeclinedTask.objects.update_or_create(
                model_meta=model_meta, task=tasks[name], defaults={"reason": reason or DECLINED}
            )
    return bool(tasks)
