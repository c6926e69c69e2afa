"""The kind of a head: by where it looks or, failing that, by what it copies."""

from __future__ import annotations

import pandas as pd

from onset.collections.atlas.names import BY_CONTENT, BY_PLACE

COPYING, SUPPRESSING, OTHER = "copying", "suppressing", "other"
KINDS = (*BY_PLACE, *BY_CONTENT, COPYING, SUPPRESSING, OTHER)

CLEAR = 0.5
"""at least half the way from what chance gives to a perfect score; for copying, the score itself"""


def kinds_of(heads: pd.DataFrame) -> pd.Series:
    """The kind of each head.

    That for which (score − chance) / (1 − chance) is largest, if it is CLEAR; kinds by place are judged on
    random tokens or on the model's own questions, where they stand out more. Of the rest, those that make
    what they see clearly more likely are `copying`, clearly less likely `suppressing`.

    Args:
        heads: `KIND_score` and `KIND_chance`, `own_KIND_score` and `own_KIND_chance` for kinds by place,
            `copying_score`.
    """
    clear = pd.DataFrame({kind: _clear(heads, kind) for kind in (*BY_PLACE, *BY_CONTENT)})
    for kind in BY_PLACE:
        clear[kind] = clear[kind].combine(_clear(heads, f"own_{kind}"), max)
    copying = heads["copying_score"]
    found = pd.Series(OTHER, heads.index, dtype=object)
    found[copying >= CLEAR] = COPYING
    found[copying <= -CLEAR] = SUPPRESSING
    return found.where(clear.max(axis=1) < CLEAR, clear.idxmax(axis=1)).astype(str)


def _clear(heads: pd.DataFrame, kind: str) -> pd.Series:
    """How far from chance to perfect; -1 where there is no such score."""
    score, chance = heads[f"{kind}_score"], heads[f"{kind}_chance"]
    return ((score - chance) / (1 - chance)).where(chance < 1).fillna(-1.0)
