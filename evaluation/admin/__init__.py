"""The operator's desk of the machine room."""

from evaluation.admin.custom_metrics import CustomMetricAdmin
from evaluation.admin.reevaluation import StaleRuleAdmin
from evaluation.admin.runs import EvaluationRunAdmin

__all__ = [
    "CustomMetricAdmin",
    "EvaluationRunAdmin",
    "StaleRuleAdmin",
]
