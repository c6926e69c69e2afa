"""What makes a difference to the next token, besides the last one: a tree of the tokens before.

For each group of the last token, the place before it is found that says most about the group of the next
token (mutual information), and what stands there divides the windows; each part may be divided again. What
is left in the end are *contexts*, of which no two hold at once. Groups after which the same comes are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from onset.handmade.language.windows import MOST_BACK, Windows

LEAST_GAIN = 2e-4
"""nats of a token that a division must be worth"""
_SAME = 0.02
"""largest difference (total variation) of what comes after groups that are taken as one"""

Condition = tuple[int, frozenset[int]]
"""places back, and the groups of which one stands there"""


class Context(NamedTuple):
    """What has to stand where, and what comes then."""

    conditions: tuple[Condition, ...]
    """the first is of the last token (0 places back) and names one group"""
    following: Float[np.ndarray, " groups"]
    """how often each group comes next"""
    often: float
    """share of all places where it holds"""


def contexts(
    windows: Windows, back: Sequence[int] = range(1, MOST_BACK + 1), most: int = 3
) -> list[Context]:
    """Those that say more than the last token's group does.

    Args:
        windows: of the grammar's stories.
        back: the places before the last token that may be looked at.
        most: conditions besides that of the last token.
    """
    found: list[Context] = []
    for group in range(windows.n_groups):
        weights = windows.weights * windows.back(0)[:, group]
        alone = [(0, frozenset([group]))]
        its = list(_divided(windows, weights, alone, tuple(back), most))
        found += its if len(its) > 1 else []
    return found


def following_group(windows: Windows) -> Float[np.ndarray, "groups groups"]:
    """How often each group (column) comes after a group (row); a row is zero if the group never comes."""
    joint = (windows.back(0) * windows.weights[:, None]).T @ windows.following
    total = joint.sum(1, keepdims=True)
    return np.divide(joint, total, out=np.zeros_like(joint), where=total > 0)


def _divided(
    windows: Windows,
    weights: Float[np.ndarray, " windows"],
    conditions: list[Condition],
    back: tuple[int, ...],
    most: int,
) -> Iterator[Context]:
    here = weights > 0
    often, after = float(weights.sum()), weights @ windows.following
    if len(conditions) <= most and back and often:
        joints = {
            n: (windows.back(n)[here] * weights[here, None]).T @ windows.following[here]
            for n in back
        }
        gains = {n: information(its) for n, its in joints.items()}
        best = max(gains, key=gains.__getitem__)
        if gains[best] > LEAST_GAIN:
            rest = tuple(n for n in back if n != best)
            for groups in alike(joints[best]):
                its = weights * windows.back(best)[:, list(groups)].sum(1)
                yield from _divided(windows, its, [*conditions, (best, groups)], rest, most)
            return
    if often:
        yield Context(tuple(conditions), after / often, often)


def information(joint: Float[np.ndarray, "groups following"]) -> float:
    """Mutual information, times how often there is something to know."""
    total = joint.sum()
    if not total:
        return 0.0
    by_chance = joint.sum(1, keepdims=True) * joint.sum(0) / total
    there = joint > 0
    return float((joint[there] * np.log(joint[there] / by_chance[there])).sum())


def alike(joint: Float[np.ndarray, "groups following"]) -> list[frozenset[int]]:
    """The groups that stand there at all, those together after which the same comes."""
    found: list[tuple[Float[np.ndarray, " following"], list[int]]] = []
    for group in np.flatnonzero(joint.sum(1)):
        its = joint[group] / joint[group].sum()
        for other, groups in found:
            if np.abs(its - other).sum() / 2 < _SAME:
                groups.append(int(group))
                break
        else:
            found.append((its, [int(group)]))
    return [frozenset(groups) for _, groups in found]
