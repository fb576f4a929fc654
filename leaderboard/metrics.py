"""What the metrics in result files measure, in plain words, and which direction is better where that is known.

Names are mteb's. The explanations follow its evaluators (`mteb._evaluators`, `mteb.abstasks`) and the tasks that bring
a metric of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple


class Family(StrEnum):
    """What kind of work a metric judges; the value is a heading."""

    RANKING = "Ranking of documents"
    CLASSES = "Classes"
    CLUSTERS = "Clusters"
    SIMILARITY = "Similarity of pairs"
    NUMBERS = "Predicted numbers"
    CONFIDENCE = "Knowing when to abstain"
    OTHER = "Other"


@dataclass(frozen=True, slots=True)
class Metric:
    """`low` and `high` are the ends of its range, None where there is none or it is not known.

    `higher_is_better` is None where neither direction is better or nobody here knows; such a metric ranks nothing.
    """

    name: str
    label: str
    meaning: str
    family: Family
    low: float | None = None
    high: float | None = None
    higher_is_better: bool | None = None

    @property
    def is_fraction(self) -> bool:
        """Shown x 100, as main scores are: nothing better than 1 can be reached."""
        return self.high == 1.0


class _Base(NamedTuple):
    label: str
    meaning: str
    family: Family
    low: float | None = 0.0
    high: float | None = 1.0
    higher_is_better: bool | None = True


_AT_K: Mapping[str, _Base] = {
    "ndcg": _Base(
        "nDCG@{k}",
        "How close the first {k} documents come to the best possible order. A relevant document counts less the "
        "lower it stands, and a more relevant one counts more.",
        Family.RANKING,
    ),
    "mrr": _Base(
        "MRR@{k}",
        "One divided by the place of the first relevant document, 0 if none is among the first {k}; the mean over "
        "queries.",
        Family.RANKING,
    ),
    "map": _Base(
        "MAP@{k}",
        "Precision at the place of each relevant document among the first {k}, averaged over all relevant documents, "
        "then over queries.",
        Family.RANKING,
    ),
    "recall": _Base(
        "Recall@{k}",
        "The share of the relevant documents in the first {k} places, averaged over queries.",
        Family.RANKING,
    ),
    "precision": _Base(
        "Precision@{k}",
        "The share of the first {k} documents that are relevant, averaged over queries.",
        Family.RANKING,
    ),
    "hit_rate": _Base(
        "Hit rate@{k}", "The share of queries with a relevant document among the first {k}.", Family.RANKING
    ),
    "cv_recall": _Base(
        "Any-hit recall@{k}", "The share of queries with a relevant document among the first {k}.", Family.RANKING
    ),
    "accuracy": _Base(
        "Accuracy@{k}", "The share of queries with a relevant document among the first {k}.", Family.RANKING
    ),
    "r_cap": _Base(
        "Capped recall@{k}",
        "The relevant documents among the first {k}, as a share of all relevant ones or of {k}, whichever is smaller.",
        Family.RANKING,
    ),
    "robustness": _Base(
        "Robustness@{k}",
        "The lowest nDCG@{k} over all instructions that go with a query, averaged over queries: high only where no "
        "instruction throws the model off.",
        Family.RANKING,
    ),
    "ravenea_ndcg": _Base(
        "nDCG@{k} (RAVENEA)",
        "How close the first {k} articles come to the best order of the candidates, by the grades of human judges.",
        Family.RANKING,
    ),
    "ravenea_precision": _Base(
        "Precision@{k} (RAVENEA)",
        "The share of the first {k} articles that have the best grade, averaged over queries.",
        Family.RANKING,
    ),
}

_PLAIN: Mapping[str, _Base] = {
    "map": _Base(
        "MAP",
        "Precision at the place of each relevant document, averaged over relevant documents, then over queries.",
        Family.RANKING,
    ),
    "mrr": _Base(
        "MRR", "One divided by the place of the first relevant document, averaged over queries.", Family.RANKING
    ),
    "p_mrr": _Base(
        "p-MRR",
        "How the ranks of documents move when the instruction changes so that they are no longer wanted. Above 0 the "
        "model follows the instruction, at 0 it ignores it, below 0 it does the opposite.",
        Family.RANKING,
        low=-1.0,
    ),
    "paired_accuracy": _Base(
        "Paired accuracy",
        "The share of pairs of opposite queries where both find their own passage first: liking one passage always is "
        "worth nothing.",
        Family.RANKING,
    ),
    "evve_avg_map": _Base(
        "MAP (mean over events)",
        "Average precision of each query, averaged over the queries of an event, then over events.",
        Family.RANKING,
    ),
    "evve_overall_map": _Base("MAP (mean over queries)", "Average precision, averaged over queries.", Family.RANKING),
    "ravenea_mrr": _Base(
        "MRR (RAVENEA)", "One divided by the place of the first article with the best grade.", Family.RANKING
    ),
    "text_acc": _Base(
        "Text accuracy", "The share of samples where every image is closest to its own caption.", Family.RANKING
    ),
    "image_acc": _Base(
        "Image accuracy", "The share of samples where every caption is closest to its own image.", Family.RANKING
    ),
    "accuracy": _Base("Accuracy", "The share of answers that are right.", Family.CLASSES),
    "f1": _Base(
        "F1",
        "The harmonic mean of precision and recall: high only where what is found is right and what is right is found.",
        Family.CLASSES,
    ),
    "precision": _Base("Precision", "The share of what was found that is right.", Family.CLASSES),
    "recall": _Base("Recall", "The share of what is right that was found.", Family.CLASSES),
    "ap": _Base(
        "Average precision",
        "The area under the curve of precision over recall, as the threshold for a yes falls.",
        Family.CLASSES,
    ),
    "lrap": _Base(
        "LRAP",
        "Label ranking average precision. For each true label of a sample: which share of the labels ranked as high "
        "or higher is true as well.",
        Family.CLASSES,
    ),
    "hamming": _Base(
        "Hamming score",
        "Labels that are both true and predicted, as a share of those that are either, averaged over samples.",
        Family.CLASSES,
    ),
    "v_measure": _Base(
        "V-measure",
        "The harmonic mean of homogeneity (a cluster holds one class only) and completeness (a class is in one "
        "cluster only).",
        Family.CLUSTERS,
    ),
    "v_measure_std": _Base(
        "Spread of V-measure",
        "The standard deviation of the V-measure over repeated runs.",
        Family.CLUSTERS,
        high=None,
        higher_is_better=None,
    ),
    "nmi": _Base(
        "NMI",
        "Normalised mutual information: how much the clusters say about the classes.",
        Family.CLUSTERS,
    ),
    "ami": _Base(
        "AMI",
        "Adjusted mutual information: how much the clusters say about the classes, where chance is worth 0.",
        Family.CLUSTERS,
        low=-1.0,
    ),
    "ami_std": _Base(
        "Spread of AMI",
        "The standard deviation of the AMI over repeated runs.",
        Family.CLUSTERS,
        high=None,
        higher_is_better=None,
    ),
    "ari": _Base(
        "ARI",
        "Adjusted Rand index: the share of pairs that clusters and classes treat alike, where chance is worth 0.",
        Family.CLUSTERS,
        low=-0.5,
    ),
    "cluster_accuracy": _Base(
        "Cluster accuracy",
        "The share of samples in the right cluster, after clusters were matched to classes as well as possible.",
        Family.CLUSTERS,
    ),
    "spearman": _Base(
        "Spearman correlation",
        "Whether pairs stand in the same order by the model's similarity as by people's judgement.",
        Family.SIMILARITY,
        low=-1.0,
    ),
    "pearson": _Base(
        "Pearson correlation",
        "Whether the model's similarity rises in a straight line with people's judgement.",
        Family.SIMILARITY,
        low=-1.0,
    ),
    "alpha_auc": _Base(
        "Alpha AUC",
        "Whether the model finds that text nearer which people placed nearer, for triplets of texts, from close calls "
        "to clear ones. Chance is worth 0.",
        Family.SIMILARITY,
        low=-1.0,
    ),
    "kendalltau": _Base(
        "Kendall's tau",
        "The share of pairs of samples in the right order, less the share in the wrong order.",
        Family.NUMBERS,
        low=-1.0,
    ),
    "r2": _Base(
        "R²", "The share of the variance of the true values that the predictions explain.", Family.NUMBERS, low=None
    ),
    "mse": _Base(
        "Mean squared error",
        "How far predictions are from the true values, squared, averaged over samples.",
        Family.NUMBERS,
        high=None,
        higher_is_better=False,
    ),
    "rmse": _Base(
        "Root mean squared error",
        "The root of the mean squared error, in the unit of what is predicted.",
        Family.NUMBERS,
        high=None,
        higher_is_better=False,
    ),
    "mae": _Base(
        "Mean absolute error",
        "How far predictions are from the true values, averaged over samples.",
        Family.NUMBERS,
        high=None,
        higher_is_better=False,
    ),
    "avg_words_per_sec": _Base("Words per second", "How many words are embedded in a second.", Family.OTHER, high=None),
    "time_mean": _Base(
        "Mean time", "Seconds a run took, averaged over runs.", Family.OTHER, high=None, higher_is_better=False
    ),
    "main_score": _Base("Main score", "The score that mteb ranks by.", Family.OTHER, None, None, None),
}

# What these say of one document is the same.
_SAME_AT_1 = frozenset({"mrr", "precision", "hit_rate", "cv_recall", "accuracy"})
_FIRST = "The share of queries whose first document is relevant."

_SIMILARITIES: Mapping[str, tuple[str, str]] = {
    "cosine": ("cosine", "Similarity is the cosine of the embeddings."),
    "cos_sim": ("cosine", "Similarity is the cosine of the embeddings."),
    "dot": ("dot product", "Similarity is the dot product of the embeddings."),
    "euclidean": ("Euclidean", "Similarity is the Euclidean distance, negated."),
    "manhattan": ("Manhattan", "Similarity is the Manhattan distance, negated."),
    "similarity": ("the model's own similarity", "Similarity is the function that the model names."),
    "max": ("best similarity", "Of several similarity functions the best counts."),
}
_OF_PAIRS = ("spearman", "pearson", "ap", "f1", "accuracy", "precision", "recall")
_SUBQUERIES = "max_over_subqueries_"
_CONFIDENCES = {
    "max": "the highest similarity",
    "std": "the spread of the similarities",
    "diff1": "the lead of the first document",
}

_SIMILARITY = re.compile(rf"({'|'.join(_SIMILARITIES)})_({'|'.join(_OF_PAIRS)})(_threshold)?")
_AT = re.compile(rf"({'|'.join(_AT_K)})(?:_at_|@)(\d+)(?:\(([^()]+)\))?")
_NAUC = re.compile(r"nauc_(.+)_(max|std|diff1)(\([^()]+\))?")
_TAXON = re.compile(r"taxon_top_(\d+)_accuracy")


def explained(name: str) -> Metric:
    """What is known of the metric of that name; without a meaning where nothing is."""
    metric = _explained(name.lower().replace("-", "_"))
    return replace(metric, name=name) if metric else Metric(name, name, "", Family.OTHER)


def _explained(name: str) -> Metric | None:
    if name.startswith(_SUBQUERIES):
        return _over_subqueries(name)
    if name in _PLAIN:
        return _metric(name, _PLAIN[name])
    if match := _NAUC.fullmatch(name):
        return _abstention(name, match)
    if match := _SIMILARITY.fullmatch(name):
        return _of_pairs(name, match)
    if match := _AT.fullmatch(_spelled(name)):
        return _at_k(name, match)
    if match := _TAXON.fullmatch(name):
        meaning = f"The share of queries whose taxon is among the first {match[1]}."
        return _metric(name, _Base(f"Taxon accuracy@{match[1]}", meaning, Family.RANKING))
    return _variation(name)


def _spelled(name: str) -> str:
    """MIRACL's own files write NDCG@10(MIRACL) and P@10(MIRACL)."""
    return re.sub(r"^p@", "precision@", name)


