"""The page of a model, and its rank as a badge."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from leaderboard.badges import NOT_RANKED, badge, rank_message
from leaderboard.citations import model_bibtex
from leaderboard.comparison import MOST, EntrantName
from leaderboard.exports.eval_results import eval_results
from leaderboard.exports.pages import model_sheet
from leaderboard.freshness import page_etag, until_data_changes
from leaderboard.models import Benchmark, BoardRow, ModelMeta, Scope
from leaderboard.search_terms import cleaned
from leaderboard.selectors import languages, metadata, model_metas
from leaderboard.selectors.measurements import measurements_of
from leaderboard.selectors.model_metas import ModelScore
from leaderboard.selectors.verification import open_flags
from leaderboard.selectors.versions import latest_version
from leaderboard.tables import model_metas as tables
from leaderboard.views.addresses import named, scope_of
from leaderboard.views.exports import export_addresses, exported, view_address

PAGE_SIZES = {"100": 100, "all": None}
DEFAULT_PAGE_SIZE = "100"
BADGE_SECONDS = 3600
EXAMPLE_TASK = "STS12"


@require_safe
@until_data_changes
def model(request: HttpRequest, name: str) -> HttpResponseBase:
    shown = named(ModelMeta, name)
    scope = scope_of(request)
    scores = model_metas.model_scores(shown, scope)
    table = _score_table(request, shown, scores, scope)
    if answer := exported(request, lambda: model_sheet(shown, table.in_order, scope, view_address(request))):
        return answer
    standings = list(model_metas.standings(shown, scope))
    context = {
        "model_meta": shown,
        "scope": scope,
        "scopes": Scope,
        "hub_address": _hub_address(shown),
        "can_request": _can_be_on_hub(shown),
        "summary": tables.summary_sentence(shown, _language_names(shown)),
        "standings": standings,
        "standings_body": tables.standings_body(standings, scope),
        "measured": measurements_of(shown),
        "flags": list(open_flags(shown).values()),
        "verified": model_metas.model_level(shown),
        "price_per_hour": settings.COST_PER_HOUR,
        **_strengths(scores),
        **_results(request, shown, scores, table),
        **_missing(request, shown),
        **_about(shown),
        **_relatives(shown),
        **_reproducing(request, shown, scores, standings, scope),
    }
    return render(request, "leaderboard/model.html", context)


def _score_table(
    request: HttpRequest, shown: ModelMeta, scores: list[ModelScore], scope: Scope
) -> tables.ModelScoreTable:
    """The results that the address asks for; a type or a column that there is not is no restriction."""
    task_type, sort = request.GET.get("type", ""), request.GET.get("sort", "")
    known = task_type in {score.task_type for score in scores}
    listed = model_metas.matching(scores, task_type=task_type if known else "", words=_words(request))
    if tables.needs_provenance(sort):
        model_metas.add_provenance(shown, listed)
    return tables.ModelScoreTable(listed, scope=scope, sort=sort)


def _words(request: HttpRequest) -> str:
    return cleaned(request.GET.get("q", ""))


def _language_names(shown: ModelMeta) -> list[str]:
    """None of a model with many languages, where only their number is told."""
    codes = shown.languages or []
    if not codes or len(codes) > tables.FEW_LANGUAGES:
        return []
    names = languages.names_of(codes)
    return [names[code] for code in codes]


def _strengths(scores: list[ModelScore]) -> dict[str, Any]:
    strengths = model_metas.strengths(scores)
    return {"strengths": strengths, "strength_sentences": tables.strength_sentences(strengths)}


def _results(
    request: HttpRequest, shown: ModelMeta, scores: list[ModelScore], table: tables.ModelScoreTable
) -> dict[str, Any]:
    per_page = request.GET.get("per_page", "")
    table.show_page(request.GET.get("page"), PAGE_SIZES.get(per_page, PAGE_SIZES[DEFAULT_PAGE_SIZE]))
    model_metas.add_provenance(shown, list(table.records()))
    return {
        "caption": f"Results of {shown.name}",
        "table": table,
        "n_scores": len(scores),
        "task_types": sorted({score.task_type for score in scores}),
        "task_type": request.GET.get("type", ""),
        "task_words": _words(request),
        "page_sizes": PAGE_SIZES,
        "per_page": per_page if per_page in PAGE_SIZES else DEFAULT_PAGE_SIZE,
        "n_contaminated": sum(score.contaminated for score in scores),
        "has_stale": any(score.stale for score in table.records()),
        "has_stale_by_rule": any(score.stale_reason for score in table.records()),
        "export_addresses": export_addresses(request),
    }


def _missing(request: HttpRequest, shown: ModelMeta) -> dict[str, Any]:
    """The tasks that a board lacks of the model, for the board that the address names."""
    boards = list(model_metas.boards_to_fill())
    wanted = {"model": shown.name, "revision": shown.registry_revision or ""}
    context: dict[str, Any] = {"boards_to_fill": boards, "gaps_of": None, "request_query": urlencode(wanted)}
    asked = request.GET.get("missing", "")
    for benchmark in boards:
        if benchmark.slug == asked:
            gaps = model_metas.missing_tasks(shown, benchmark)
            context.update(gaps_of=benchmark, gaps=gaps, n_runnable=sum(gap.can_be_run for gap in gaps))
    return context


def _about(shown: ModelMeta) -> dict[str, Any]:
    datasets = shown.training_datasets or []
    revisions = model_metas.revisions_of(shown)
    compared = [str(EntrantName(shown.name, revision.name)) for revision in revisions if revision.n_results]
    return {
        "fields": metadata.described_fields(shown),
        "notes": metadata.annotations_of(shown),
        "metadata_changes": metadata.metadata_history(shown),
        "revisions": revisions,
        "revisions_compared": urlencode([("m", name) for name in compared[:MOST]]),
        "variants": model_metas.variants_of(shown),
        "known_datasets": model_metas.known_tasks(datasets),
        "effort": model_metas.effort_here(shown),
    }


def _relatives(shown: ModelMeta) -> dict[str, Any]:
    line = model_metas.lineage_of(shown)
    newer = [shown.superseded_by] if shown.superseded_by else []
    names = [*newer, *line.names()]
    return {
        "lineage": line if line.adapted_into else None,
        "older": model_metas.superseded_by_this(shown),
        "known_relatives": model_metas.known_models(names) if names else set(),
    }


def _reproducing(
    request: HttpRequest, shown: ModelMeta, scores: list[ModelScore], standings: list[BoardRow], scope: Scope
) -> dict[str, Any]:
    page = request.build_absolute_uri(shown.get_absolute_url())
    version = latest_version()
    cited = model_bibtex(
        citation=shown.citation, name=shown.name, address=page, day=version.day, data_version=version.number
    )
    badged = standings[0].board.benchmark if standings else None
    task_name = scores[0].task_name if scores else EXAMPLE_TASK
    context = {"bibtex": cited, "badged": badged, "code": tables.evaluation_code(shown, badged, task_name)}
    if badged:
        query = {"benchmark": badged.slug} if scope == Scope.ALL else {"benchmark": badged.slug, "source": scope.value}
        path = f"{reverse('model_badge', args=[shown.name])}?{urlencode(query)}"
        markdown = f"[![Rank on {badged.name}]({request.build_absolute_uri(path)})]({page})"
        context.update(badged=badged, badge_path=path, badge_markdown=markdown)
    return context


def _can_be_on_hub(shown: ModelMeta) -> bool:
    """Not a model that is behind an API or in a folder of this server."""
    return bool(shown.organisation) and not shown.local_path and shown.open_weights is not False


def _hub_address(shown: ModelMeta) -> str | None:
    """Where the model's repository is; None where nothing says that there is one."""
    is_known = shown.open_weights or (shown.reference or "").startswith(f"{settings.HF_ENDPOINT}/")
    return f"{settings.HF_ENDPOINT}/{shown.name}" if is_known and _can_be_on_hub(shown) else None


