"""In which parts does a model keep what a training has taught it, and since when?

Between the model before its training and a later checkpoint, a part's weights are exchanged: alone in the
model before, or taken out of the one after. Are questions still answered right? What neither costs nor
gives much anywhere is spread over the model (Hase et al. 2023, arXiv:2301.04213, find that where a fact can
be edited says little of where it is stored). How far a part's weights have moved is told as well: a null
control that learns other answers moves them, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from onset.comparisons.changes.parts import part_of
from onset.comparisons.member import Compared, Member
from onset.measures.answers.among_candidates import of_split
from onset.measures.answers.asking import logits_of_choices
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.models.plain import plain
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
NEEDS = ("candidates", "entity")
OPTIONS = {"n_groups": 5}
QUANTITIES = {
    "part_alone_right": {"kind": "share", "label": "right, only this part trained"},
    "part_missing_right": {"kind": "share", "label": "right, this part untrained"},
    "part_moved": {"kind": "ratio", "digits": 3, "label": "change of weights over their norm"},
}

KINDS = ("outside", "norms", "attention", "mlp")
"""what the number of a kind of part, its `component`, stands for; outside of blocks are embeddings and
readout"""


@dataclass(frozen=True)
class _Part:
    """Some parameters of neighbouring blocks, of one kind."""

    names: frozenset[str]
    kind: str
    first_block: int | None

    def row(
        self, name: str, value: float, split: str | None = None, n: int | None = None
    ) -> Measurement:
        number = KINDS.index(self.kind)
        where = {"layer": self.first_block, "component": number, "n_examples": n}
        return Measurement(name, value, split, **where)


def compare(members: Sequence[Member[Model, Dataset]], n_groups: int) -> Iterator[Compared]:
    """Of the first checkpoint and each later one, per part that has changed (`component`: its number in
    `KINDS`; `layer`: the first block of its group of neighbours, of which there are so many; none: all that
    are of this kind), of splits of single facts (one hop, with an `entity`):

    * `part_alone_right`: fraction answered right, first among the candidates, by the model before with this
      part as it is later;
    * `part_missing_right`: the same by the model at the later checkpoint, with this part as it was before;

    and of all splits together:

    * `part_moved`: norm of the change of the part's weights over their norm before; adapters count as
      merged into the weights that they belong to.
    """
    for run in members:
        asked = run.dataset.only(_single_facts(run.dataset))
        before, *later = run.steps
        old = run.parameters(before)
        for step in later:
            new = run.parameters(step)
            found = [*_moved(run.model, old, new, n_groups)]
            for part in _parts(old, new, run.model.depth(1), n_groups):
                found += _exchanged(run.model, asked, part, old, new)
            yield from (Compared(its, run, step=step, other_step=before) for its in found)


def _single_facts(dataset: Dataset) -> set[str]:
    return {
        name
        for name, split in dataset.splits.items()
        if split.candidates is not None and split.hops == 1 and "entity" in split.truth
    }


def _exchanged(
    model: Model, asked: Dataset, part: _Part, old: Parameters, new: Parameters
) -> Iterator[Measurement]:
    for quantity, own, given in (
        ("part_alone_right", old, new),
        ("part_missing_right", new, old),
    ):
        mixed = {**own, **{name: given[name] for name in part.names}}
        for name, logits in logits_of_choices(model, mixed, asked).items():
            right = of_split(logits, asked.splits[name])["right_among"]
            yield part.row(quantity, right.mean().item(), name, len(right))


def _moved(model: Model, old: Parameters, new: Parameters, n_groups: int) -> Iterator[Measurement]:
    old, new = (plain(model, its)[1] for its in (old, new))
    for part in _parts(old, new, model.depth(1), n_groups):
        far = sum((new[name] - old[name]).square().sum().item() for name in part.names)
        norm = sum(old[name].square().sum().item() for name in part.names)
        yield part.row("part_moved", (far / norm) ** 0.5)


def _parts(old: Parameters, new: Parameters, depth: int, n_groups: int) -> Iterator[_Part]:
    """Those in which anything has changed; of kinds that are in several groups, all of them together, too,
    unless there is no other kind."""
    ends = np.unique(np.linspace(0, depth, n_groups + 1).round().astype(int))[1:]
    starts = [0, *ends[:-1].tolist()]
    names: dict[str, dict[int | None, set[str]]] = {}
    for name in old:
        if old[name].equal(new[name]):
            continue
        kind, _, layer = part_of(name).partition("_")
        group = None
        if layer.isdecimal():
            group = starts[int(np.searchsorted(ends, int(layer), side="right"))]
        kind = kind if kind in KINDS else KINDS[0]
        names.setdefault(kind, {}).setdefault(group, set()).add(name)
    for kind, by_group in names.items():
        for group, its in by_group.items():
            yield _Part(frozenset(its), kind, group)
        if len(by_group) > 1 and len(names) > 1:
            yield _Part(frozenset().union(*by_group.values()), kind, None)
