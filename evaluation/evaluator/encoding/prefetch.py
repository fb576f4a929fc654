"""Fetching the dataset of the next task while this one runs.

Only the cache of `datasets` is filled. The task itself is not built: that would set the seeds of the whole process, in
the middle of a task that may be drawing from them.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mteb.abstasks.task_metadata import TaskMetadata

logger = logging.getLogger("evaluation.evaluator.runner")


class Prefetch:
    """One dataset at a time, in a thread. What cannot be fetched is left to the task, whose failure says why."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._announced: dict[str, Any] | None = None

    def announce(self, task: dict[str, Any]) -> None:
        """Say what comes next, from any thread and at any time; nothing is fetched before `begin`."""
        self._announced = task

    def begin(self) -> bool:
        """Fetch what an order for the announced task will load, unless its data lie here or a fetch is still at work.

        Belongs where mteb is loaded: two threads that import it at the same time get halves of it.
        """
        task, self._announced = self._announced, None
        if task is None or task["definition"] is not None or (self._thread is not None and self._thread.is_alive()):
            return False
        self._thread = threading.Thread(target=fetch, args=(task,), name="prefetch", daemon=True)
        self._thread.start()
        return True

    def wait(self) -> None:
        if self._thread is not None:
            self._thread.join()


def fetch(task: dict[str, Any]) -> None:
    """Bring a task's dataset into the cache, as mteb asks for it; not of a task that loads its data its own way."""
    from mteb.abstasks import AbsTask, AbsTaskRetrieval
    from mteb.get_tasks import _TASKS_REGISTRY

    task_class = _TASKS_REGISTRY.get(task["name"])
    if task_class is None:
        return
    metadata = task_class.metadata
    subsets = [one for one in metadata.hf_subsets if one in (task["hf_subsets"] or metadata.hf_subsets)]
    try:
        if task_class.load_data is AbsTaskRetrieval.load_data:
            _fetch_retrieval(metadata, subsets, task["eval_splits"] or metadata.eval_splits)
        elif task_class.load_data is AbsTask.load_data and not task_class.fast_loading:
            _fetch_plain(metadata, subsets)
    except Exception as error:  # noqa: BLE001  Loading a dataset may raise anything, and will again.
        logger.info("The dataset of %s could not be fetched ahead: %s", task["name"], error)


def _fetch_plain(metadata: TaskMetadata, subsets: list[str]) -> None:
    from datasets import load_dataset

    for named in [{"name": subset} for subset in subsets] if metadata.is_multilingual else [{}]:
        load_dataset(**named, **metadata.dataset)


def _fetch_retrieval(metadata: TaskMetadata, subsets: list[str], splits: list[str]) -> None:
    from mteb.abstasks.retrieval_dataset_loaders import RetrievalDatasetLoader

    for subset in subsets if metadata.is_multilingual else ["default"]:
        for split in splits:
            RetrievalDatasetLoader(
                metadata.dataset["path"], metadata.dataset["revision"], split=split, config=subset
            ).load()
