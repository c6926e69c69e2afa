"""Which part a head plays where a name is moved, by a rule: the classes of Wang et al. 2022
(arXiv:2211.00593), as far as what a head looks at and writes where the answer is asked for tells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

LARGE = 0.02
"""of the lead: an effect that counts (their appendix F)"""
LOOKS = 0.25
"""of a head's attention: what it pays to a name that it looks at"""

MOVER, NEGATIVE, INHIBITION, BACKUP = (
    "name mover",
    "negative name mover",
    "S-inhibition",
    "backup name mover",
)
KNOWN = (MOVER, NEGATIVE, INHIBITION, BACKUP)
SUBJECT = "looks at the subject"
"""writes towards the answer while looking at the name that is none: not one of their classes"""
NONE = "none of these"


MEASURES = {
    "head_effect": "effect",
    "attention_to_right": "right",
    "attention_to_rival": "rival",
    "attention_to_repeat": "repeat",
    "path_lost_lead": "path",
    "head_makes_up": "makes_up",
}
"""what analyses measure of a head, and how `with_classes` calls it"""


def classified(
    rows: pd.DataFrame, lead: float, by: Sequence[str] = ("layer", "head")
) -> pd.DataFrame:
    """`with_classes` of what was measured of heads, by means over the runs that there are.

    Args:
        rows: of `MEASURES`: the columns `by`, measure, value.
        lead: of the right answer over its rival, in nats.
        by: what tells heads apart.
    """
    means = rows.pivot_table("value", [*by], "measure", observed=True)
    heads = means.rename(columns=MEASURES).reindex(columns=[*MEASURES.values()])
    return with_classes(heads.reset_index(), lead)


def with_classes(heads: pd.DataFrame, lead: float) -> pd.DataFrame:
    """The heads that matter, with the column `class`, the largest effects first.

    * a *name mover* writes at least 2 % of the lead, and pays a quarter of its attention or more to the
      right name, and more than to the places of the other;
    * a *negative name mover* looks there as well, and writes at least as much against it;
    * a head that writes as much and looks at the other name's places instead only *looks at the subject*;
    * an *S-inhibition* head looks where the name comes again, and the lead shrinks by 2 % or more without
      the path from it to the name movers' queries;
    * a *backup name mover* is none of these, writes nothing against the answer worth counting, and writes
      2 % of the lead more without the name movers.

    Args:
        heads: a row per head: layer, head, `effect`, `right`, `rival` and `repeat` (attention), `path` and
            `makes_up`, NaN where it wasn't looked at.
        lead: of the right answer over its rival, in nats.
    """
    counts = LARGE * abs(lead)
    effect, right, repeat = heads["effect"], heads["right"], heads["repeat"]
    other = heads["rival"] + repeat
    at_right = (right >= LOOKS) & (right > other)
    at_other = (other >= LOOKS) & (other > right)
    inhibits = (heads["path"] >= counts) & (repeat >= LOOKS) & (repeat > right)
    steps_in = (heads["makes_up"] >= counts) & (effect > -counts)
    classes = np.select(
        [
            at_right & (effect >= counts),
            at_right & (effect <= -counts),
            inhibits,
            at_other & (effect >= counts),
            steps_in,
        ],
        [MOVER, NEGATIVE, INHIBITION, SUBJECT, BACKUP],
        NONE,
    )
    matters = (effect.abs() >= counts) | (classes != NONE)
    found = heads.assign(**{"class": classes})[matters]
    return found.sort_values("effect", key=abs, ascending=False, kind="stable", ignore_index=True)
