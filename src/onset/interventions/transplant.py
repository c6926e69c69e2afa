"""Replaces a model's heads by heads of other runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from onset.interventions import heads
from onset.interventions.settings import TransplantSettings
from onset.measures.heads.circuit import Head, circuit
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.runs.source import Source
from onset.training.interventions import Altered

_EMBEDDINGS = ("tok_embed.weight", "pos.weight", "head.weight")


def altered(
    settings: TransplantSettings,
    model: Transformer,
    parameters: Parameters,
    sources: Sequence[Source],
    seed: int,
) -> Altered:
    """The parameters with the heads that the settings choose; a head of the circuit keeps its place."""
    found = {name: p.detach().clone() for name, p in parameters.items()}
    given = [source.parameters(settings.step) for source in sources]
    if settings.embeddings:
        found |= {n: given[0][n].to(found[n]) for n in _EMBEDDINGS if n in found}
    for source, theirs, ours in _chosen(settings, model, sources, seed):
        to = heads.places(model, ours)
        for (name, place), (their_name, their_place) in zip(
            to.items(), heads.places(model, theirs).items(), strict=True
        ):
            found[name][place] = given[source][their_name][their_place].to(found[name])
    return Altered(found)


def _chosen(
    settings: TransplantSettings, model: Transformer, sources: Sequence[Source], seed: int
) -> list[tuple[int, Head, Head]]:
    """Source, head there, head here."""
    n_heads = model.settings.n_heads
    if not settings.is_of_all_sources:
        its = circuit(heads.scores_of(model, sources[0]), settings.heads)
        if settings.null:
            its = heads.others(its, n_heads, seed)
        return [(0, head, head) for head in its]
    rng = np.random.Generator(np.random.Philox(seed))
    # The more of the two a head looks at, the more it has of the circuit.
    inductive = torch.stack([torch.stack(heads.scores_of(model, s)).amax(0) for s in sources], 1)
    found = []
    for layer, of_layer in enumerate(inductive):
        order = of_layer.ravel().argsort().tolist()
        if settings.null:
            order = rng.permutation(len(order)).tolist()
        for slot, place in enumerate(order[:n_heads]):
            source, number = divmod(place, n_heads)
            found.append((source, Head(layer, number), Head(layer, slot)))
    return found
