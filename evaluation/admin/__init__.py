"""The operator's desk of the machine room."""

from evaluation.admin.runs import EvaluationRunAdmin

__all__ = ["EvaluationRunAdmin"]
