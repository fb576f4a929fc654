"""Evaluations: what was asked for, how far it is, and which workers are there."""

from evaluation.models.credentials import Credential
from evaluation.models.runs import EvaluationRun, EvaluationUnit, Lane, UnitQuerySet
from evaluation.models.withheld_results import WithheldResult
from evaluation.models.workers import Worker

__all__ = ["Credential", "EvaluationRun", "EvaluationUnit", "Lane", "UnitQuerySet", "WithheldResult", "Worker"]
