"""Evaluations: what was asked for, how far it is, and which workers are there."""

from evaluation.models.attempts import AttemptLog
from evaluation.models.credentials import Credential
from evaluation.models.custom_metrics import CustomMetric
from evaluation.models.drift import DriftFinding
from evaluation.models.packages import PackageSet
from evaluation.models.pauses import QueuePause
from evaluation.models.predictions import KeptPredictions
from evaluation.models.runs import EvaluationRun, EvaluationUnit, Lane, UnitQuerySet
from evaluation.models.withheld_results import WithheldResult
from evaluation.models.workers import Worker

__all__ = [
    "AttemptLog",
    "Credential",
    "CustomMetric",
    "DriftFinding",
    "EvaluationRun",
    "EvaluationUnit",
    "KeptPredictions",
    "Lane",
    "PackageSet",
    "QueuePause",
    "UnitQuerySet",
    "WithheldResult",
    "Worker",
]
