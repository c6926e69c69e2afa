"""Sets parameters to zero and keeps them there: a circuit's heads, or weights that become large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from onset.interventions import heads
from onset.interventions.settings import RemovalSettings
from onset.measures.heads.circuit import circuit
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.runs.source import Source
from onset.training.interventions import Altered

_PARTS = 64  # of the entries of a matrix, by size: in each, the null has as many


def altered(
    settings: RemovalSettings,
    model: Transformer,
    parameters: Parameters,
    sources: Sequence[Source],
    seed: int,
) -> Altered:
    """The parameters without the entries that the settings choose; these are held.

    The null has other heads of the same layers, or as many other entries of each matrix that are, now,
    about as large.
    """
    if settings.what == "pair":
        masks = _heads(settings, model, sources[0], seed)
    else:
        masks = _largest(settings, sources[0].parameters(), parameters, seed)
    found = dict(parameters)
    for name, mask in masks.items():
        found[name] = parameters[name].detach().masked_fill(mask.to(parameters[name].device), 0.0)
    return Altered(found, masks)


def _heads(
    settings: RemovalSettings, model: Transformer, source: Source, seed: int
) -> dict[str, Bool[Tensor, ...]]:
    its = circuit(heads.scores_of(model, source), "pair")
    if settings.null:
        its = heads.others(its, model.settings.n_heads, seed)
    masks: dict[str, Tensor] = {}
    shapes = model.shapes()
    for head in its:
        for name, place in heads.places(model, head).items():
            masks.setdefault(name, torch.zeros(shapes[name], dtype=torch.bool))[place] = True
    return masks


def _largest(
    settings: RemovalSettings, last: Parameters, now: Parameters, seed: int
) -> dict[str, Bool[Tensor, ...]]:
    rng = np.random.Generator(np.random.Philox(seed))
    masks = {}
    for name in sorted(name for name, p in last.items() if p.ndim > 1 and p.any()):
        size = last[name].abs().ravel()
        mask = torch.zeros(len(size), dtype=torch.bool)
        mask[size.topk(round((settings.fraction or 0) * len(size))).indices] = True
        if settings.null:
            mask = torch.from_numpy(_like(mask.numpy(), now[name].detach().cpu().numpy(), rng))
        masks[name] = mask.view(last[name].shape)
    return masks


def _like(
    chosen: Bool[np.ndarray, " n"], values: Float[np.ndarray, ...], rng: np.random.Generator
) -> Bool[np.ndarray, " n"]:
    """As many others, at random among those of about the same size."""
    found = np.zeros_like(chosen)
    for part in np.array_split(np.abs(values).ravel().argsort(kind="stable"), _PARTS):
        free = part[~chosen[part]]
        n = min(chosen[part].sum(), len(free))
        found[rng.choice(free, n, replace=False)] = True
    # Where nearly all of a size are chosen there are too few: the rest are of any size.
    free = np.flatnonzero(~chosen & ~found)
    missing = min(chosen.sum() - found.sum(), len(free))
    found[rng.choice(free, missing, replace=False)] = True
    return found
