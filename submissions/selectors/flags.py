"""Reads of flags: who may answer one, and how many somebody may still raise."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from leaderboard.models import FlagReply, ModelMeta, ResultFlag
from submissions.models import ResultUpload, Submission
from submissions.selectors.organisations import of_teammates, owns_model

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FLAGS_A_DAY = 10
REPLIES_AN_HOUR = 20


def flag_list(*, only_open: bool) -> QuerySet[ResultFlag]:
    flags = ResultFlag.objects.select_related("result__task", "result__model_revision__model_meta", "flagger")
    flags = flags.defer("result__payload")
    return flags.filter(state=ResultFlag.State.OPEN) if only_open else flags


def flag_detail() -> QuerySet[ResultFlag]:
    return flag_list(only_open=False).select_related("decided_by", "result__source").prefetch_related("replies__author")


def may_decide(user: User | AnonymousUser) -> bool:
    return user.has_perm("leaderboard.change_resultflag")


def may_reply(user: User | AnonymousUser, flag: ResultFlag) -> bool:
    """The flagger, whose model it is, and moderators; as long as it is open."""
    if not user.is_authenticated or not flag.is_open:
        return False
    return user.pk == flag.flagger_id or may_decide(user) or is_owner(user, flag.result.model_revision.model_meta)


def is_owner(user: User | AnonymousUser, model_meta: ModelMeta) -> bool:
    """Whether the model is theirs: by its name, or by an approved submission or upload of theirs or a team-mate's."""
    approved = Q(model_name=model_meta.name, state="approved")
    own = Q(submitter_id=user.pk)
    return (
        owns_model(user, model_meta.name)
        or Submission.objects.filter(approved, own | of_teammates(user)).exists()
        or ResultUpload.objects.filter(approved, own).exists()
    )


def people_of_flag(flag: ResultFlag) -> list[User]:
    """Who handed the result in or asked for its run, who raised the flag, and who answered."""
    uploads = ResultUpload.objects.filter(files__result=flag.result)
    submissions = Submission.objects.filter(run__units__result=flag.result)
    return list(
        get_user_model()
        .objects.filter(
            Q(pk__in=uploads.values("submitter"))
            | Q(pk__in=submissions.values("submitter"))
            | Q(pk__in=flag.replies.values("author"))
            | Q(pk=flag.flagger_id)
        )
        .order_by("pk")
    )


def flags_left(user: User) -> int:
    """How many flags the person may still raise today."""
    since = timezone.now() - timedelta(days=1)
    return max(0, FLAGS_A_DAY - ResultFlag.objects.filter(flagger=user, created_at__gt=since).count())


def replies_left(user: User) -> int:
    since = timezone.now() - timedelta(hours=1)
    return max(0, REPLIES_AN_HOUR - FlagReply.objects.filter(author=user, created_at__gt=since).count())
