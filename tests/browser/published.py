"""Boards as an import leaves them: small, and with everything that pages show of them."""

from __future__ import annotations

import random
from datetime import date, timedelta

from django.utils import timezone

from leaderboard.models import (
    BoardSnapshot,
    CurrentResult,
    Language,
    ModelMeta,
    RankRecord,
    Script,
    SourceKind,
    Task,
    TaskResult,
)
from leaderboard.services.boards import publish_all_boards
from leaderboard.services.views import save_view
from tests.factories import make_benchmark, make_measurement, make_model, make_result, make_task, make_variant
from tests.factories_evaluation import make_run
from tests.factories_submissions import make_user

BOARD, CROWD = "/benchmarks/tiny/", "/benchmarks/crowd/"
READER, PASSWORD = "reader", "a long password of theirs"
N_MODELS, N_IN_CROWD = 12, 52
TYPES = ("STS", "Retrieval", "Classification", "Clustering")
LANGUAGES = {"eng": ("English", "Latn"), "deu": ("German", "Latn"), "jpn": ("Japanese", "Jpan")}


def publish_data() -> None:
    """A small board published today and yesterday, one of more than a page, and one without results.

    What axe takes grows with the cells of a table, so most pages are small.
    """
    for code, (name, script) in LANGUAGES.items():
        Language.objects.create(code=code, name=name, usual_script=script)
    for code, name in (("Latn", "Latin"), ("Jpan", "Japanese")):
        Script.objects.create(code=code, name=name, short_name=name)
    tasks = _tasks()
    make_benchmark("MTEB(tiny, v1)", tasks, slug="tiny", display_name="Tiny", description="Small but complete.")
    make_benchmark("MTEB(small, v1)", tasks[:4], slug="small", display_name="Small", menu_path=["General", "Other"])
    crowd = make_task("CrowdTask", type="STS")
    make_benchmark("MTEB(crowd, v1)", [crowd], slug="crowd", display_name="Crowd", menu_path=["General", "Other"])
    make_benchmark("Empty", slug="empty", menu_path=["General", "Other"])
    _results(_models(), tasks)
    _let_count(
        [
            make_result(make_model(f"crowd/model-{n}", n_parameters=1000 * n), crowd, n / 100, current_in=())
            for n in range(N_IN_CROWD)
        ]
    )
    publish_all_boards()
    _set_back_by_a_day()
    late = make_model("newcomer/late-1", release_date=date(2026, 5, 1), open_weights=True)
    _let_count([make_result(late, task, 0.97, current_in=(), kind=SourceKind.RUN) for task in tasks[:8]])
    publish_all_boards()
    make_run(tasks[:2], model_meta=late)
    reader = make_user(READER, password=PASSWORD)
    save_view(owner=reader, name="Retrieval only", address=f"{BOARD}?type=Retrieval")


def _tasks() -> list[Task]:
    single = [
        make_task(f"{type_}Task{number}", type=type_, domains=["Web", "News"][: number + 1])
        for type_ in TYPES
        for number in range(2)
    ]
    by_subset = {code: [f"{code}-{script}"] for code, (_, script) in LANGUAGES.items()}
    codes = [code for codes in by_subset.values() for code in codes]
    return [*single, make_task("ManyLanguages", hf_subsets=[*by_subset], eval_langs=by_subset, languages=codes)]


def _models() -> list[ModelMeta]:
    return [
        make_model(
            f"{('org', 'lab', 'institute')[number % 3]}/model-{number}",
            registry_order=number,
            n_parameters=(None, 33_000_000, 560_000_000, 7_600_000_000)[number % 4],
            release_date=date(2023, 1, 1) + timedelta(days=17 * number),
            open_weights=number % 5 != 0,
            spdx_license=(None, "MIT", "Apache-2.0")[number % 3],
            embed_dim=(384, 1024)[number % 2],
            max_tokens=(None, 512)[number % 2],
            architecture=("bert", "qwen3")[number % 2],
            training_approach=(["contrastive"], None)[number % 2],
            languages=["eng-Latn", "deu-Latn"],
            contaminated_tasks=(None, [], ["RetrievalTask0"])[number % 3],
            adapted_from="org/model-0" if number == 3 else None,
        )
        for number in range(N_MODELS)
    ]


def _results(models: list[ModelMeta], tasks: list[Task]) -> None:
    """The first six models were run on everything, of the others a fifth of the tasks is missing."""
    dice = random.Random(7)
    results = []
    for number, model_meta in enumerate(models):
        for task in tasks:
            if number >= 6 and dice.random() < 0.2:
                continue
            scores = {"test": {subset: round(dice.random(), 4) for subset in task.hf_subsets}}
            results.append(make_result(model_meta, task, scores, current_in=()))
    instructed = make_variant(models[1], "instructions=short")
    results += [make_result(models[1], task, 0.6, variant=instructed, current_in=()) for task in tasks[:3]]
    _let_count(results)
    make_measurement(results[0])


def _let_count(results: list[TaskResult]) -> None:
    CurrentResult.objects.bulk_create(
        CurrentResult(
            result=result,
            variant=result.variant,
            task=result.task,
            official_part=0 if result.source.kind == SourceKind.OFFICIAL else None,
            all_part=0,
        )
        for result in results
    )


def _set_back_by_a_day() -> None:
    """As if what is published so far had been published yesterday."""
    yesterday = timezone.now().date() - timedelta(days=1)
    RankRecord.objects.update(since=yesterday)
    BoardSnapshot.objects.update(day=yesterday)
