"""Which parts of a model hold what a training changed in it?

A part's weights are exchanged between the model before and the model after: alone in the old model, they
bring what they hold; taken out of the new one, they take it along. As a null, the entries of the part's
change are shuffled, so that it moves as far and nowhere in particular.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.comparisons.changes.parts import Entries, exchanged, heads_of, parts_of
from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, ReadableModel
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
NEEDS = ("residual_stream", "changed")
OPTIONS = {"most_sequences": 600}
QUANTITIES = {
    "into_old": {"kind": "share", "label": "answered like the new model, part put into the old"},
    "into_old_shuffled": {"kind": "share", "label": "the same, the part's change shuffled"},
    "into_new": {"kind": "share", "label": "answered like the old model, part put into the new"},
    "disturbed": {"kind": "share", "label": "other answers that change, part put into the old"},
    "parts_needed": {"kind": "count", "label": "parts with which nine tenths are answered anew"},
    "parts_moved": {"kind": "count", "label": "parts in which anything is changed"},
    "sum_of_parts": {"kind": "real", "label": "sum of the parts' effects over that of all"},
    "answered_anew": {"kind": "share", "label": "sequences that are answered otherwise"},
}  # fmt: skip

PARTS = (
    "embedding", "positions", "readout", "norms", "attention", "mlp", "head", "other",
)  # fmt: skip
"""what the number of a part, its `component`, stands for"""
_CALLED = {"tok_embed": "embedding", "pos": "positions", "head": "readout"}
_ENOUGH = 0.9
_NULL = 7_928


@dataclass(frozen=True)
class _Part:
    entries: Entries
    kind: str
    layer: int | None = None
    head: int | None = None

    def row(self, name: str, value: float, n_examples: int) -> Measurement:
        number = PARTS.index(self.kind)
        return Measurement(
            name, value, layer=self.layer, head=self.head, component=number, n_examples=n_examples
        )


@dataclass(frozen=True, eq=False)
class _Two:
    """The old and the new model on sequences that they answer differently, and on others."""

    old: Version
    new: Version
    asked: Asked
    differs: Bool[Tensor, " sequences"]
    said: tuple[Int[Tensor, " sequences"], Int[Tensor, " sequences"]]

    def like(self, model: Parameters, which: int) -> Float[Tensor, " differing"]:
        """1 where a model with these parameters answers like the old (0) or the new one (1)."""
        answers = self._says(model).argmax(-1)
        return (answers == self.said[which])[self.differs].double()

    def disturbed(self, model: Parameters) -> float:
        """Fraction of the other sequences that it answers otherwise than both; 0, if there are none."""
        answers = self._says(model).argmax(-1)
        others = (answers != self.said[0])[~self.differs].double()
        return others.mean().item() if len(others) else 0.0

    def gain(self, model: Parameters) -> float:
        """Mean logarithm of the probability of the new answers."""
        its = self._says(model).gather(1, self.said[1][:, None])[:, 0]
        return its[self.differs].double().mean().item()

    def _says(self, model: Parameters) -> Tensor:
        return Version(self.old.model, model).says(self.asked)


def compare(
    members: Sequence[Member[ReadableModel, Dataset]], most_sequences: int
) -> Iterator[Compared]:
    """Of the first and the last checkpoint, on sequences that they answer differently (of at most so many
    sequences, at random); per part (`layer`, `head`; `component`: its number in `PARTS`):

    * `into_old`: fraction answered like the new model, if the part alone is put into the old one, and
      `into_old_shuffled`: if the entries of its change are shuffled (a null);
    * `into_new`: fraction answered like the old model, if the old part is put into the new one;
    * `disturbed`: of the sequences that both answer alike, those that the old model with the part doesn't;

    and of all:

    * `parts_needed`: how many parts, one after the other in the order of what they do alone, until
      nine tenths are answered like the new model; `parts_moved`: how many there are that change at all;
    * `sum_of_parts`: what the parts add, each alone, to the logarithm of the new answer's probability, over
      what all together add: 1, if parts work independently of each other;
    * `answered_anew`: fraction of the sequences that are answered differently. Where none is, there is
      nothing else to tell.

    Heads are parts of the attention, and take no part in what is told of all.
    """
    for run in members:
        two = _two(run, most_sequences)
        n = len(two.asked)
        yield Compared(
            Measurement("answered_anew", two.differs.double().mean().item(), n_examples=n), run
        )
        if not two.differs.any():
            continue
        moved = [part for part in _parts(two.old) if _moves(two, part)]
        for part in moved:
            for its in _alone(two, part, run.seed):
                yield Compared(its, run)
        for name, value in _together(two, [its for its in moved if its.kind != "head"]).items():
            yield Compared(Measurement(name, value, n_examples=int(two.differs.sum())), run)


def _two(run: Member[ReadableModel, Dataset], most: int) -> _Two:
    old, new = (Version.of(run, step) for step in (run.steps[0], run.steps[-1]))
    asked = Asked.of(run.dataset.splits).at_most(most, run.seed)
    said = old.says(asked).argmax(-1), new.says(asked).argmax(-1)
    return _Two(old, new, asked, said[0] != said[1], said)


def _parts(its: Version) -> Iterator[_Part]:
    for name, names in parts_of(its.parameters).items():
        kind, _, layer = name.partition("_")
        called = _CALLED.get(name, kind if kind in PARTS else "other")
        entries: Entries = dict.fromkeys(names, ...)
        yield _Part(entries, called, int(layer) if layer.isdecimal() else None)
    for name, entries in heads_of(its.model).items():
        _, layer, number = name.split("_")
        yield _Part(entries, "head", int(layer), int(number))


def _moves(two: _Two, part: _Part) -> bool:
    old, new = two.old.parameters, two.new.parameters
    return any(not torch.equal(old[n][at], new[n][at]) for n, at in part.entries.items())


def _alone(two: _Two, part: _Part, seed: int) -> Iterator[Measurement]:
    old, new = two.old.parameters, two.new.parameters
    n, n_others = int(two.differs.sum()), int((~two.differs).sum())
    into_old = exchanged(old, new, part.entries)
    yield part.row("into_old", two.like(into_old, 1).mean().item(), n)
    shuffled = exchanged(old, _shuffled(old, new, part.entries, seed), part.entries)
    yield part.row("into_old_shuffled", two.like(shuffled, 1).mean().item(), n)
    into_new = exchanged(new, old, part.entries)
    yield part.row("into_new", two.like(into_new, 0).mean().item(), n)
    if n_others:
        yield part.row("disturbed", two.disturbed(into_old), n_others)


def _shuffled(
    old: Mapping[str, Tensor], new: Mapping[str, Tensor], entries: Entries, seed: int
) -> Parameters:
    """The old parameters, with the change of these entries, each parameter's in another order."""
    rng = np.random.Generator(np.random.Philox(key=[seed, _NULL]))
    found = dict(old)
    for name, at in entries.items():
        change = (new[name] - old[name])[at]
        order = torch.from_numpy(rng.permutation(change.numel())).to(change.device)
        found[name] = old[name].clone()
        found[name][at] += change.ravel()[order].view(change.shape)
    return found


def _together(two: _Two, parts: Sequence[_Part]) -> dict[str, float]:
    old, new = two.old.parameters, two.new.parameters
    alone = [exchanged(old, new, its.entries) for its in parts]
    effects = [two.like(its, 1).mean().item() for its in alone]
    before, all_of_it = two.gain(old), two.gain(new)
    added = sum(two.gain(its) - before for its in alone)
    model, needed = old, len(parts)
    for number, place in enumerate(np.argsort(effects, kind="stable")[::-1], 1):
        model = exchanged(model, new, parts[place].entries)
        if two.like(model, 1).mean().item() >= _ENOUGH:
            needed = number
            break
    return {
        "parts_needed": float(needed),
        "parts_moved": float(len(parts)),
        "sum_of_parts": added / (all_of_it - before),
    }
