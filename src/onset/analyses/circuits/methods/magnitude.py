"""A baseline: how much of what differs between twins an input's weights take up, whatever comes of it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from onset.analyses.circuits.patched import Patched, Scores
from onset.models.transformer.wiring import INPUTS, LOGITS, Wiring


def score_edges(patched: Patched, seed: int) -> Scores:
    """The norm of the difference that an edge carries, seen through the weights that read it."""
    differs = patched.own.written[:, 0] - patched.other
    found = []
    for its in patched.wiring.readings:
        for reader in its.readers:
            seen = F.linear(differs[: its.n_writers], _weights(patched.wiring, reader))
            found.append(seen.flatten(1).norm(dim=1))
    return torch.cat(found).cpu()


def _weights(wiring: Wiring, reader: str) -> Tensor:
    """That an input is read with."""
    parameters, s = wiring.parameters, wiring.model.settings
    if reader == LOGITS:
        return parameters[wiring.model._readout]
    kind, place, *by = reader.split(" ")
    if kind == "mlp":
        return parameters[f"layers.{place}.mlp.fc_in.weight"]
    layer, number = place.split(".")
    rows = slice(int(number) * s.d_head, (int(number) + 1) * s.d_head)
    return parameters[f"layers.{layer}.attn.{'qkv'[INPUTS.index(by[0])]}.weight"][rows]