@require_safe
@until_data_changes
def model_eval_results(request: HttpRequest, name: str) -> HttpResponse:
    """The model's complete results for the folder `.eval_results` of its repository on the Hub."""
    shown = named(ModelMeta, name)
    scores = model_metas.model_scores(shown, scope_of(request))
    model_metas.add_provenance(shown, scores)
    paths = model_metas.dataset_paths(score.task_name for score in scores)
    address = request.build_absolute_uri(shown.get_absolute_url())
    content = eval_results(scores, dataset_paths=paths, address=address)
    response = HttpResponse(content, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="podium.yaml"'
    return response


@require_safe
@cache_control(public=True, max_age=BADGE_SECONDS)
@condition(etag_func=page_etag)
def model_badge(request: HttpRequest, name: str) -> HttpResponse:
    """The rank on a board, by default the first one that the model stands on, as an SVG."""
    shown = named(ModelMeta, name)
    slug = request.GET.get("benchmark", "")
    row = None if "\0" in slug else model_metas.standing_on(shown, slug, scope_of(request))
    if row is not None:
        picture = badge(row.board.benchmark.name, rank_message(row.rank, row.board.n_rows))
    elif slug:
        picture = badge(get_object_or_404(Benchmark, slug=slug.replace("\0", "")).name, NOT_RANKED)
    else:
        raise Http404
    return HttpResponse(picture, content_type="image/svg+xml")
