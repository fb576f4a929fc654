"""The facts of the board: what is measured, who was measured, and what came out."""

from leaderboard.models.audit import AuditEntry
from leaderboard.models.boards import Board, BoardCube, BoardLanguageRow, BoardRow, DataVersion
from leaderboard.models.declined_tasks import DeclinedTask
from leaderboard.models.flags import FlagReply, ResultFlag
from leaderboard.models.history import BoardSnapshot, RankRecord
from leaderboard.models.imports import ImportedFile, ImportRun
from leaderboard.models.languages import Language, LanguageSummary, LanguageTask, Script
from leaderboard.models.measurements import Measurement
from leaderboard.models.metadata import Annotation, AnnotationKey, MetadataClaim, MetadataCorrection, MetadataVersion
from leaderboard.models.model_meta import ModelMeta, ModelRevision, Variant
from leaderboard.models.registry import Benchmark, BenchmarkTask, Origin, Task, TaskGroup, TaskGroupMember
from leaderboard.models.results import CellScore, CellSet, CurrentResult, ResultSource, Scope, SourceKind, TaskResult
from leaderboard.models.stale import ResultChoice, StaleResult, StaleRule, StaleRuleEvent
from leaderboard.models.task_rows import TaskRow
from leaderboard.models.task_versions import TaskVersion
from leaderboard.models.verification import Comparison, TaskTolerance
from leaderboard.models.views import SavedView

__all__ = [
    "Annotation",
    "AnnotationKey",
    "AuditEntry",
    "Benchmark",
    "BenchmarkTask",
    "Board",
    "BoardCube",
    "BoardLanguageRow",
    "BoardRow",
    "BoardSnapshot",
    "CellScore",
    "CellSet",
    "Comparison",
    "CurrentResult",
    "DataVersion",
    "DeclinedTask",
    "FlagReply",
    "ImportRun",
    "ImportedFile",
    "Language",
    "LanguageSummary",
    "LanguageTask",
    "Measurement",
    "MetadataClaim",
    "MetadataCorrection",
    "MetadataVersion",
    "ModelMeta",
    "ModelRevision",
    "Origin",
    "RankRecord",
    "ResultChoice",
    "ResultFlag",
    "ResultSource",
    "SavedView",
    "Scope",
    "Script",
    "SourceKind",
    "StaleResult",
    "StaleRule",
    "StaleRuleEvent",
    "Task",
    "TaskGroup",
    "TaskGroupMember",
    "TaskResult",
    "TaskRow",
    "TaskTolerance",
    "TaskVersion",
    "Variant",
]
