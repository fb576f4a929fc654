"""The page of a model."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leaderboard.freshness import until_data_changes
from leaderboard.models import ModelMeta, Scope
from leaderboard.selectors import model_metas
from leaderboard.tables.model_metas import ModelScoreTable
from leaderboard.views.addresses import named, scope_of


@require_safe
@until_data_changes
def model(request: HttpRequest, name: str) -> HttpResponse:
    shown = named(ModelMeta, name)
    scope = scope_of(request)
    scores = model_metas.model_scores(shown, scope)
    context = {
        "model_meta": shown,
        "caption": f"Results of {shown.name}",
        "hub_address": _hub_address(shown),
        "scope": scope,
        "scopes": Scope,
        "table": ModelScoreTable(scores, scope=scope, sort=request.GET.get("sort", "")),
        "has_contaminated": any(score.contaminated for score in scores),
        "standings": model_metas.standings(shown, scope),
        "revisions": model_metas.revisions_of(shown),
        "variants": shown.variants.exclude(experiment_name=""),
        "relatives": set(ModelMeta.objects.filter(name__in=_relatives(shown)).values_list("name", flat=True)),
    }
    return render(request, "leaderboard/model.html", context)


def _hub_address(shown: ModelMeta) -> str | None:
    """Where the model's repository should be; None for a model that is not on the Hub by its nature."""
    on_hub = bool(shown.organisation) and not shown.local_path and shown.open_weights is not False
    return f"{settings.HF_ENDPOINT}/{shown.name}" if on_hub else None


def _relatives(shown: ModelMeta) -> list[str]:
    return [name for name in (shown.adapted_from, shown.superseded_by) if name]
