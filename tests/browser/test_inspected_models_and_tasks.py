"""Pages of models, tasks and what they are listed by are accessible, fit the screen and load without complaint."""

import pytest

from tests.browser.inspector import Inspector

pytestmark = pytest.mark.django_db

MODELS_AND_TASKS = {
    "model": "/models/org/model-0/",
    "model-many": "/models/lab/model-1/?per_page=all",
    "model-official": "/models/org/model-3/?source=official&type=Retrieval",
    "model-history": "/models/org/model-0/history/",
    "task": "/tasks/RetrievalTask0/",
    "task-cells": "/tasks/ManyLanguages/?view=cells",
    "task-statistics": "/tasks/RetrievalTask0/?view=statistics",
    "task-metrics": "/tasks/RetrievalTask0/?view=metrics",
    "task-data": "/tasks/ManyLanguages/?view=data",
    "compare-none": "/compare/",
    "compare-unknown": "/compare/?m=org/model-0&m=org/modle-3",
    "compare-two": "/compare/?m=org/model-0&m=lab/model-1",
    "compare-four": "/compare/?m=org/model-0&m=lab/model-1&m=institute/model-2&m=org/model-3&board=tiny&percentiles=1",
    "models": "/models/",
    "models-error": "/models/?q=rank+%3C+3",
    "models-none": "/models/?q=nosuchmodel",
    "tasks": "/tasks/",
    "tasks-none": "/tasks/?q=nosuchtask",
    "languages": "/languages/",
    "language": "/languages/deu/",
    "language-narrowed": "/languages/deu/?q=params+%3C+1B",
    "language-none": "/languages/deu/?q=nosuchmodel",
    "scripts": "/scripts/",
    "script": "/scripts/Latn/",
    "task-types": "/task-types/",
    "task-type": "/task-types/Retrieval/",
    "organisations": "/organisations/",
    "organisation": "/organisations/org/",
    "search": "/search/?q=retrieval",
    "search-none": "/search/?q=xyzzyx",
    "search-empty": "/search/",
    "data": "/data/",
}


def test_models_and_tasks_are_accessible_fit_the_screen_and_load_without_complaint(inspector: Inspector) -> None:
    inspector.walk(MODELS_AND_TASKS)
    assert not inspector.findings, "\n".join(inspector.findings)
