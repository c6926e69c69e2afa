"""What neurons write: the direct effect of each on the logits, past all blocks that follow.

"Direct logit attribution" (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits"). The
final norm takes the mean from what a neuron writes, multiplies by its gains, and divides all by one number
that depends on the place: its scale. Without the scale, what a neuron writes is the same everywhere; with
it, it is what the logits of a place are made of. Logits are compared with their mean over tokens, since a
softmax doesn't see what they have in common.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.collections.neurons.activity import Opened

MOST_TOKENS = 5
"""that a neuron raises most, and lowers most"""


class Written(NamedTuple):
    """What each neuron of a layer writes."""

    logits: Float[Tensor, "neurons tokens"]
    """when it is 1, without the final norm's scale"""
    strength: Float[Tensor, " neurons"]
    """what these are multiplied by where it is active: how far it is above its mean, over the scale; mean
    over the places that answer; NaN where it is active at none of them"""
    right: Float[Tensor, " neurons"]
    """by which it raises the right answer's logit there"""
    congruence: Float[Tensor, " neurons"]
    """whether it writes what it reads: how much more it raises the answers of places that its description
    names than those of all places, in standard deviations of what it writes; NaN where none answers"""
    congruence_null: Float[Tensor, " neurons"]
    """the same of what the next neuron writes (the first one's, for the last)"""


class Answering(NamedTuple):
    """The places of a layer that answer, in the order of the groups."""

    column: Int[np.ndarray, " answering"]
    """of each among the layer's places"""
    target: Int[Tensor, " answering"]
    scale: Float[Tensor, " answering"]


def answering(opened: Opened, layer: int) -> Answering:
    """Those of all sequences that are answered after the layer."""
    seen = opened.seen
    of_layer = seen.of_layer(layer)
    column = np.full(len(seen.group), -1)
    column[of_layer] = np.arange(len(of_layer))
    columns, targets, scales = [], [], []
    for its, place, scale in zip(seen.groups, seen.place, opened.scales, strict=True):
        if its.depth > layer:
            scored = list(its.questions.scored)
            columns.append(column[place[:, scored]].ravel())
            targets.append(torch.from_numpy(its.targets).flatten())
            scales.append(scale[:, scored].flatten().cpu())
    return Answering(np.concatenate(columns), torch.cat(targets), torch.cat(scales))


def direct(opened: Opened, layer: int) -> Float[Tensor, "neurons tokens"]:
    """Logits that each neuron writes when it is 1, without the final norm's scale."""
    written, parameters = opened.out_of(layer), opened.parameters
    if "ln_out.weight" in parameters:
        written = (written - written.mean(0)) * parameters["ln_out.weight"][:, None]
    readout = parameters.get("head.weight", parameters["tok_embed.weight"])
    logits = (readout @ written).T
    return (logits - logits.mean(1, keepdim=True)).cpu()


def written(
    logits: Float[Tensor, "neurons tokens"],
    values: Float[Tensor, "places neurons"],
    active: Bool[Tensor, "neurons places"],
    named: Bool[Tensor, "neurons places"],
    at: Answering,
) -> Written:
    """What the neurons of a layer write.

    Args:
        logits: as of `direct`.
        values: of the neurons, at the layer's places.
        active: where they are.
        named: where their descriptions say that they are.
        at: the places that answer.
    """
    pushed = ((values - values.mean(0))[at.column] / at.scale[:, None]).T
    where = active[:, at.column].float()
    n = where.sum(1)
    of_right = pushed * logits[:, at.target]
    strength, right = ((its * where).sum(1) / n for its in (pushed, of_right))

    answers = torch.zeros(len(at.target), logits.shape[1])
    answers[torch.arange(len(at.target)), at.target] = 1
    says = named[:, at.column].float()
    often = says @ answers / says.sum(1, keepdim=True) - answers.mean(0)
    in_spreads = logits / logits.std(1, correction=0, keepdim=True)
    congruence, null = ((often * its).sum(1) for its in (in_spreads, in_spreads.roll(-1, 0)))
    return Written(logits, strength, right, congruence, null)


class Strongest(NamedTuple):
    """Tokens by name, and by how much a neuron raises or lowers each, the most first."""

    raised: list[str]
    by: list[float]
    lowered: list[str]
    down: list[float]


def strongest(
    logits: Float[Tensor, "neurons tokens"], vocabulary: tuple[str, ...]
) -> list[Strongest]:
    """The tokens that each neuron raises most and lowers most."""
    n = min(MOST_TOKENS, len(vocabulary) // 2)
    ends = [logits.topk(n, largest=largest) for largest in (True, False)]
    named = [[[vocabulary[t] for t in row] for row in its.indices.tolist()] for its in ends]
    by = [its.values.double().round(decimals=4).tolist() for its in ends]
    return [Strongest(*its) for its in zip(named[0], by[0], named[1], by[1], strict=True)]
