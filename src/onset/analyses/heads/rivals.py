"""Questions with a rival, put to a bridge: what each part writes towards the answer, head by head.

The residual stream where an answer is asked for is a sum of what embeddings, heads and MLPs wrote; through
the final norm, at its scale in that run, each contributes linearly to the *lead*, the logit of the right
answer minus that of its rival. These are the numbers of TransformerLens's `direct_logit_attribution`, which
works them out for all positions, and takes five times as long.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property, partial
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.measures.answers.asking import kept
from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import Dataset, Split

MOST = 128
"""questions of a split"""
_AT_ONCE = 32
_PLACE = "_place"
_WATCHED = (
    "hook_resid_pre",
    "attn.hook_pattern",
    "attn.hook_z",
    "hook_mlp_out",
    "ln_final.hook_scale",
)
Heads = Iterable[tuple[int, int]]
"""block application, number"""
Change = Callable[[Tensor], Tensor]
"""of what is computed there, for all questions of a group"""


class Effects(NamedTuple):
    """What was written towards the lead of each question."""

    embedding: Float[Tensor, " questions"]
    heads: Float[Tensor, "questions layers heads"]
    mlps: Float[Tensor, "questions layers"]


@dataclass(frozen=True)
class Run:
    """What happened at the last position of each question."""

    lead: Float[Tensor, " questions"]
    scale: Float[Tensor, "questions 1"]
    """of the final norm"""
    z: Float[Tensor, "questions layers heads d_head"]
    """what heads take along from where they look"""
    effects: Effects
    """at that scale"""
    attention: Float[Tensor, "questions layers heads length"]
    residual: Float[Tensor, "questions layers d_model"]
    """that each block reads"""

    def at_scale(self, scale: Float[Tensor, "questions 1"]) -> Effects:
        """The same, as the final norm of another run would have scaled them."""
        by = (self.scale / scale)[:, 0]
        embedding, heads, mlps = self.effects
        return Effects(embedding * by, heads * by[:, None, None], mlps * by[:, None])

    def attention_to(
        self, places: Int[Tensor, " questions"]
    ) -> Float[Tensor, "questions layers heads"]:
        """What each head pays to one place of each question."""
        index = places[:, None, None, None].expand(*self.attention.shape[:3], 1)
        return self.attention.gather(3, index)[..., 0]


class Asked:
    """The first questions of a split.

    All are asked at once: what fills up a shorter one stands behind the position that is looked at, and no
    causal model sees it from there.
    """

    def __init__(self, model: ReadableModel, bridge: TransformerBridge, split: Split) -> None:
        self.bridge, self.split = bridge, split
        self.n = min(MOST, len(split))
        self._places = torch.from_numpy(split.positions[: self.n, -1])
        of_all = (
            split.tokens[:, : self._places.max() + 1],
            split.targets[:, -1],
            split.truth["rival"],
        )
        self._tokens, self._right, self._rival = (
            torch.from_numpy(numbers(model, its[: self.n])).to(bridge.W_E.device) for its in of_all
        )

    @cached_property
    def intact(self) -> Run:
        """Their answers with nothing changed."""
        return self.run({})

    def run(self, changes: Mapping[str, Callable[[Int[Tensor, " rows"]], Change]]) -> Run:
        """Answer them.

        Args:
            changes: by the name of a hook, what is to be made of what is computed at the last position
                there; told which questions it is about.
        """
        return _joined([self._some(rows, changes) for rows in torch.arange(self.n).split(_AT_ONCE)])

    def _some(
        self,
        rows: Int[Tensor, " rows"],
        changes: Mapping[str, Callable[[Int[Tensor, " rows"]], Change]],
    ) -> Run:
        right, rival, places = self._right[rows], self._rival[rows], self._places[rows]
        each = torch.arange(len(rows))
        hooks = [(at, partial(_changed, each, places, make(rows))) for at, make in changes.items()]
        with self.bridge.hooks(fwd_hooks=hooks):
            logits, cache = self.bridge.run_with_cache(
                self._tokens[rows], names_filter=lambda name: name.endswith(_WATCHED)
            )

        def of_layers(name: str) -> Tensor:
            its = [cache[f"blocks.{i}.{name}"] for i in range(self.n_layers)]
            return torch.stack([of_layer[each, places] for of_layer in its], 1)

        z, residual = of_layers("attn.hook_z"), of_layers("hook_resid_pre")
        # A model without a final norm, or without MLPs, has no such hooks.
        normed = "ln_final.hook_scale" in cache
        scale = cache["ln_final.hook_scale"][each, places] if normed else z.new_ones(len(rows), 1)
        towards = (self.bridge.W_U[:, right] - self.bridge.W_U[:, rival]).T / scale
        has_mlps = "blocks.0.hook_mlp_out" in cache
        written = of_layers("hook_mlp_out") if has_mlps else torch.zeros_like(residual)
        effects = Effects(
            (residual[:, 0] * towards).sum(-1),
            torch.einsum("qlhe,lhed,qd->qlh", z, self.bridge.W_O, towards),
            torch.einsum("qld,qd->ql", written, towards),
        )
        patterns = [cache[f"blocks.{i}.attn.hook_pattern"] for i in range(self.n_layers)]
        attention = torch.stack([its[each, :, places] for its in patterns], 1)
        said = logits[each, places]
        lead = said[each, right] - said[each, rival]
        return Run(lead, scale, z, effects, attention, residual)

    def attention_to_places(self) -> dict[str, Float[Tensor, "layers heads"]]:
        """Mean over questions, for each place that the split tells, by what is there."""
        return self.attention_in(self.intact)

    def attention_in(self, run: Run) -> dict[str, Float[Tensor, "layers heads"]]:
        """The same in another run of these questions."""
        return {
            key.removesuffix(_PLACE): run.attention_to(torch.from_numpy(its[: self.n])).mean(0)
            for key, its in self.split.truth.items()
            if key.endswith(_PLACE)
        }

    @property
    def n_layers(self) -> int:
        return self.bridge.cfg.n_layers

    @property
    def n_heads(self) -> int:
        return self.bridge.cfg.n_heads


@kept
def asked_of_splits(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> dict[str, Asked]:
    """The splits that have rivals, to be asked one by one: in TransformerLens, with the weights of norms in
    the matrices that read from them."""
    bridge = inspection.open_bridge(model, parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bridge.enable_compatibility_mode()
    splits = {name: its for name, its in dataset.splits.items() if "rival" in its.truth}
    return {name: Asked(model, bridge, its) for name, its in splits.items()}


def replaced(
    heads: Heads, by: Float[Tensor, "questions layers heads d_head"]
) -> dict[str, Callable[[Int[Tensor, " rows"]], Change]]:
    """Changes that put other states in the place of what some heads take along."""
    its: dict[int, list[int]] = {}
    for layer, head in heads:
        its.setdefault(layer, []).append(head)

    def of_layer(layer: int, rows: Int[Tensor, " rows"]) -> Change:
        def put(z: Float[Tensor, "rows heads d_head"]) -> Tensor:
            z = z.clone()
            z[:, its[layer]] = by[rows, layer][:, its[layer]]
            return z

        return put

    return {f"blocks.{layer}.attn.hook_z": partial(of_layer, layer) for layer in its}


def _changed(
    each: Int[Tensor, " rows"],
    places: Int[Tensor, " rows"],
    change: Change,
    activation: Tensor,
    hook: object,
) -> Tensor:
    activation = activation.clone()
    activation[each, places] = change(activation[each, places])
    return activation


def _joined(runs: list[Run]) -> Run:
    """One after the other."""
    effects = Effects(*(torch.cat(its) for its in zip(*(run.effects for run in runs), strict=True)))
    names = [field.name for field in fields(Run) if field.name != "effects"]
    rest = {name: torch.cat([getattr(run, name) for run in runs]) for name in names}
    return Run(effects=effects, **rest)
