"""What stood before: heads that look a fixed number of places back, and neurons for what follows then."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

from onset.handmade.blueprint import Blueprint, Head, Neuron, Reading
from onset.handmade.language.contexts import Condition, Context
from onset.handmade.language.windows import MOST_BACK, Windows

_BACK = "{} back"
"""what a head is called that looks so many places back"""
_N_CIRCLES = 16
_SHARP = 12.0
"""score of the place that is looked for, for each circle; its neighbours lose a fifth of that"""
_RARE = 1e-4
"""share of the tokens that could be anything: no probability is 0"""


def log_chances(
    often: Float[np.ndarray, "*rows columns"], sizes: Float[np.ndarray, " columns"] | None = None
) -> Float[np.ndarray, "*rows columns"]:
    """Logarithms of probabilities of which none is 0, of columns that stand for so many tokens."""
    its = np.ones(often.shape[-1]) if sizes is None else sizes
    total = often.sum(-1, keepdims=True)
    known = np.divide(often, total, out=np.zeros_like(often), where=total > 0)
    return np.log((1 - _RARE) * known + _RARE * its / its.sum())


def add_contexts(
    blueprint: Blueprint,
    windows: Windows,
    found: list[Context],
    after_group: Float[np.ndarray, "groups groups"],
    also: Iterable[Condition] = (),
) -> None:
    """A neuron per context, which corrects what the last token alone says.

    A head for each number of places back carries, for each condition, whether it holds there. A neuron is 1
    where all conditions of its context hold, and else 0; it writes by how much each group's logit is more
    than after the last token alone.

    Args:
        blueprint: that they are added to.
        windows: of the stories.
        found: the contexts.
        after_group: what comes after each group.
        also: other conditions that the heads carry.
    """
    group, vocabulary = windows.group, windows.often.grammar.vocabulary
    sizes = np.bincount(group).astype(float)
    usual = log_chances(after_group, sizes)
    for number in range(windows.n_groups):
        blueprint.raises[coming(number)] = (group == number).astype(float)
    conditions = dict.fromkeys(its for one in found for its in one.conditions[1:])
    conditions |= dict.fromkeys(also)
    for back in sorted({n for n, _ in conditions}):
        its = {holds(n, groups): _among(group, groups) for n, groups in conditions if n == back}
        blueprint.heads.append(_head(blueprint, back, its, windows))
    for one in found:
        (_, (last,)), *others = one.conditions
        differs = log_chances(one.following, sizes) - usual[last]
        named = {holds(*its): 1.0 for its in others}
        said = "; ".join(f"{n} back {in_words(group, groups, vocabulary)}" for n, groups in others)
        blueprint.neurons.append(
            Neuron(
                f"after {in_words(group, {last}, vocabulary)}; {said}",
                Reading(_among(group, {last}), named, constant=-float(len(others))),
                {coming(i): float(its) for i, its in enumerate(differs) if abs(its) > 1e-9},
            )
        )


def _head(
    blueprint: Blueprint,
    back: int,
    carries: dict[str, Float[np.ndarray, " tokens"]],
    windows: Windows,
) -> Head:
    """A head that looks so many places back: positions are points on circles, turned by that many places.

    Where a story has no such place, position itself says that a sentence has ended right before it.
    """
    for name, its in carries.items():
        blueprint.at[name] = np.zeros(blueprint.length)
        blueprint.at[name][back - 1] = its[windows.often.grammar.ends].any()
    period = 2 * np.pi / (blueprint.length + MOST_BACK + 1)
    asks, offers = [], []
    for circle in range(1, min(_N_CIRCLES, blueprint.length // 2) + 1):
        turn = period * circle
        x, y = f"circle {circle}, x", f"circle {circle}, y"
        angles = turn * np.arange(blueprint.length)
        blueprint.at[x], blueprint.at[y] = np.cos(angles), np.sin(angles)
        cos, sin = np.cos(turn * back) * _SHARP, np.sin(turn * back) * _SHARP
        asks += [Reading(named={x: cos, y: sin}), Reading(named={x: -sin, y: cos})]
        offers += [Reading(named={x: 1.0}), Reading(named={y: 1.0})]
    return Head(
        _BACK.format(back), asks, offers, {name: Reading(its) for name, its in carries.items()}
    )


def looking_back(blueprint: Blueprint, most: int) -> list[Head]:
    """The heads that look back by so many places at most."""
    names = [_BACK.format(n) for n in range(1, most + 1)]
    return [head for head in blueprint.heads if head.name in names]


def _among(group: np.ndarray, groups: frozenset[int] | set[int]) -> Float[np.ndarray, " tokens"]:
    return np.isin(group, list(groups)).astype(float)


def in_words(group: np.ndarray, groups: frozenset[int] | set[int], vocabulary: tuple) -> str:
    """The first word of each group."""
    return "/".join(vocabulary[np.flatnonzero(group == its)[0]] for its in sorted(groups))


def holds(back: int, groups: frozenset[int]) -> str:
    return f"{back} back is of {', '.join(map(str, sorted(groups)))}"


def coming(group: int) -> str:
    return f"group {group} comes"