def _metric(name: str, base: _Base) -> Metric:
    label, meaning, family, low, high, higher_is_better = base
    return Metric(name, label, meaning, family, low, high, higher_is_better)


def _at_k(name: str, match: re.Match[str]) -> Metric:
    base = _AT_K[match[1]]
    whose = f" ({match[3].upper()})" if match[3] else ""
    filled = base._replace(label=base.label.format(k=match[2]) + whose, meaning=_meaning_at(match[1], match[2]))
    return _metric(name, filled)


def _meaning_at(name: str, k: str) -> str:
    meaning = _AT_K[name].meaning.format(k=k)
    if k != "1":
        return meaning
    if name in _SAME_AT_1:
        return _FIRST
    return meaning.replace("first 1 documents come", "first document comes").replace("1 places", "place")


def _of_pairs(name: str, match: re.Match[str]) -> Metric:
    similarity, meaning = _SIMILARITIES[match[1]]
    base = _PLAIN[match[2]]._replace(family=Family.SIMILARITY)
    if match[3]:
        label = f"Threshold of {base.label}, {similarity}"
        said = f"From which similarity on a pair is taken for a yes where {base.label} is best. {meaning}"
        return Metric(name, label, said, Family.SIMILARITY)
    return _metric(name, base._replace(label=f"{base.label}, {similarity}", meaning=f"{base.meaning} {meaning}"))


