"""Which heads gather rewards by arm, and is a model that plays itself worse without them?

A head that looks from where the next arm is asked for at earlier rewards can raise the arm before a reward
if it was won, and lower it if it was lost: as an induction head goes on with what came before, but over
pairs of an arm and a reward. That a reward's place knows its arm takes a head below that brings it there.

What a head writes is a sum over the places that it looks at. Through the final norm, at its scale there,
each summand contributes linearly to the logits (Elhage et al. 2021, "A mathematical framework for
transformer circuits"). Heads are chosen on `train`, and all else is of `test`. Without a head, the model
plays the same games: what the head writes is its mean everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.analyses.heads.name_movers import Head, largest
from onset.measures.learning.regret import game_of, regrets, ways
from onset.measures.measurement import Measurement, by_head
from onset.models import inspection
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset, Split
from onset.tasks.learning.bandits import rewards_of

NEEDS = ("written", "luck", "chances", "spread", "head_weights")
SPLITS = ("train", "test")
QUANTITIES = {
    "to_own_arm": {"kind": "share", "label": "attention from a reward to its arm"},
    "to_rewards": {"kind": "share", "label": "attention to rewards"},
    "reward_effect": {
        "kind": "logits",
        "label": "written to an arm per reward: won minus lost (nats)",
    },
    "reward_effect_control": {
        "kind": "logits",
        "label": "written to an arm of another game per reward: won minus lost (nats)",
    },
    "regret_with*": {"kind": "size", "label": "regret per pull with*"},
    "as_ucb_with*": {"kind": "share", "label": "pulls that UCB1 could make with*"},
    "effect_of_gathering": {
        "kind": "logits",
        "label": "written to an arm per reward by the head that gathers most (nats)",
    },
    "effect_of_gathering_control": {
        "kind": "logits",
        "label": "written to an arm of another game per reward by the head that gathers most (nats)",
    },
    "share_gathering": {"kind": "share", "label": "heads that gather rewards"},
}

_CLEARLY = 10.0
_MOST = 128  # games


class Seen(NamedTuple):
    """Of each head, mean over games."""

    to_own_arm: Float[Tensor, "layers heads"]
    to_rewards: Float[Tensor, "layers heads"]
    reward_effect: Float[Tensor, "layers heads"]
    reward_effect_control: Float[Tensor, "layers heads"]
    z: Float[Tensor, "layers heads d_head"]
    """what they take along to where an arm is asked for"""


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By block application (`layer`) and `head`, where an arm is asked for, all having been shown once:

    * `to_own_arm`: attention from each reward to the arm just before it;
    * `to_rewards`: attention to rewards;
    * `reward_effect`: what the head writes, per reward that it looks at, to the logit of the reward's arm
      over the mean of all arms: of those that won minus of those that lost;
      `reward_effect_control`: the same with the arms of another game;

    And, of games that the model plays, `regret_…` per pull, and `as_ucb_…`, the fraction of pulls that UCB1
    could make:

    * `…with_all` heads;
    * `…without_gathering`: without the head that gathers most, by `reward_effect` on `train` (its own on
      `test`: `effect_of_gathering`, `effect_of_gathering_control`); `…without_another`: without another
      head of its layer, mean over them;
    * `…without_all_gathering`: without all whose `reward_effect` is more than ten times the largest
      `reward_effect_control` (`share_gathering` of all heads), both on `train`;
    * `…without_pairing`: without the head with the most `to_own_arm` on `train`; `…without_another_below`:
      without another head of its layer, mean over them.
    """
    bridge = inspection.open_bridge(model, parameters)
    trained, tested = (seen_of(bridge, dataset.splits[its], dataset.n_tokens) for its in SPLITS)
    for name in ("to_own_arm", "to_rewards", "reward_effect", "reward_effect_control"):
        yield from by_head(name, getattr(tested, name).tolist(), SPLITS[1])

    split = dataset.splits[SPLITS[1]]
    chances = split.truth["chances"]
    n_layers, n_heads = tested.to_own_arm.shape
    every = list(np.ndindex(n_layers, n_heads))
    gathering, pairing = (largest(its, 1)[0] for its in (trained.reward_effect, trained.to_own_arm))
    null = _CLEARLY * trained.reward_effect_control.abs().max()
    all_gathering = [its for its in every if trained.reward_effect[its] > null]
    for name in ("", "_control"):
        value = getattr(tested, f"reward_effect{name}")[gathering].item()
        yield Measurement(f"effect_of_gathering{name}", value, SPLITS[1])
    yield Measurement("share_gathering", len(all_gathering) / len(every), SPLITS[1])
    for kind, cases in {
        "with_all": [[]],
        "without_gathering": [[gathering]],
        "without_another": _others(gathering, n_heads),
        "without_all_gathering": [all_gathering],
        "without_pairing": [[pairing]],
        "without_another_below": _others(pairing, n_heads),
    }.items():
        found = []
        for heads in cases:
            its = with_means(model, parameters, heads, trained.z)
            game = game_of(model, its, split, dataset.n_tokens)
            as_ucb = ways(game, chances).get("as_ucb", float("nan"))
            found.append((regrets(chances, game.arms).mean(), as_ucb))
        for name, values in zip(("regret", "as_ucb"), np.transpose(found), strict=False):
            if np.isfinite(
                values
            ).all():  # there may be no other head, or no pull that isn't a first one
                yield Measurement(f"{name}_{kind}", float(values.mean()), SPLITS[1])


