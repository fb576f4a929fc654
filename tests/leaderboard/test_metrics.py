"""What metrics measure, in words."""

import pytest

from leaderboard.metrics import Family, explained


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("ndcg_at_10", "nDCG@10"),
        ("NDCG@10(MIRACL)", "nDCG@10 (MIRACL)"),
        ("P@5(MIRACL)", "Precision@5 (MIRACL)"),
        ("mrr@10", "MRR@10"),
        ("R_cap_at_3", "Capped recall@3"),
        ("cosine_spearman", "Spearman correlation, cosine"),
        ("cos_sim_ap", "Average precision, cosine"),
        ("max_ap", "Average precision, best similarity"),
        ("f1_weighted", "F1, weighted by class"),
        ("p-MRR", "p-MRR"),
        ("taxon_top_1_accuracy", "Taxon accuracy@1"),
        ("nauc_ndcg_at_10_diff1", "nAUC of nDCG@10 by diff1"),
        ("nAUC_mrr_max", "nAUC of MRR by max"),
        ("nAUC_NDCG@5_std(MIRACL)", "nAUC of nDCG@5 (MIRACL) by std"),
        ("max_over_subqueries_map_at_1000", "MAP@1000, best over subqueries"),
    ],
)
def test_a_metric_is_explained_under_any_of_its_names(name: str, label: str) -> None:
    metric = explained(name)
    assert (metric.name, metric.label, metric.higher_is_better) == (name, label, True)
    assert metric.meaning.endswith(".")
    assert metric.is_fraction
    assert "{" not in metric.meaning


def test_of_a_single_document_a_metric_speaks_in_the_singular() -> None:
    assert explained("precision_at_1").meaning == explained("mrr_at_1").meaning
    assert explained("ndcg_at_1").meaning.startswith("How close the first document comes")


@pytest.mark.parametrize(("name", "better"), [("mse", False), ("cosine_f1_threshold", None), ("accuracy_stderr", None)])
def test_where_higher_is_not_better_a_metric_says_so(name: str, better: bool | None) -> None:
    metric = explained(name)
    assert metric.higher_is_better is better
    assert not metric.is_fraction


@pytest.mark.parametrize("name", ["banana", "nauc_banana", "ndcg_at_", "max_over_subqueries_x", "cosine_", ""])
def test_an_unknown_metric_has_its_name_and_no_direction(name: str) -> None:
    metric = explained(name)
    assert (metric.label, metric.meaning, metric.higher_is_better) == (name, "", None)
    assert metric.family == Family.OTHER
