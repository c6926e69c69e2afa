"""Where is a written step on its way to the answer? Its state is exchanged, place by place, head by head.

Activation patching (Vig et al. 2020, arXiv:2004.12265) with TransformerLens's hooks. Two texts differ in
the last state of a thought alone; what a model computes in the one is put into the other, the right one. If
it carries the step, the answer becomes the one that follows from the wrong step. Null: what is there is
moved as far in a random direction.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import Dataset

NEEDS = ("edited_step", "rival", "state", "step", "heads")
SPLITS = ("edited",)
QUANTITIES = {
    "place_patched": {"kind": "share", "label": "answers that follow the other step: a place"},
    "place_random": {"kind": "share", "label": "the same: as far at random, a place"},
    "head_patched": {"kind": "share", "label": "answers that follow the other step: a head"},
    "head_random": {"kind": "share", "label": "the same: as far at random, a head"},
    "step_attention": {"kind": "share", "label": "attention to the step before the answer"},
    "earlier_attention": {"kind": "share", "label": "attention to each earlier step"},
}


class Texts(NamedTuple):
    """Questions with right thoughts, and the same with a wrong last state."""

    bridge: TransformerBridge
    right: Int[Tensor, "texts length"]
    wrong: Int[Tensor, "texts length"]
    rival: Int[Tensor, " texts"]
    """the answer that follows from the wrong one"""
    steps: list[int]
    """places of the states of the thought"""


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """On `edited`, of the questions whose last step is changed:

    * `place_patched` by block application (`layer`, before which) and `position` from that step on:
      fraction of the answers that are then those of the wrong step;
    * `head_patched` by block application and `head`: the same, of what a head writes where the answer
      comes next;
    * `place_random`, `head_random`: the same where a random vector as long as the difference is added;
    * `step_attention` by block application and head: the share of its attention that a head pays, where
      the answer comes next, to the last step; `earlier_attention`: to each step before it, mean.
    """
    texts = _texts(model, parameters, dataset)
    n_layers, n_heads = texts.bridge.cfg.n_layers, texts.bridge.cfg.n_heads
    states = [f"blocks.{layer}.hook_resid_pre" for layer in range(n_layers)]
    heads = [f"blocks.{layer}.attn.hook_z" for layer in range(n_layers)]
    looks = [f"blocks.{layer}.attn.hook_pattern" for layer in range(n_layers)]
    _, own = texts.bridge.run_with_cache(texts.right, names_filter=[*states, *heads, *looks])
    _, other = texts.bridge.run_with_cache(texts.wrong, names_filter=[*states, *heads])
    rng = np.random.Generator(np.random.Philox(seed))
    n, last = len(texts.right), texts.right.shape[1] - 1
    for layer in range(n_layers):
        for kind in ("patched", "random"):
            for place in range(texts.steps[-1], last + 1):
                name = states[layer]
                by = _instead(kind, own[name][:, place], other[name][:, place], rng)
                value = _follow(texts, name, (slice(None), place), by)
                yield Measurement(
                    f"place_{kind}", value, SPLITS[0], layer, position=place, n_examples=n
                )
            for head in range(n_heads):
                name = heads[layer]
                at = (slice(None), last, head)
                by = _instead(kind, own[name][at], other[name][at], rng)
                value = _follow(texts, name, at, by)
                yield Measurement(f"head_{kind}", value, SPLITS[0], layer, head, n_examples=n)
        paid = own[looks[layer]][:, :, last].double().mean(0)
        for head in range(n_heads):
            at_last, earlier = paid[head, texts.steps[-1]], paid[head, texts.steps[:-1]].mean()
            of = {"split": SPLITS[0], "layer": layer, "head": head, "n_examples": n}
            yield Measurement("step_attention", at_last.item(), **of)
            if len(texts.steps) > 1:
                yield Measurement("earlier_attention", earlier.item(), **of)


def _texts(model: ReadableModel, parameters: Parameters, dataset: Dataset) -> Texts:
    split = dataset.splits[SPLITS[0]]
    truth = split.truth
    its = truth["edited_step"] == truth["edited_step"].max()
    thought: Bool[np.ndarray, " length"] = truth["step"][0] > 0
    thought &= np.arange(len(thought)) > int((truth["step"][0] < 0).argmax())
    thought[-1] = False
    wrong = split.tokens[its]
    right = np.where(thought, truth["state"][its], wrong)
    bridge = inspection.open_bridge(model, parameters, model.depth(split.hops))

    def tensor(tokens: np.ndarray) -> Tensor:
        return torch.from_numpy(numbers(model, tokens)).to(bridge.W_E.device)

    return Texts(
        bridge,
        tensor(right[:, :-1]),
        tensor(wrong[:, :-1]),
        tensor(truth["rival"][its]),
        np.flatnonzero(thought).tolist(),
    )


def _instead(
    kind: str,
    own: Float[Tensor, "texts d"],
    other: Float[Tensor, "texts d"],
    rng: np.random.Generator,
) -> Float[Tensor, "texts d"]:
    if kind == "patched":
        return other
    # Not by PyTorch's generator, whose first numbers are the model's initial embeddings.
    noise = torch.from_numpy(rng.normal(size=own.shape)).to(own)
    moved = (other - own).norm(dim=-1, keepdim=True)
    return own + noise / noise.norm(dim=-1, keepdim=True) * moved


def _follow(texts: Texts, name: str, at: tuple, by: Float[Tensor, "texts d"]) -> float:
    """Fraction of the answers that follow from the wrong step, when what is at a place is exchanged."""
    said = texts.bridge.run_with_hooks(
        texts.right, fwd_hooks=[(name, partial(_exchanged, at=at, by=by))]
    )
    return (said[:, -1].argmax(-1) == texts.rival).double().mean().item()


def _exchanged(value: Tensor, hook: object, at: tuple, by: Tensor) -> Tensor:
    value = value.clone()
    value[at] = by
    return value
