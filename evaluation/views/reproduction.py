"""How a result was made, how to repeat it, and what the model got wrong."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from evaluation.models import EvaluationRun, EvaluationUnit, KeptPredictions, PackageSet
from evaluation.selectors import reproduction, run_differences
from evaluation.services.predictions import predictions_folder
from evaluation.views.visible_runs import visible_run
from leaderboard.models import Task, TaskResult
from leaderboard.selectors.staleness import TOLERANCE


def reproduction_of(run: EvaluationRun, units: list[EvaluationUnit]) -> dict[str, Any]:
    """What the page of a run says of how it was made."""
    environment = next((unit.environment for unit in units if unit.environment), None)
    return {
        "facts": reproduction.facts_of(environment),
        "packages": reproduction.packages_of(environment),
        "recipe": reproduction.recipe_of(run, units),
    }


@require_safe
def result_environment(request: HttpRequest, pk: int) -> HttpResponse:
    """What a result of ours was made with, and the command that repeats it."""
    results = TaskResult.objects.select_related("task", "model_revision__model_meta", "variant", "source")
    result = get_object_or_404(results.defer("payload"), pk=pk)
    unit = reproduction.unit_of(result)
    if unit is None:
        raise Http404
    kept = reproduction.predictions_of(result)
    context = {
        "result": result,
        "unit": unit,
        "facts": reproduction.facts_of(unit.environment),
        "packages": reproduction.packages_of(unit.environment),
        "recipe": reproduction.recipe_of(unit.run, [unit]),
        "kept": kept if kept and reproduction.may_see_predictions(request.user, unit.run) else None,
    }
    return render(request, "evaluation/result_environment.html", context)


@require_safe
@cache_control(public=True, max_age=365 * 24 * 3600, immutable=True)
def packages(request: HttpRequest, digest: str) -> HttpResponse:
    """A list of packages for `pip install -r`."""
    found = get_object_or_404(PackageSet, digest=digest)
    return HttpResponse(found.content, content_type="text/plain; charset=utf-8")


@require_safe
def worst_examples(request: HttpRequest, pk: int) -> HttpResponse:
    """The examples that the model got most wrong."""
    kept, task = _predictions_of_result(request, pk)
    return _examples(request, kept, task, reverse("predictions_file", args=[pk]))


@require_safe
def predictions_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The predictions, compressed with zstandard as they are kept."""
    kept, task = _predictions_of_result(request, pk)
    return _file(kept, f"{task.name}-{pk}")


@require_safe
def unit_examples(request: HttpRequest, pk: int, unit_pk: int) -> HttpResponse:
    """The same of a task of a run, whose result may be withheld."""
    kept, unit = _predictions_of_unit(request, pk, unit_pk)
    return _examples(request, kept, unit.task, reverse("unit_predictions", args=[pk, unit_pk]))


@require_safe
def unit_predictions(request: HttpRequest, pk: int, unit_pk: int) -> HttpResponseBase:
    kept, unit = _predictions_of_unit(request, pk, unit_pk)
    return _file(kept, f"{unit.task.name}-run-{pk}")


def _examples(request: HttpRequest, kept: KeptPredictions, task: Task, file: str) -> HttpResponse:
    return render(
        request, "evaluation/worst_examples.html", {"kept": kept, "run": kept.run, "task": task, "file": file}
    )


def _file(kept: KeptPredictions, name: str) -> FileResponse:
    path = predictions_folder() / kept.path
    if not kept.path or not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=f"{name}.json.zst", content_type="application/zstd"
    )


def _predictions_of_result(request: HttpRequest, pk: int) -> tuple[KeptPredictions, Task]:
    """Those of a result; who may not see them learns nothing of them."""
    result = get_object_or_404(TaskResult.objects.select_related("task").defer("payload"), pk=pk)
    kept = reproduction.predictions_of(result)
    if kept is None or not reproduction.may_see_predictions(request.user, kept.run):
        raise Http404
    return kept, result.task


def _predictions_of_unit(request: HttpRequest, pk: int, unit_pk: int) -> tuple[KeptPredictions, EvaluationUnit]:
    run = visible_run(request, pk)
    unit = get_object_or_404(run.units.select_related("task").defer("log"), pk=unit_pk)
    kept = reproduction.predictions_of_unit(unit)
    if kept is None or not reproduction.may_see_predictions(request.user, run):
        raise Http404
    return kept, unit


@require_safe
def compare_runs(request: HttpRequest, pk: int) -> HttpResponse:
    """A run beside another one of the same model: `?with=` names it, else it is the newest other one.

    Both are runs that the visitor may know of.
    """
    run = visible_run(request, pk)
    others = run_differences.runs_to_compare(run, request.user)
    asked = request.GET.get("with", "")
    other = next((one for one in others if str(one.pk) == asked), others[0] if others else None)
    context = {
        "run": run,
        "others": others,
        "other": other,
        "differences": run_differences.run_differences(other, run) if other else None,
        "tolerance": TOLERANCE * 100,
    }
    return render(request, "evaluation/compare_runs.html", context)
