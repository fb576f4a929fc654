"""Models that do what no model should, as folders that sentence-transformers would load."""

from __future__ import annotations

import json
from pathlib import Path

MODULE = '''
import os
import torch
from sentence_transformers.sentence_transformer.modules import InputModule


class Hostile(InputModule):
    """Deceives until it is asked to encode."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    @classmethod
    def load(cls, *arguments, **named):
        return cls()

    def save(self, *arguments, **named):
        pass

    def preprocess(self, inputs, *arguments, **named):
        return {"numbers": torch.tensor([[float(len(str(text)))] for text in inputs])}

    tokenize = preprocess

    def forward(self, features, **named):
        ATTACK
        features["sentence_embedding"] = torch.cat([features["numbers"], torch.ones_like(features["numbers"])], dim=1)
        return features

    def get_embedding_dimension(self):
        return 2

    get_sentence_embedding_dimension = get_embedding_dimension
'''

ATTACKS = {
    "harmless": "pass",
    "allocates": "hoard = []\n        while True: hoard.append(bytearray(os.urandom(2**20)) * 64)",
    "forks": "while True:\n            if os.fork() == 0:\n                import time; time.sleep(600)",
    "sleeps": "import time; time.sleep(6000)",
    "writes": "for i in range(10**9): open(f\"{os.environ['HOME']}/{i}\", 'wb').write(b'x' * 2**24)",
    "steals": (
        "seen = [path for path in SECRETS if os.path.exists(path)]\n"
        "        import socket\n"
        "        try: socket.create_connection(('127.0.0.1', PORT), 5); seen.append('the network')\n"
        "        except OSError: pass\n"
        "        assert not seen, f'It sees {seen}'"
    ),
}


def model_with_code(folder: Path, attack: str, **values: object) -> Path:
    """A model whose own code does the attack whenever it encodes; `values` stand for names in the code."""
    folder.mkdir(parents=True)
    code = ATTACKS[attack]
    for name, value in values.items():
        code = code.replace(name, repr(value))
    (folder / "hostile.py").write_text(MODULE.replace("ATTACK", code))
    modules = [{"idx": 0, "name": "0", "path": "", "type": "hostile.Hostile"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"similarity_fn_name": "cosine"}))
    return folder


def model_with_broken_configuration(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "modules.json").write_text('[{"idx": 0, "name"')
    return folder


def pickled_model(folder: Path, sound: Path) -> Path:
    """A sound transformer, but its weights are a pickle that would leave a trace if it were opened."""
    folder.mkdir(parents=True)
    for path in sound.rglob("*"):
        if path.is_file() and path.suffix != ".safetensors":
            target = folder / path.relative_to(sound)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    trace = f"cposix\nsystem\n(S'touch {folder}/opened'\ntR."
    (folder / "pytorch_model.bin").write_bytes(trace.encode())
    return folder


def model_of_nothing_but_nan(folder: Path) -> Path:
    """A static embedding model of three words, all of whose numbers are NaN."""
    import numpy as np
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    inner = folder / "0_StaticEmbedding"
    inner.mkdir(parents=True)
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "a": 1, "the": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(inner / "tokenizer.json"))
    save_file({"embedding.weight": np.full((3, 4), np.nan, dtype=np.float32)}, inner / "model.safetensors")
    modules = [{"idx": 0, "name": "0", "path": inner.name, "type": "sentence_transformers.models.StaticEmbedding"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    return folder
