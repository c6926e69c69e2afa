"""The loss that a neuron saves: it is kept at its mean, and the rest of the model runs as usual.

"Mean ablation", as of heads (`atlas.ablation`): the mean over a split's sequences, position by position.
Nothing is taken to be linear: each neuron's removal goes through the blocks that follow, and through the
final norm with the scale that it then has. Where the MLP is the model's last, no block follows, and all
neurons share one forward pass.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.collections.neurons.activity import Opened
from onset.models.transformer.midway import logits_at_all

FEWEST_ASKED, MOST_ASKED = 2, 64
"""sequences of a group"""
_WORK = 10**10
"""multiplications for the neurons of a layer, about: where sequences take many, fewer are asked"""
_AT_ONCE = 1 << 24
"""numbers of a tensor: 64 MB"""


class OfGroup(NamedTuple):
    """What is lost on the sequences of a group that are asked."""

    place: Int[Tensor, "asked scored"]
    """number of each place that is scored"""
    loss: Float[Tensor, "asked scored"]
    """cross-entropy with all neurons, in nats"""
    added: Float[Tensor, "neurons asked scored"]
    """by which it rises without each"""


def lost_without(
    opened: Opened, layer: int, values: list[Float[Tensor, "_sequences _length neurons"]]
) -> list[OfGroup]:
    """What is lost without each neuron of a layer, group by group.

    Args:
        opened: a checkpoint.
        layer: of the neurons.
        values: of its neurons, as `Opened.neurons` says.
    """
    n = n_asked(opened, layer)
    return [_of_group(opened, layer, number, its, n) for number, its in enumerate(values)]


class Lost(NamedTuple):
    """Means over all places that are asked."""

    loss: float
    added: Float[np.ndarray, " neurons"]
    added_named: Float[np.ndarray, " neurons"]
    """over those that each neuron's description names; NaN where it names none of them"""


def over_places(
    found: list[OfGroup],
    places: Int[np.ndarray, " places"],
    named: Bool[Tensor, "neurons places"],
) -> Lost:
    """All groups together.

    Args:
        found: of each group.
        places: numbers of the layer's.
        named: which of them each neuron's description names.
    """
    place = torch.cat([its.place.flatten() for its in found])
    added = torch.cat([its.added.flatten(1) for its in found], 1).double().cpu()
    loss = torch.cat([its.loss.flatten() for its in found]).double().mean().item()
    column = torch.from_numpy(np.searchsorted(places, place.numpy()))
    says = named[:, column].double()
    of_named = (added * says).sum(1) / says.sum(1)
    return Lost(loss, added.mean(1).numpy(), of_named.numpy())


def n_asked(opened: Opened, layer: int) -> int:
    """How many sequences of each group are asked without each neuron of a layer."""
    s, n_tokens = opened.model.settings, opened.model.n_tokens
    of_block = 4 * s.d_model**2 + 2 * s.d_model * s.d_mlp
    work = sum(
        its.tokens.shape[1] * (its.depth - layer - 1) * of_block
        + len(its.questions.scored) * n_tokens * s.d_model
        for its in opened.seen.groups
        if its.depth > layer
    )
    return max(FEWEST_ASKED, min(MOST_ASKED, _WORK // (work * s.d_mlp)))


def _of_group(
    opened: Opened,
    layer: int,
    number: int,
    values: Float[Tensor, "sequences length neurons"],
    n: int,
) -> OfGroup:
    group = opened.seen.groups[number]
    scored = list(group.questions.scored)
    states = opened.streams[number][layer + 1, :n]
    tokens = torch.from_numpy(group.tokens[:n]).to(states.device)
    targets = torch.from_numpy(group.targets[:n]).to(states.device)
    away = values[:n] - values.mean(0)
    if layer + 1 == group.depth:
        # What isn't scored is read by nothing any more.
        states, tokens, away = states[:, scored], tokens[:, scored], away[:, scored]
        scored = list(range(len(scored)))
    loss = _losses(opened, states[None], tokens, targets, layer, group.depth, scored)[0]
    width = max(opened.model.n_tokens, 4 * opened.model.settings.d_mlp)
    at_once = max(1, _AT_ONCE // (tokens.numel() * width))
    written = opened.out_of(layer).T
    added = [
        _losses(opened, its, tokens, targets, layer, group.depth, scored) - loss
        for some in torch.arange(len(written)).split(at_once)
        for its in [states - torch.einsum("slk,kd->ksld", away[..., some], written[some])]
    ]
    place = torch.from_numpy(opened.seen.place[number][:n][:, list(group.questions.scored)])
    return OfGroup(place, loss, torch.cat(added))


def _losses(
    opened: Opened,
    states: Float[Tensor, "neurons asked length d_model"],
    tokens: Int[Tensor, "asked length"],
    targets: Int[Tensor, "asked scored"],
    layer: int,
    depth: int,
    scored: list[int],
) -> Float[Tensor, "neurons asked scored"]:
    """At the scored positions, of states in which something was changed after a layer."""
    n = len(states)
    logits = logits_at_all(
        opened.model,
        opened.parameters,
        states.flatten(0, 1),
        tokens.repeat(n, 1),
        layer + 1,
        depth,
        scored,
    )
    right = targets.repeat(n, 1).flatten()
    loss = F.cross_entropy(logits.flatten(0, 1), right, reduction="none")
    return loss.view(n, *targets.shape)
