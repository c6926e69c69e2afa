"""The parts of a model whose weights can be exchanged, by the names of its parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import Any

from torch import Tensor

from onset.interventions.heads import places
from onset.measures.heads.circuit import Head

_IN_LAYERS = re.compile(r"(?:^|\.)(?P<stack>layers|h|blocks)\.(?P<layer>\d+)\.(?P<rest>.*)$")
_NORM = re.compile(r"(^|[._])(ln|norm|layernorm)|_norm|(ln|norm)(_\w+|\d)?\.(weight|bias)$")
_ATTENTION = re.compile(r"(^|\.)(attn|self_attn|attention)\.")

NORMS = "norms"

Entries = Mapping[str, tuple[slice, ...] | EllipsisType]
"""parameter → which of its entries; `...`: all"""


def part_of(name: str) -> str:
    """The part that a parameter belongs to.

    `norms`, all together; within blocks `attention_N` and `mlp_N`; any other by its own module's name.
    """
    if _NORM.search(name):
        return NORMS
    if its := _IN_LAYERS.search(name):
        kind = "attention" if _ATTENTION.search(f".{its['rest']}") else "mlp"
        return f"{kind}_{its['layer']}"
    return name.rsplit(".", 1)[0]


def parts_of(parameters: Iterable[str]) -> dict[str, list[str]]:
    """Part → the names of its parameters, in their order. No parameter is in two."""
    found: dict[str, list[str]] = {}
    for name in parameters:
        found.setdefault(part_of(name), []).append(name)
    return found


def heads_of(model: Any) -> dict[str, Entries]:
    """The entries of each head, `head_LAYER_NUMBER`; none, where heads can't be told apart by weights."""
    settings = model.settings
    if not hasattr(settings, "d_head"):
        return {}
    return {
        f"head_{layer}_{number}": places(model, Head(layer, number))
        for layer in range(settings.n_layers)
        for number in range(settings.n_heads)
    }


def exchanged(
    own: Mapping[str, Tensor], given: Mapping[str, Tensor], entries: Entries
) -> dict[str, Tensor]:
    """The own parameters with some entries of the others."""
    found = dict(own)
    for name, place in entries.items():
        found[name] = own[name].clone()
        found[name][place] = given[name][place].to(own[name])
    return found
