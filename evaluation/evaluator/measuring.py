"""How fast a model encodes and what memory that takes, counted in the evaluating process while it evaluates.

Nothing here changes what the model is given or what it gives back.
"""

from __future__ import annotations

import logging
import resource
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from evaluation.evaluator.energy import counters, used_kwh

if TYPE_CHECKING:
    from mteb.models.models_protocols import EncoderProtocol

    from evaluation.evaluator.encoding.fast import Counts

DEVICES = ("cpu", "cuda", "mps")
WARM_UPS = 3
PROBES = (
    "What is the capital of Norway?",
    "How do I reset my password?",
    "symptoms of iron deficiency",
    "The train to the coast leaves at noon.",
    "best way to learn to play the piano",
    "Why is the sky blue?",
    "A dog sleeps in front of the fire.",
    "refund for a cancelled flight",
    "Who wrote the first computer program?",
    "cheap hotels near the old harbour",
    "The committee postponed its decision.",
    "How long do eggs have to boil?",
    "difference between a crocodile and an alligator",
    "My card was charged twice.",
    "Snow fell during the whole night.",
    "convert miles to kilometres",
    "When does the museum open on Sundays?",
    "The soup needs a little more salt.",
    "treatment of a sprained ankle",
    "How many people live in Lisbon?",
)

logger = logging.getLogger("evaluation.evaluator.runner")


@dataclass(frozen=True)
class Latency:
    """Of one short text at a time, in milliseconds."""

    p50_ms: float
    p95_ms: float


def metered(model: EncoderProtocol, *, load_seconds: float) -> Meter | None:
    """A meter on the model; None where there is nothing to measure here, or the model cannot be watched."""
    if "API" in (getattr(model.mteb_model_meta, "framework", None) or ()):
        return None
    try:
        return Meter(model, load_seconds=load_seconds)
    except Exception:
        logger.warning("The speed of this model cannot be measured.", exc_info=True)
        return None


class Meter:
    """Counts what a model encodes, unit by unit. `load_seconds` is what loading it took.

    `counts` are those of fast encoding: texts that went through the model, and texts that were known already. Without
    them every text went through.
    """

    def __init__(self, model: EncoderProtocol, *, load_seconds: float) -> None:
        self._inner = sentence_transformer(model)
        self.device = device_kind(model)
        self._load_seconds = load_seconds
        self.counts: Counts | None = None
        self._latency = None if self._inner is None else probe_latency(self._inner)
        self._depth = 0
        self.begin()
        if hasattr(model, "encode"):
            self._watch(model)
        if self._inner is not None:
            self._inner.register_forward_pre_hook(self._count_tokens)

    def begin(self) -> None:
        """Count anew for the next unit."""
        self._n_texts = 0
        self._n_tokens: Any = 0
        self._counts_all = self._counts_tokens = True
        self._seconds = 0.0
        self._energy = counters(self.device)
        if self.counts is not None:
            self.counts.encoded = self.counts.served = 0
        if self.device == "cuda":
            import torch

            torch.cuda.reset_peak_memory_stats()

    def reading(self, *, hardware: str, batch_size: int) -> dict[str, Any] | None:
        """What was counted since `begin`; None where no text was encoded, or something that is not text."""
        n_texts, n_served = (self.counts.encoded, self.counts.served) if self.counts else (self._n_texts, 0)
        if not self._counts_all or not n_texts or self._seconds <= 0:
            return None
        tokens = int(self._n_tokens)
        latency = asdict(self._latency) if self._latency else {"p50_ms": None, "p95_ms": None}
        return {
            "hardware": hardware,
            "device": self.device,
            "batch_size": batch_size,
            "n_texts": n_texts,
            "n_texts_served": n_served,
            "n_tokens": tokens if tokens and self._counts_tokens else None,
            "encode_seconds": self._seconds,
            "load_seconds": self._load_seconds,
            "latency_p50_ms": latency["p50_ms"],
            "latency_p95_ms": latency["p95_ms"],
            "peak_host_mb": peak_host_mb(),
            "peak_device_mb": self._peak_device_mb(),
            "energy_kwh": used_kwh(self._energy, counters(self.device), device=self.device),
        }

    def _watch(self, model: EncoderProtocol) -> None:
        """Time `encode` on the object itself, so that its type stays what mteb looks at."""
        encode = model.encode

        def timed(inputs: Any, *arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            self._depth += 1
            try:
                return encode(inputs, *arguments, **named)
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._seconds += time.perf_counter() - started
                    self._count_texts(inputs, named.get("task_metadata"))

        model.encode = timed

    def _count_texts(self, inputs: Any, task_metadata: Any) -> None:
        try:
            self._n_texts += len(inputs.dataset)
        except (AttributeError, TypeError):
            self._counts_all = False
        if getattr(task_metadata, "modalities", ["text"]) != ["text"]:
            self._counts_all = False

    def _count_tokens(self, _module: Any, arguments: tuple[Any, ...]) -> None:
        """Tokens that the model reads: without padding, and what is too long cut off.

        The sum stays on the device until somebody asks, since waiting for it would slow the model down.
        """
        features = arguments[0] if arguments else None
        mask = features.get("attention_mask") if isinstance(features, Mapping) else None
        if mask is None:
            self._counts_tokens = False
        else:
            self._n_tokens = self._n_tokens + mask.sum()

    def _peak_device_mb(self) -> float | None:
        if self.device != "cuda":
            return None
        import torch

        return float(torch.cuda.max_memory_allocated() / 2**20)


def sentence_transformer(model: Any) -> Any:
    """The SentenceTransformer that mteb's model wraps, if it is one."""
    from sentence_transformers import SentenceTransformer

    inner = getattr(model, "model", None)
    return inner if isinstance(inner, SentenceTransformer) else None


def device_kind(model: Any) -> str:
    """`cpu`, `cuda`, `mps`; models that do not say where they are, are where torch puts them."""
    import torch

    device = getattr(getattr(model, "model", None), "device", None) or getattr(model, "device", None)
    kind = str(device).partition(":")[0]
    if kind in DEVICES:
        return kind
    return "cuda" if torch.cuda.is_available() else "cpu"


def probe_latency(model: Any) -> Latency | None:
    """How long single short texts take on a warm model; None where it cannot be asked."""
    try:
        times = [_milliseconds(model, text) for text in (*PROBES[:WARM_UPS], *PROBES)][WARM_UPS:]
    except Exception:
        logger.warning("The latency could not be measured.", exc_info=True)
        return None
    return Latency(statistics.median(times), statistics.quantiles(times, n=20, method="inclusive")[-1])


def _milliseconds(model: Any, text: str) -> float:
    started = time.perf_counter()
    model.encode([text], show_progress_bar=False)
    return 1000 * (time.perf_counter() - started)


def peak_host_mb() -> float:
    """The most memory that this process has had since it started, in MiB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (2**20 if sys.platform == "darwin" else 2**10)


def measured_hardware(device: str, processor: str) -> str:
    """What the model ran on: the accelerator, else the processor with the threads that torch uses of it."""
    import torch

    if device == "cuda":
        n_devices = torch.cuda.device_count()
        return f"{torch.cuda.get_device_name()}{'' if n_devices == 1 else f', {n_devices} devices'}"
    threads = torch.get_num_threads()
    return f"{processor}, {threads} thread{'' if threads == 1 else 's'}"
