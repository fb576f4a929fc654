"""A metric of a task's own: the approved code from the task's definition, run on the predictions that mteb keeps.

Imported only in the process that evaluates, because it imports mteb and runs code that somebody brought.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import Any, ClassVar

from datasets import Dataset
from mteb.abstasks.abstask import AbsTask

NOT_KEPT = Path("predictions-that-nobody-asked-for")
"""mteb hands predictions on only where it has a folder for them."""

Pair = tuple[Any, Any]
"""What a metric is called with: predictions and truth."""


class MetricError(Exception):
    """The metric could not be computed; the message is a sentence for the person who wrote it."""


def load_metric(name: str, metric: Mapping[str, Any]) -> Callable[[Any, Any], object]:
    """The function `score` of the code. Only the exact code that was approved stands in a definition."""
    code = metric["code"]
    if code is None:
        raise MetricError(
            f"The metric of {name} waits for a moderator to approve its code (admin, Metrics of custom tasks). "
            "Evaluate again after that."
        )
    if hashlib.sha256(code.encode()).hexdigest() != metric["sha256"]:
        raise MetricError(f"The metric of {name} is not the code that was approved; add the task again.")
    module: dict[str, Any] = {"__name__": "metric"}
    try:
        exec(compile(code, "metric.py", "exec"), module)  # noqa: S102 - A moderator approved exactly this code.
    except Exception as error:
        raise MetricError(f"The metric of {name} cannot be loaded ({type(error).__name__}: {error}).") from error
    score: Callable[[Any, Any], object] = module["score"]
    return score


class OwnMetricTask(AbsTask):
    """Adds the metric to the scores of mteb's class, before which it stands in the order of resolution."""

    own_metric: ClassVar[Mapping[str, Any]]
    label_names: dict[str, list[Any]]
    """Per subset the labels as they stand in the files, by the numbers that mteb has for them."""

    def _evaluate_subset(
        self,
        model: Any,
        data_split: Any,
        *,
        hf_split: str,
        hf_subset: str,
        prediction_folder: Path | None = None,
        **kwargs: Any,
    ) -> Any:
        score = load_metric(self.metadata.name, self.own_metric)
        with self._handed_over(is_kept=prediction_folder is not None) as handed_over:
            scores: dict[str, Any] = super()._evaluate_subset(
                model,
                data_split,
                hf_split=hf_split,
                hf_subset=hf_subset,
                prediction_folder=prediction_folder or NOT_KEPT,
                **kwargs,
            )
        pairs = self._pairs(handed_over[-1], data_split, hf_split, hf_subset)
        scores[self.metadata.main_score] = fmean([self._call(score, *pair) for pair in pairs])
        self._add_main_score(scores)
        return scores

    @contextmanager
    def _handed_over(self, *, is_kept: bool) -> Iterator[list[Any]]:
        """What mteb hands over in the meantime, which goes on to whoever else asked for it.

        That may be a function put before the method, as PredictionKeeper does; so the one that is there now is called.
        """
        handed_over: list[Any] = []
        task: Any = self
        save = task._save_task_predictions

        def take(predictions: Any, *arguments: Any, **named: Any) -> None:
            handed_over.append(predictions)
            if is_kept:
                save(predictions, *arguments, **named)

        task._save_task_predictions = take
        try:
            yield handed_over
        finally:
            task._save_task_predictions = save

    def _add_main_score(self, scores: dict[str, Any]) -> None:
        """mteb's class for bitexts asks for the main score before ours is there."""
        if self.metadata.main_score in scores:
            super()._add_main_score(scores)

    def _pairs(self, predictions: Any, data_split: Any, hf_split: str, hf_subset: str) -> Iterator[Pair]:
        """One pair, or where mteb trains several classifiers one for each. docs/custom-tasks.md has the forms."""
        match self.metadata.type:
            case "STS":
                yield _own_or_cosine(predictions), list(data_split["score"])
            case "PairClassification":
                yield _own_or_cosine(predictions), list(data_split["labels"])
            case "Summarization":
                yield predictions["similarity_scores"], predictions["human_scores"]
            case "BitextMining":
                found = [match["corpus_id"] for match in predictions["sentence1-sentence2"]]
                yield found, list(range(len(found)))
            case "Classification":
                yield from _classified(predictions, data_split[hf_split], self.label_names[hf_subset])
            case "MultilabelClassification":
                yield from _multiply_classified(predictions, data_split[hf_split], self.label_names[hf_subset])
            case _:
                yield predictions, data_split["relevant_docs"]

    def _call(self, score: Callable[[Any, Any], object], predictions: Any, truth: Any) -> float:
        name = self.metadata.name
        try:
            value = score(predictions, truth)
        except Exception as error:
            raise MetricError(f"The metric of {name} failed ({type(error).__name__}: {error}).") from error
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise MetricError(f"The metric of {name} gave {value!r:.100}; it must give a number.") from None
        if not math.isfinite(number):
            raise MetricError(f"The metric of {name} gave {number}; it must give a finite number.")
        return number


def _own_or_cosine(predictions: Mapping[str, Any]) -> list[float]:
    """By the model's own similarity, as mteb's main scores; by cosine where it has none."""
    own = predictions["similarity_scores"]
    return [float(value) for value in (predictions["cosine_scores"] if own is None else own)]


def _classified(predictions: list[list[int]], split: Dataset, names: list[Any]) -> Iterator[Pair]:
    truth = [names[number] for number in split["label"]]
    for experiment in predictions:
        yield [names[number] for number in experiment], truth


def _multiply_classified(predictions: list[list[list[int]]], split: Dataset, names: list[Any]) -> Iterator[Pair]:
    """mteb's rows of zeros and ones are about the labels that the split has, in the order of their numbers."""
    truth = [[names[number] for number in row] for row in split["label"]]
    columns = sorted({number for row in split["label"] for number in row})
    for experiment in predictions:
        yield (
            [[names[columns[i]] for i, is_given in enumerate(row) if is_given] for row in experiment],
            truth,
        )
