"""The parts of a circuit that moves names, over training: how far each has come, and when.

A part is as far as the head that plays it most: heads differ from seed to seed, and may change roles in
training. The classes are those of Wang et al. 2022 (arXiv:2211.00593), by what
`onset.measures.heads.name_heads` measures.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from onset.statistics.milestones import half_its_end
from onset.statistics.times import Times, difference

PREVIOUS, DUPLICATE, INDUCTION, INHIBITION, MOVER, NEGATIVE = PARTS = (
    "previous token",
    "duplicate token",
    "induction",
    "S-inhibition",
    "name mover",
    "negative name mover",
)
LOOKS = {
    PREVIOUS: "to_previous",
    DUPLICATE: "repeat_to_first",
    INDUCTION: "repeat_to_after_first",
    INHIBITION: "end_to_repeat",
}
"""parts that are told by what a head looks at"""
LEAST = {"share": 0.1, "logits": 0.2}
"""by how much a part must grow to be there at all: of a head's attention; in nats"""
_RUN = ["condition", "seed"]
_AT = [*_RUN, "split", "step"]
_WRITES, _TO = "writes_lead", ("end_to_right", "end_to_rival", "end_to_repeat")


def parts_of(heads: pd.DataFrame) -> pd.DataFrame:
    """How far each part is at each checkpoint.

    * previous-token, duplicate-token, induction and S-inhibition heads: the largest share of its attention
      that a head pays to the place that such heads look at. An S-inhibition head is never in the last
      layer, since another reads it;
    * name movers: the most that a head writes towards the lead that looks more at the right name than at
      all places of the other one, in nats; negative ones, the most against it. Heads of the first layer are
      neither: nothing that they read was moved before.

    Args:
        heads: measurements of `name_heads`: condition, seed, split, step, measure, layer, head, value.

    Returns:
        condition, seed, split, step, part, value, kind.
    """
    found = []
    last = heads.groupby(_RUN, observed=True)["layer"].transform("max")
    for part, measure in LOOKS.items():
        its = heads[heads["measure"] == measure]
        if part == INHIBITION:
            its = its[its["layer"] < last[its.index]]
        most = its.groupby(_AT, observed=True, sort=False)["value"].max()
        found.append(most.reset_index().assign(part=part, kind="share"))
    wide = heads[heads["measure"].isin([_WRITES, *_TO])].pivot_table(
        "value", [*_AT, "layer", "head"], "measure", observed=True
    )
    right, rival, repeat = (wide[name] for name in _TO)
    looks = (right > rival + repeat) & (wide.index.get_level_values("layer") > 0)
    for part, sign in ((MOVER, 1), (NEGATIVE, -1)):
        writes = (sign * wide[_WRITES]).where(looks, 0).clip(lower=0)
        most = writes.groupby(level=_AT, observed=True, sort=False).max()
        found.append(most.rename("value").reset_index().assign(part=part, kind="logits"))
    return pd.concat(found, ignore_index=True)


def when_half(parts: pd.DataFrame) -> dict[str, Times]:
    """When each part of each run is half way from where it began to where it ends.

    A part that has not grown by `LEAST` in the end isn't there, and comes after the last checkpoint.

    Args:
        parts: of `parts_of`, of one split; or any curve by part.
    """
    return {
        part: risen(its, LEAST[its["kind"].iloc[0]])
        for part, its in parts.groupby("part", sort=False, observed=True)
    }


def risen(curves: pd.DataFrame, least: float) -> Times:
    """When each run's curve is half way from its first value to its last; never, if that is less than so
    much higher.

    Args:
        curves: condition, seed, step, value.
        least: by which it must have grown in the end.
    """
    ordered = curves.sort_values("step", kind="stable")
    first = ordered.groupby(_RUN, observed=True)["value"].transform("first")
    rise = ordered.assign(value=ordered["value"] - first)
    times = half_its_end({"its": rise})["its"]
    runs = rise.groupby(_RUN, sort=False, observed=True)
    grown, last = (runs[of].last().reindex(times.index) for of in ("value", "step"))
    there = grown >= least
    return times.assign(
        after=times["after"].where(there, last),
        at=times["at"].where(there, np.nan),
        before=times["before"].where(there, np.inf),
    )


def lags(parts: Mapping[str, Times], behaviour: Times) -> dict[str, Times]:
    """By how many steps each part comes later than what the circuit does; below zero: sooner."""
    return {part: difference(its, behaviour) for part, its in parts.items()}
