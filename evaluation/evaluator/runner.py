"""The evaluating process: `python -m evaluation.evaluator.runner`. The only file that imports mteb's evaluation.

It knows neither Django nor the database. Its standard input is JSON lines: first the model, then one task after
another, each when the one before is finished; the end of input means stop at once. Events go out as JSON lines where
standard output was; everything else that is written ends in standard error, which is the log.

    in:  {"model": {"name", "revision", "path", "pinned_by_content", "settings", "allows_remote_code",
          "embeddings_mb"},
          "limits": {"memory_mb", "processes", "file_mb"}, "gateway": socket or null}
         {"task": {"name", "type", "definition", "eval_splits", "hf_subsets"}, "batch_size", "keeps_predictions"}
         {"next": task}: a hint, whose dataset is fetched while the task before runs
    out: {"event": "progress", "progress"}
         {"event": "result", "payload", "environment", "measurement", "predictions"}
         {"event": "failure", "failure_class", "message", "final", "whole_run", "environment"}
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import queue
import signal
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from evaluation.evaluator.encoding.fast import quicken
from evaluation.evaluator.encoding.prefetch import Prefetch
from evaluation.evaluator.environment import environment, processor
from evaluation.evaluator.loading import load_model
from evaluation.evaluator.measuring import Meter, measured_hardware, metered
from evaluation.evaluator.mock_run import refuse_numbers_that_are_none, try_on_mock_task
from evaluation.evaluator.predictions import PredictionKeeper
from evaluation.failures import Stage, describe
from evaluation.worker import limits
from evaluation.worker.hub_gateway import forward_from_loopback

if TYPE_CHECKING:
    from mteb.abstasks import AbsTask
    from mteb.models.models_protocols import EncoderProtocol

PR_SET_PDEATHSIG = 1

logger = logging.getLogger("evaluation.evaluator.runner")


class Events:
    """Standard output as it was at the start; from then on prints go to the log."""

    def __init__(self) -> None:
        self._stream: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def send(self, event: str, **fields: Any) -> None:
        self._stream.write(json.dumps({"event": event, **fields}) + "\n")
        self._stream.flush()


class Evaluator:
    """A model that is loaded once and evaluated on one task after another."""

    def __init__(self, model: dict[str, Any], events: Events, prefetch: Prefetch) -> None:
        self._wanted = model
        self._events = events
        self._prefetch = prefetch
        self._loaded: EncoderProtocol | None = None
        self._meter: Meter | None = None
        self._stage = Stage.MODEL
        self._tried: set[str] = set()
        self._keeper: PredictionKeeper | None = None

    def run(self, order: dict[str, Any]) -> None:
        """Evaluate one task and send its result or its failure."""
        encode_kwargs = {"batch_size": int(order["batch_size"]), "show_progress_bar": True}
        started = time.monotonic()
        try:
            payload = self._evaluate(order, encode_kwargs)
        except Exception as error:  # noqa: BLE001  The code of any model may raise anything; all of it is reported.
            traceback.print_exc()
            failure = describe(error, self._stage)
            self._events.send("failure", **asdict(failure), environment=self._environment(encode_kwargs))
        else:
            logger.info("Finished after %.1f s.", time.monotonic() - started)
            self._events.send(
                "result",
                payload=payload,
                environment=self._environment(encode_kwargs),
                measurement=self._measurement(encode_kwargs),
                predictions=self._keeper.packed() if self._keeper else None,
            )

    def _evaluate(self, order: dict[str, Any], encode_kwargs: dict[str, Any]) -> str:
        """The result as mteb writes it to disk."""
        task = order["task"]
        self._enter(Stage.MODEL)
        if self._loaded is None:
            started = time.monotonic()
            self._loaded = load_model(self._wanted)
            refuse_numbers_that_are_none(self._loaded)
            self._meter = metered(self._loaded, load_seconds=time.monotonic() - started)
            counts = quicken(self._loaded, store_bytes=self._wanted.get("embeddings_mb", 0) * 2**20)
            if self._meter is not None:
                self._meter.counts = counts
        if task["type"] not in self._tried:
            self._enter(Stage.TRIAL)
            try_on_mock_task(self._loaded, task["type"])
            self._tried.add(task["type"])
        self._enter(Stage.TASK)
        mteb_task = build_task(task)
        self._keeper = PredictionKeeper(mteb_task) if order.get("keeps_predictions") else None
        self._enter(Stage.EVALUATION)
        self._prefetch.begin()
        if self._meter is not None:
            self._meter.begin()
        return evaluate(self._loaded, mteb_task, encode_kwargs, keeps_predictions=self._keeper is not None)

    def _enter(self, stage: Stage) -> None:
        self._stage = stage
        if stage is not Stage.MODEL or self._loaded is None:
            self._events.send("progress", progress=str(stage))

    def _environment(self, encode_kwargs: dict[str, Any]) -> dict[str, Any]:
        return environment(self._loaded) | {
            "encode_kwargs": {"batch_size": encode_kwargs["batch_size"]},
            "device": self._device(),
        }

    def _measurement(self, encode_kwargs: dict[str, Any]) -> dict[str, Any] | None:
        if self._meter is None:
            return None
        hardware = measured_hardware(self._meter.device, processor())
        return self._meter.reading(hardware=hardware, batch_size=encode_kwargs["batch_size"])

    def _device(self) -> str | None:
        device = getattr(getattr(self._loaded, "model", None), "device", None)
        return None if device is None else str(device)


def build_task(task: dict[str, Any]) -> AbsTask:
    import mteb

    if task["definition"] is not None:
        from evaluation.evaluator.mteb_tasks import build_task as build_custom_task

        custom: AbsTask = build_custom_task(task["definition"])
        return custom
    return mteb.get_task(task["name"], eval_splits=task["eval_splits"], hf_subsets=task["hf_subsets"])


def evaluate(
    model: EncoderProtocol, task: AbsTask, encode_kwargs: dict[str, Any], *, keeps_predictions: bool = False
) -> str:
    import mteb

    results = mteb.evaluate(
        model,
        task,
        cache=None,
        co2_tracker=False,
        encode_kwargs=encode_kwargs,
        overwrite_strategy="always",
        # Only a folder that is named makes tasks hand over predictions; PredictionKeeper takes them before it is used.
        prediction_folder=tempfile.gettempdir() if keeps_predictions else None,
    )
    if results.exceptions:
        raise RuntimeError(results.exceptions[0].exception)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "result.json")
        results.task_results[0].to_disk(path)
        return path.read_text(encoding="utf-8")


def die_with_parent() -> None:
    """Linux ends us when the worker dies; elsewhere the end of standard input does."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def lead_through(gateway: Path) -> None:
    """All that libraries ask over HTTP goes through the worker's gateway to the Hub: there is no other way out."""
    proxy = f"http://127.0.0.1:{forward_from_loopback(gateway)}"
    os.environ.update(dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy))


def follow(stream: TextIO, orders: queue.SimpleQueue[dict[str, Any]], prefetch: Prefetch) -> None:
    """Pass orders on as they come; at the end of the input nobody wants our work any more."""
    for line in stream:
        message = json.loads(line)
        if "next" in message:
            prefetch.announce(message["next"])
        else:
            orders.put(message)
    os._exit(0)


def main() -> None:
    die_with_parent()
    events = Events()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for chatty in ("httpx", "httpx2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    orders: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    prefetch = Prefetch()
    threading.Thread(target=follow, args=(sys.stdin, orders, prefetch), daemon=True).start()
    first = orders.get()
    logger.info("The evaluating process of %s begins.", first["model"]["name"])
    limits.apply(**first["limits"], is_confined=first["gateway"] is not None)
    if first["gateway"] is not None:
        lead_through(Path(first["gateway"]))
    evaluator = Evaluator(first["model"], events, prefetch)
    while True:
        evaluator.run(orders.get())


if __name__ == "__main__":
    main()
