"""What activates a head or a neuron: the sequences in which it is most active."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from transformer_lens.model_bridge import TransformerBridge

from onset.views.chosen import Example, padded

N_TOP = 4
"""sequences of each head and neuron"""
MOST_NEURONS = 64
"""of a layer"""


class Activity:
    """Of all heads and neurons of a model, at every position of some sequences."""

    def __init__(self, bridge: TransformerBridge, sequences: Sequence[Example]) -> None:
        self.n_layers: int = bridge.cfg.n_layers
        self._sequences = sequences
        tokens = torch.from_numpy(padded([its.tokens for its in sequences])).to(bridge.W_E.device)
        layers = range(self.n_layers)
        wanted = {f"blocks.{i}.{part}" for i in layers for part in ("attn.hook_z", "mlp.hook_post")}
        _, self._cache = bridge.run_with_cache(tokens, names_filter=lambda name: name in wanted)
        self._W_O = bridge.W_O

    def heads(self, layer: int) -> Float[np.ndarray, "sequences length heads"]:
        """Norm of what each head writes."""
        z = self._cache[f"blocks.{layer}.attn.hook_z"]
        return torch.einsum("slhd,hdm->slhm", z, self._W_O[layer]).norm(dim=-1).cpu().numpy()

    def neurons(self, layer: int) -> Float[np.ndarray, "sequences length neurons"]:
        """After the activation. A model without MLPs has none."""
        none = self._cache[f"blocks.{layer}.attn.hook_z"][:, :, 0, :0]
        return self._cache.cache_dict.get(f"blocks.{layer}.mlp.hook_post", none).cpu().numpy()

    def largest(
        self, layer: int, values: Float[np.ndarray, "sequences length units"]
    ) -> Float[np.ndarray, "sequences units"]:
        """In each sequence; −∞ in those that are answered before the layer."""
        found = np.full((len(values), values.shape[2]), -np.inf)
        for row, its in enumerate(self._sequences):
            if its.depth is None or layer < its.depth:
                found[row] = values[row, : len(its.tokens)].max(0)
        return found

    def told(
        self,
        layer: int,
        values: Float[np.ndarray, "sequences length units"],
        units: Sequence[int],
    ) -> Iterator[dict[str, Any]]:
        """Of each of these units, its sequences with the largest values, and the values in them."""
        largest = self.largest(layer, values)
        for unit in units:
            # Of sequences with the same value, the first.
            order = np.argsort(-largest[:, unit], kind="stable")[:N_TOP]
            top = [
                {
                    "sequence": int(row),
                    "values": [
                        _short(v) for v in values[row, : len(self._sequences[row].tokens), unit]
                    ],
                }
                for row in order
                if np.isfinite(largest[row, unit])
            ]
            yield {"layer": layer, "number": int(unit), "top": top}


def excited(bridge: TransformerBridge, sequences: Sequence[Example]) -> dict[str, list[Any]]:
    """`heads`, `neurons` and `layers` of a view."""
    activity = Activity(bridge, sequences)
    heads, neurons, layers = [], [], []
    for layer in range(activity.n_layers):
        values = activity.heads(layer)
        heads += activity.told(layer, values, range(values.shape[2]))
        values = activity.neurons(layer)
        largest = activity.largest(layer, values).max(0)
        alive = np.flatnonzero(largest > 0)
        # Sorted by number, so that one is found by its number in the list.
        shown = np.sort(alive[np.argsort(-largest[alive], kind="stable")[:MOST_NEURONS]])
        neurons += activity.told(layer, values, shown.tolist())
        layers.append({"neurons": values.shape[2], "silent": values.shape[2] - len(alive)})
    return {"heads": heads, "neurons": neurons, "layers": layers}


def _short(value: np.floating) -> float:
    """In three significant digits."""
    return float(f"{value:.3g}")
