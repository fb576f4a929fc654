"""How many parameters of a mixture of experts work on one token, from its config.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Families name the same things differently.
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")
_AT_WORK = ("num_experts_per_tok", "moe_top_k")
_WIDTH = ("hidden_size", "n_embd")
_INNER = ("moe_intermediate_size", "intermediate_size", "n_inner")
_LAYERS = ("num_hidden_layers", "n_layer")
_EVERY = ("moe_every_n_layers", "decoder_sparse_step")
# Activations whose layers have a gate, and so three matrices instead of two.
_GATED = ("silu", "swish", "swiglu", "geglu", "glu")


def n_active_parameters(config: Mapping[str, Any], n_parameters: int) -> int | None:
    """All parameters without those of the experts that rest; None where the config tells of no experts."""
    experts, at_work = _first(config, _EXPERTS), _first(config, _AT_WORK)
    width, inner, layers = _first(config, _WIDTH), _first(config, _INNER), _first(config, _LAYERS)
    if not (experts and at_work and width and inner and layers) or at_work >= experts:
        return None
    activation = str(config.get("hidden_act") or config.get("activation_function") or "")
    matrices = 3 if activation in _GATED else 2
    sparse_layers = (layers - (_first(config, ("first_k_dense_replace",)) or 0)) // (_first(config, _EVERY) or 1)
    resting = (experts - at_work) * matrices * width * inner * sparse_layers
    return n_parameters - resting if 0 < resting < n_parameters else None


def _first(config: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    """The first of the names that has a positive whole number."""
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None
