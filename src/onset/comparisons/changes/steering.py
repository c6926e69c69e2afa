"""Does a direction that a tool finds do what the training did?

Added to the old model's states, it should give the new model's answers; taken from the new model's, the old
ones; and all other answers should stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.comparisons.changes.tools import first_component, random_direction
from onset.comparisons.changes.versions import Asked, Version, divergence
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import Questions
from onset.models.transformer.midway import logits_from
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
NEEDS = ("midway", "changed")
OPTIONS = {"most_sequences": 600, "named": 0.02}
QUANTITIES = {
    "means_gives": {"kind": "share", "label": "new answers in the old model, difference of means"},
    "means_takes": {"kind": "share", "label": "old answers in the new model, difference of means"},
    "means_disturbs": {"kind": "share", "label": "other answers changed, difference of means"},
    "pca_gives": {"kind": "share", "label": "new answers in the old model, first component"},
    "pca_takes": {"kind": "share", "label": "old answers in the new model, first component"},
    "pca_disturbs": {"kind": "share", "label": "other answers changed, first component"},
    "random_gives": {"kind": "share", "label": "new answers in the old model, random direction"},
    "random_takes": {"kind": "share", "label": "old answers in the new model, random direction"},
    "random_disturbs": {"kind": "share", "label": "other answers changed, random direction"},
}  # fmt: skip

DOSES = (0.0, 1.0, 2.0, 4.0, 8.0)
"""what a dose, the number of which is `component`, is in multiples of the mean move of the states"""
_NULL = 7_951


class _Steered(NamedTuple):
    """Sequences of one length, and what both models make of them."""

    questions: Questions
    tokens: Int[Tensor, "sequences length"]
    states: tuple[
        Float[Tensor, "sequences length d_model"], Float[Tensor, "sequences length d_model"]
    ]
    said: tuple[Int[Tensor, " sequences"], Int[Tensor, " sequences"]]
    named: Bool[Tensor, " sequences"]
    """by the divergence"""


def compare(
    members: Sequence[Member[Transformer, Dataset]], most_sequences: int, named: float
) -> Iterator[Compared]:
    """Of the first and the last checkpoint. States are those before the last block application, at the last
    position, of at most so many of the longest sequences. Directions are found on those of largest
    divergence (the fraction `named`), without the truth: `means`, their mean move; `pca`, the first
    component of all moves; `random` (a null). Their length is that of the mean move. Per dose:

    * `…_gives`: of the sequences that the models answer differently, those that the old one answers like
      the new, with the direction added;
    * `…_takes`: those that the new one answers like the old, with the direction taken away;
    * `…_disturbs`: of the others, those that the old model answers otherwise, with the direction added.
    """
    for run in members:
        old, new = (Version.of(run, step) for step in (run.steps[0], run.steps[-1]))
        its = _steered(run, old, new, most_sequences, named)
        differs = its.said[0] != its.said[1]
        if not differs.any() or differs.all():
            continue
        for tool, direction in _directions(its, run.seed).items():
            for number, dose in enumerate(DOSES):
                with_it = _answers(old, its, 0, dose * direction)
                without = _answers(new, its, 1, -dose * direction)
                found = {
                    "gives": (with_it == its.said[1])[differs],
                    "takes": (without == its.said[0])[differs],
                    "disturbs": (with_it != its.said[0])[~differs],
                }
                for name, hits in found.items():
                    value = hits.double().mean().item()
                    row = Measurement(
                        f"{tool}_{name}", value, component=number, n_examples=len(hits)
                    )
                    yield Compared(row, run)


def _steered(
    run: Member[Transformer, Dataset], old: Version, new: Version, most: int, named: float
) -> _Steered:
    asked = Asked.of(run.dataset.splits)
    longest = max(its.tokens.shape[1] for its in asked.questions)
    lengths = np.concatenate([[its.tokens.shape[1]] * len(its.tokens) for its in asked.questions])
    rows = np.flatnonzero(lengths == longest)
    rng = np.random.Generator(np.random.Philox(key=[run.seed, _NULL]))
    chosen = np.zeros(len(asked), bool)
    chosen[rng.permutation(rows)[:most]] = True
    asked = asked.only(chosen)
    first = asked.questions[0]
    questions = Questions(
        np.concatenate([its.tokens for its in asked.questions]), first.scored, first.hops
    )
    tokens = torch.from_numpy(questions.tokens)
    done = run.model.depth(questions.hops) - 1
    states = [its.model.residual_stream(its.parameters, tokens)[done] for its in (old, new)]
    says = [its.says(asked) for its in (old, new)]
    apart = divergence(*says)
    largest = torch.zeros(len(asked), dtype=torch.bool)
    largest[apart.topk(max(1, round(named * len(asked)))).indices] = True
    said = [its.argmax(-1) for its in says]
    return _Steered(questions, tokens, tuple(states), tuple(said), largest)


def _directions(its: _Steered, seed: int) -> Mapping[str, Float[Tensor, " d_model"]]:
    moves = (its.states[1] - its.states[0])[:, its.questions.scored[-1]].double()
    mean = moves[its.named].mean(0)
    component = first_component(moves)
    component = component * torch.sign(mean @ component)
    found = {
        "means": mean,
        "pca": mean.norm() * component,
        "random": mean.norm() * random_direction(len(mean), seed).to(mean),
    }
    return {name: each.float() for name, each in found.items()}


def _answers(
    model: Version, its: _Steered, which: int, added: Float[Tensor, " d_model"]
) -> Int[Tensor, " sequences"]:
    scored = its.questions.scored[-1]
    states = its.states[which].clone()
    states[:, scored] += added
    depth = model.model.depth(its.questions.hops)
    said = logits_from(model.model, model.parameters, states, its.tokens, depth - 1, depth, scored)
    return said.argmax(-1)
