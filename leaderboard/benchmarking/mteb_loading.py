"""The other side of the import: mteb reads a results folder, as the official board does when it is built anew.

`python -m leaderboard.benchmarking.mteb_loading FOLDER [server]` runs in a process of its own and prints one JSON line
once the frames are there. With `server` it then leaves them where mteb's API server, told the same MTEB_CACHE, finds
them at its start; that part is not measured.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from pathlib import Path


def main() -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    folder, *wanted = sys.argv[1:]
    from mteb.cache import ResultCache
    from mteb.models.model_implementations import MODEL_REGISTRY
    from mteb.results import BenchmarkResults

    begun = time.monotonic()
    results = ResultCache(cache_path=Path(folder)).load_results(
        models=list(MODEL_REGISTRY),
        only_main_score=True,
        require_model_meta=False,
        load_experiments="match_name",
    )
    loaded = time.monotonic()
    frame = results._to_results_df()
    framed = time.monotonic()
    frames = BenchmarkResults.split_leaderboard_frame(frame)
    split = time.monotonic()
    times = {"load": loaded - begun, "frame": framed - loaded, "split": split - framed, "n_cells": len(frame)}
    print(json.dumps(times), flush=True)
    if wanted:
        from mteb.api.frames import _dedupe_unified, _write_disk_cache
        from mteb.api.settings import get_settings

        _write_disk_cache(str(get_settings().cache_repo), None, frames, _dedupe_unified(frame))


if __name__ == "__main__":
    main()
