"""Which blocks' MLPs and attention recall a fact, and at which place?

A question is asked of another person; what some neighbouring blocks' MLPs, or their attention, write about
the first person at one place is put in the place of what they write about the other (Meng et al. 2022,
arXiv:2202.05262, trace facts in this way). By how much does the first one's answer gain? What is written at
a person's place may say who that is, and no more, and later blocks recall the fact from it. So, as a
control, the same is done with what these blocks wrote about the first person before training, when there
was nothing to recall.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.measures.answers.among_candidates import of_candidates
from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import Dataset, Split

NEEDS = ("candidates", "person_place", "heads", "tokenizer")
QUANTITIES = {
    "recall_of_attention": {"kind": "logits", "label": "gain from attention (nats)"},
    "recall_of_mlps": {"kind": "logits", "label": "gain from MLPs (nats)"},
    "recall_of_attention_before": {"kind": "logits", "label": "from attention before (nats)"},
    "recall_of_mlps_before": {"kind": "logits", "label": "from MLPs before (nats)"},
    "recall_of_all": {"kind": "logits", "label": "gain from all that is written (nats)"},
}

_PARTS = {"attention": "hook_attn_out", "mlps": "hook_mlp_out"}
_GROUPS = 5  # of neighbouring blocks
_MOST = 8  # questions of a split
_UNTOLD = "others"

Written = Mapping[str, Float[Tensor, "questions length d_model"]]
"""by TransformerLens's name"""


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split of single facts that are told, of some of its questions at random, in nats of the right
    answer's lead over the mean of the other candidates:

    * `recall_of_attention`, `recall_of_mlps`, by the first block of a group (`layer`) and `position`, the
      person's and the last: what it gains when what these write about the person replaces what they write
      about another;
    * `recall_of_attention_before`, `recall_of_mlps_before`: the same with what they wrote before training;
    * `recall_of_all`: what it gains when the question is the person's own.
    """
    asked = {
        name: _Asked.of(model, split, seed)
        for name, split in dataset.splits.items()
        if split.candidates is not None
        and split.hops == 1
        and "person_place" in split.truth
        and name != _UNTOLD
    }
    bridge = inspection.open_bridge(model, model.initial_parameters(seed))
    before = {name: its.written(bridge) for name, its in asked.items()}
    bridge = inspection.open_bridge(model, parameters)
    for name, its in asked.items():
        for found in _gains(bridge, its, before[name]):
            yield found._replace(split=name, n_examples=len(its.own))


@dataclass(frozen=True)
class _Asked:
    """Questions, as the bridge numbers their tokens, and those of other people."""

    own: Int[Tensor, "questions length"]
    other: Int[Tensor, "questions length"]
    place: int
    """the person's"""
    targets: Int[Tensor, " questions"]
    candidates: Int[Tensor, " candidates"]

    @classmethod
    def of(cls, model: ReadableModel, split: Split, seed: int) -> _Asked:
        rng = np.random.Generator(np.random.Philox(seed))
        rows = rng.permutation(len(split))[:_MOST]
        tokens = split.tokens[rows, : split.positions.max() + 1]
        (place,) = set(split.truth["person_place"][rows].tolist())
        own, targets, candidates = (
            torch.from_numpy(numbers(model, its))
            for its in (tokens, split.targets[rows, -1], split.candidates)
        )
        return cls(own, own.roll(1, 0), place, targets, candidates)

    def written(self, bridge: TransformerBridge) -> Written:
        """By all MLPs and attention, about those who are asked about."""
        names = [
            f"blocks.{layer}.{hook}"
            for layer in range(bridge.cfg.n_layers)
            for hook in _PARTS.values()
        ]
        _, cache = bridge.run_with_cache(self.own.to(bridge.cfg.device), names_filter=names)
        return {name: cache[name] for name in names}

    def lead(self, logits: Float[Tensor, "questions length tokens"]) -> float:
        """Of the right answers, where they are asked for; mean over questions."""
        last = logits[:, -1]
        its = of_candidates(last, self.candidates.to(last.device), self.targets.to(last.device))
        return its["lead_among"].mean().item()


def _gains(bridge: TransformerBridge, asked: _Asked, before: Written) -> Iterator[Measurement]:
    other = asked.other.to(bridge.cfg.device)
    nothing = asked.lead(bridge(other))
    now = asked.written(bridge)
    whole = asked.lead(bridge(asked.own.to(bridge.cfg.device)))
    yield Measurement("recall_of_all", whole - nothing)
    borders = np.unique(np.linspace(0, bridge.cfg.n_layers, _GROUPS + 1).round().astype(int))
    for first, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        for part, hook in _PARTS.items():
            names = [f"blocks.{layer}.{hook}" for layer in range(first, end)]
            for place in (asked.place, asked.own.shape[1] - 1):
                for when, written in {"": now, "_before": before}.items():
                    hooks = [(name, _putting(written[name], place)) for name in names]
                    gained = asked.lead(bridge.run_with_hooks(other, fwd_hooks=hooks)) - nothing
                    where = {"layer": first, "position": place}
                    yield Measurement(f"recall_of_{part}{when}", gained, **where)


def _putting(given: Float[Tensor, "questions length d_model"], place: int):
    """A hook that puts what is given at a place."""

    def put(written: Tensor, hook: object) -> Tensor:
        found = written.clone()
        found[:, place] = given[:, place]
        return found

    return put