def _others(which: Head, n_heads: int) -> list[list[Head]]:
    """Each other head of its layer, by itself."""
    return [[(which[0], its)] for its in range(n_heads) if its != which[1]]


def with_means(
    model: Transformer,
    parameters: Parameters,
    heads: Iterable[Head],
    z: Float[Tensor, "layers heads d_head"],
) -> dict[str, Tensor]:
    """Parameters with which some heads write the same everywhere, wherever they look.

    Args:
        model: the architecture.
        parameters: of the model.
        heads: which.
        z: what heads take along, on average.
    """
    found = dict(parameters)
    for layer, head in heads:
        name = f"layers.{layer % model.settings.n_layers}.attn.o"
        its = slice(head * z.shape[-1], (head + 1) * z.shape[-1])
        weight = found[f"{name}.weight"].clone()
        found[f"{name}.bias"] = found[f"{name}.bias"] + weight[:, its] @ z[layer, head].to(weight)
        weight[:, its] = 0
        found[f"{name}.weight"] = weight
    return found


@torch.no_grad()
def seen_of(bridge: TransformerBridge, split: Split, n_tokens: int) -> Seen:
    """What heads do in a split's own histories."""
    tokens, n_arms = split.tokens[:_MOST], split.truth["chances"].shape[1]
    won = torch.from_numpy(rewards_of(tokens, n_arms, n_tokens) > 0.5)
    arms = torch.from_numpy(tokens[:, 1::2])
    names = ("attn.hook_pattern", "attn.hook_v", "attn.hook_z", "ln_final.hook_scale")
    _, cache = bridge.run_with_cache(
        torch.from_numpy(tokens[:, :-1]).to(bridge.W_E.device),
        names_filter=lambda its: its.endswith(names),
    )
    # Arms are asked for at the place of each reward; the last reward is never read.
    rewards = torch.arange(2, tokens.shape[1] - 1, 2)
    asking = rewards[n_arms - 1 :]
    readout = bridge.W_U[:, :n_arms].T.cpu()
    scale = torch.ones(len(tokens), len(asking))
    if "ln_final.hook_scale" in cache:
        readout = readout * bridge.ln_final.weight.cpu()
        readout = readout - readout.mean(1, keepdim=True)  # the norm takes means away
        scale = cache["ln_final.hook_scale"][:, asking, 0].cpu()
    readout = readout - readout.mean(0)  # over the mean of all arms
    found = []
    for layer in range(bridge.cfg.n_layers):
        pattern, v, z = (cache[f"blocks.{layer}.{name}"].cpu() for name in names[:3])
        values = torch.einsum("gkhe,hed->gkhd", v[:, rewards], bridge.W_O[layer].cpu())
        paid = pattern[:, :, asking][..., rewards]
        effects = [
            _effect(paid, values, readout[its], scale, won[:, :-1])
            for its in (arms[:, :-1], arms[:, :-1].roll(1, 0))
        ]
        own = pattern[:, :, rewards, rewards - 1].mean((0, 2))
        found.append((own, paid.sum(-1).mean((0, 2)), *effects, z[:, asking].mean((0, 1))))
    return Seen(*(torch.stack(its) for its in zip(*found, strict=True)))


def _effect(
    paid: Float[Tensor, "games heads asking rewards"],
    values: Float[Tensor, "games rewards heads d_model"],
    readout: Float[Tensor, "games rewards d_model"],
    scale: Float[Tensor, "games asking"],
    won: Bool[Tensor, "games rewards"],
) -> Float[Tensor, " heads"]:
    """Written to the arm of each reward, mean over those that won minus mean over those that lost."""
    to_arm = torch.einsum("grhd,grd->ghr", values, readout)
    written = paid * to_arm[:, :, None] / scale[:, None, :, None]
    there = torch.ones(paid.shape[2:]).tril(paid.shape[3] - paid.shape[2]).bool()
    means = []
    for kind in (won, ~won):
        its = (kind[:, None] & there)[:, None]
        means.append((written * its).sum((0, 2, 3)) / its.sum())
    return means[0] - means[1]
