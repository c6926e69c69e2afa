"""Do two trainings lie in one basin, once the units of one are put where those of the other are?

Git Re-Basin (Ainsworth et al. 2022, arXiv:2209.04836): after permuting hidden units, the straight line
between the weights of two networks may have no barrier (conjectured by Entezari et al. 2021,
arXiv:2110.06296). Where an architecture can be turned, turning counts as permuting does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from onset.comparisons.basins.matched import Matched
from onset.comparisons.basins.matching import at_random, by_weights, order_of
from onset.comparisons.basins.repair import repaired
from onset.comparisons.changes.straight_way import along, asked_on, between, rise
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.models.symmetries import moved
from onset.tasks.dataset import Dataset

TOGETHER = "two runs"
NEEDS = ("symmetries",)
ALIKE = ("model.name", "task.name")
OPTIONS = {"points": 7}
QUANTITIES = {
    "barrier_unmoved": {"kind": "logits", "label": "barrier, units where they are (nats)"},
    "barrier_at_random": {"kind": "logits", "label": "barrier, units in random places (nats)"},
    "barrier_untrained": {"kind": "logits", "label": "barrier, matched before training (nats)"},
    "barrier_by_weights": {"kind": "logits", "label": "barrier, matched by weights (nats)"},
    "barrier_by_activations": {"kind": "logits", "label": "barrier, matched by activations (nats)"},
    "barrier_in_order": {"kind": "logits", "label": "barrier, matched without turning (nats)"},
    "barrier_of_copy": {"kind": "logits", "label": "barrier to a moved copy, matched (nats)"},
    "accuracy_unmoved": {"kind": "share", "label": "lowest accuracy, units where they are"},
    "accuracy_at_random": {"kind": "share", "label": "lowest accuracy, units in random places"},
    "accuracy_untrained": {"kind": "share", "label": "lowest accuracy, matched before training"},
    "accuracy_by_weights": {"kind": "share", "label": "lowest accuracy, matched by weights"},
    "accuracy_by_activations": {"kind": "share", "label": "lowest accuracy, matched by activations"},
    "accuracy_in_order": {"kind": "share", "label": "lowest accuracy, matched without turning"},
    "accuracy_of_copy": {"kind": "share", "label": "lowest accuracy to a moved copy, matched"},
    "repaired_unmoved": {"kind": "logits", "label": "barrier, unmoved, repaired (nats)"},
    "repaired_by_weights": {"kind": "logits", "label": "barrier, by weights, repaired (nats)"},
    "repaired_by_activations": {"kind": "logits", "label": "barrier, by activations, repaired (nats)"},
    "loss_unmoved": {"kind": "nats", "label": "loss between, units where they are (nats)"},
    "loss_by_weights": {"kind": "nats", "label": "loss between, matched by weights (nats)"},
    "loss_repaired": {"kind": "nats", "label": "loss between, by weights, repaired (nats)"},
    "found_of_copy": {"kind": "share", "label": "units of a moved copy found again"},
}  # fmt: skip
_SHUFFLED = 6_133
_REPAIRED = ("unmoved", "by_weights", "by_activations")
_DRAWN = {("barrier", "unmoved"): "loss_unmoved", ("barrier", "by_weights"): "loss_by_weights"}
_DRAWN |= {("repaired", "by_weights"): "loss_repaired"}


def compare(members: Sequence[Member[Model, Dataset]], points: int) -> Iterator[Compared]:
    """Of two runs with one architecture, on the questions of the first, at so many points in between, both
    ends among them. Units of the second stay where they are (`unmoved`), are put where units of the first
    are most like them (`by_weights`, `by_activations`; `in_order`: by weights, with nothing turned, where
    something can be), in random places (`at_random`), or where they belonged before training (`untrained`).
    Per split:

    * `barrier_…`: how far the loss rises above the straight line between its values at the ends, at most;
    * `accuracy_…`: the lowest accuracy of all points;
    * `repaired_…`: the barrier with the statistics of neurons restored;
    * `loss_…`: the loss at each point (`component`), unmoved, by weights, and by weights and repaired.

    `…_of_copy`: the same of the first run and itself with all units in random places, matched by weights;
    and the share of units that are then back.
    """
    one, other = members
    matched = Matched.of(one, other)
    rng = np.random.Generator(np.random.Philox(key=[one.seed, _SHUFFLED]))
    shuffled = at_random(matched.symmetries, rng)
    copy = moved(matched.one, matched.symmetries, shuffled)
    back = matched.by_weights(copy)
    others = {
        "unmoved": matched.other,
        "at_random": moved(matched.other, matched.symmetries, shuffled),
        "untrained": moved(matched.other, matched.symmetries, _at_first(matched, one, other)),
        "by_weights": moved(matched.other, matched.symmetries, matched.by_weights()),
        "by_activations": moved(matched.other, matched.symmetries, matched.by_activations()),
        "of_copy": moved(copy, matched.symmetries, back),
    }
    if any(its.turned for its in matched.symmetries):
        still = [its for its in matched.symmetries if not its.turned]
        moves = by_weights(matched.one, matched.other, still)
        others["in_order"] = moved(matched.other, still, moves)
    for name, its in others.items():
        yield from _measured(matched, its, name, points, (one, other))
    same = [
        order_of(turns[0] @ shuffled[its.name][0], its) == np.arange(its.n_units)
        for its, turns in ((its, back[its.name]) for its in matched.symmetries)
        if its.n_units > 1
    ]
    found = float(np.concatenate(same).mean())
    yield Compared(Measurement("found_of_copy", found), one, other)


def _measured(
    matched: Matched, there: Parameters, name: str, points: int, runs: tuple[Member, Member]
) -> Iterator[Compared]:
    """On the way from the first model to one with its units in certain places."""
    one, other = runs
    asked, ways = asked_on(one.dataset), np.linspace(0, 1, points).tolist()
    for kind in ("barrier", "repaired")[: 2 if name in _REPAIRED else 1]:

        def at(way: float, kind: str = kind) -> Parameters:
            mixed = between(matched.one, there, way)
            if kind == "barrier":
                return mixed
            return repaired(matched.model, mixed, (matched.one, there), way, matched.questions)

        found = along(matched.model, at, ways, asked)
        for split in asked.splits:
            losses = found["loss", split]
            yield Compared(Measurement(f"{kind}_{name}", rise(losses, ways), split), one, other)
            if kind == "barrier":
                lowest = found["accuracy", split].min().item()
                yield Compared(Measurement(f"accuracy_{name}", lowest, split), one, other)
            if drawn := _DRAWN.get((kind, name)):
                for point, loss in enumerate(losses.tolist()):
                    its = Measurement(drawn, loss, split, component=point)
                    yield Compared(its, one, other)


def _at_first(matched: Matched, one: Member, other: Member) -> dict:
    """Moves that match the models as they were before training."""
    before = Matched(matched.model, one.parameters(0), other.parameters(0), matched.questions)
    return before.by_weights()
