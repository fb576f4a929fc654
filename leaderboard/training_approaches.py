"""How a model was trained, as far as its card or the registry says so in words that mean nothing else.

Only declarations count: tags, the library's name, the names of loss functions that sentence-transformers and PyLate
write into a card, and words of the model's own name. A word in a card's running text may be about another model, so the
text is not searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

# In the order of a list on a page.
APPROACHES = {
    "contrastive": "contrastive",
    "distillation": "distillation",
    "instruction-tuned": "instruction-tuned",
    "matryoshka": "Matryoshka",
    "merged": "merged",
    "static": "static embeddings",
}

_TAGS = {
    "contrastive": "contrastive",
    "contrastive-learning": "contrastive",
    "simcse": "contrastive",
    "distillation": "distillation",
    "knowledge-distillation": "distillation",
    "distilled": "distillation",
    "instruction-tuned": "instruction-tuned",
    "instruction-tuning": "instruction-tuned",
    "instruct": "instruction-tuned",
    "matryoshka": "matryoshka",
    "matryoshka-representation-learning": "matryoshka",
    "mrl": "matryoshka",
    "merge": "merged",
    "mergekit": "merged",
    "model-merge": "merged",
    "model2vec": "static",
    "static-embeddings": "static",
    "staticembedding": "static",
}
# Beginnings of the names of loss functions, without "Cached".
_LOSSES = {
    "matryoshka": "matryoshka",
    "multiplenegatives": "contrastive",
    "gist": "contrastive",
    "triplet": "contrastive",
    "contrastive": "contrastive",
    "onlinecontrastive": "contrastive",
    "batch": "contrastive",
    "megabatchmargin": "contrastive",
    "sparsemultiplenegatives": "contrastive",
    "sparsetriplet": "contrastive",
    "distill": "distillation",
    "marginmse": "distillation",
    "sparsemarginmse": "distillation",
    "sparsedistill": "distillation",
    "sparsemse": "distillation",
    "mse": "distillation",
}
_IN_NAMES = {
    "simcse": "contrastive",
    "distill": "distillation",
    "distilled": "distillation",
    "instruct": "instruction-tuned",
    "matryoshka": "matryoshka",
    "mrl": "matryoshka",
    "merge": "merged",
    "merged": "merged",
    "slerp": "merged",
    "m2v": "static",
    "model2vec": "static",
    "potion": "static",
    "static": "static",
}
_STATIC_LIBRARY = "model2vec"
_STATIC_LOADER = "Model2VecModel"


def of_card(tags: Iterable[str], *, library: str = "", base_model_relation: str = "") -> list[str]:
    """What a card's tags, library and relation to its base model declare."""
    found = {approach for tag in tags if (approach := _of_tag(tag.strip().lower()))}
    if library.strip().lower() == _STATIC_LIBRARY:
        found.add("static")
    if base_model_relation.strip().lower() == "merge":
        found.add("merged")
    return _in_order(found)


def _of_tag(tag: str) -> str | None:
    if not tag.startswith("loss:"):
        return _TAGS.get(tag.replace("_", "-").replace(" ", "-"))
    loss = tag.removeprefix("loss:").removeprefix("cached")
    return next((approach for beginning, approach in _LOSSES.items() if loss.startswith(beginning)), None)


def of_registry(*, embed_dims: Sequence[int] | None, loader: str | None, framework: Iterable[str] | None) -> list[str]:
    """What an entry of mteb's registry declares.

    A list of dimensions is mteb's way to say Matryoshka; NumPy beside sentence-transformers its way to say Model2Vec.
    """
    found = set()
    if embed_dims is not None and len(embed_dims) > 1:
        found.add("matryoshka")
    if loader == _STATIC_LOADER or {"NumPy", "Sentence Transformers"} <= set(framework or ()):
        found.add("static")
    return _in_order(found)


def of_name(name: str) -> list[str]:
    """What the model's authors say in its name: e5-mistral-7b-instruct, arabic-english-sts-matryoshka."""
    words = re.split(r"[^a-z0-9]+", name.rpartition("/")[2].lower())
    return _in_order({_IN_NAMES[word] for word in words if word in _IN_NAMES})


def of_modules(types: Iterable[str]) -> list[str]:
    """What the modules of a sentence-transformers model say."""
    return ["static"] if "StaticEmbedding" in set(types) else []


def _in_order(found: set[str]) -> list[str]:
    return sorted(found, key=list(APPROACHES).index)


def is_static(approaches: Any) -> bool:
    """Whether a model only looks its words up, so that its base model's architecture is not its own."""
    return "static" in (approaches or ())