def _abstention(name: str, match: re.Match[str]) -> Metric | None:
    of = _explained(match[1] + (match[3] or ""))
    label = of.label if of else match[1]
    return Metric(
        name,
        f"nAUC of {label} by {match[2]}",
        f"Whether {label} rises when queries are left out where {_CONFIDENCES[match[2]]} is low. 1 is as good as "
        "knowing the worst queries, 0 is as good as chance.",
        Family.CONFIDENCE,
        high=1.0,
        higher_is_better=True,
    )


def _over_subqueries(name: str) -> Metric | None:
    of = _explained(name.removeprefix(_SUBQUERIES))
    if of is None:
        return None
    meaning = f"{of.meaning} Several queries ask the same; a document keeps its best score among them."
    return replace(of, label=f"{of.label}, best over subqueries", meaning=meaning)


_VARIATIONS: Mapping[str, tuple[str, str]] = {
    "_weighted": (", weighted by class", "Classes count as often as they occur."),
    "_stderr": (", standard error", "The standard error over repeated runs."),
}


def _variation(name: str) -> Metric | None:
    for ending, (label, meaning) in _VARIATIONS.items():
        base = _PLAIN.get(name.removesuffix(ending)) if name.endswith(ending) else None
        if base:
            of = _metric(name, base._replace(label=base.label + label, meaning=f"{base.meaning} {meaning}"))
            return of if ending == "_weighted" else replace(of, meaning=meaning, high=None, higher_is_better=None)
    return None
