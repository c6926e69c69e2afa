"""A closer look at some neurons: what their pages show and the lists don't."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from onset.collections.neurons import contexts
from onset.collections.neurons.declared import all_declared
from onset.collections.neurons.descriptions import Described
from onset.collections.neurons.facts import Term, is_declared, kind_of
from onset.collections.neurons.kinds import CLEAN
from onset.collections.neurons.layer import Layer
from onset.collections.neurons.shown import NEXT

MOST_DESCRIBED, MOST_DECLARED, MOST_NEEDED = 40, 40, 4
"""neurons of a layer: the cleanest of different descriptions, those that some value of what the world
declares describes best, and those without which most is lost"""
_N_BINS = 16


def worth_it(found: Described, added: Float[np.ndarray, " neurons"]) -> list[int]:
    """The neurons to look at: of each description the cleanest, kind by kind; of each value of what the
    world declares, such as a topic, the one that it describes best, clean or not; and the most needed."""
    cleanliness = found.cleanliness.numpy()
    by_kind: dict[str, dict[tuple[Term, ...], int]] = {}
    by_fact: dict[str, dict[int, int]] = {}
    cleanest = np.argsort(-cleanliness, kind="stable").tolist()
    for neuron in cleanest:
        if cleanliness[neuron] >= CLEAN:
            terms = found.terms[neuron]
            by_kind.setdefault(kind_of(terms), {}).setdefault(terms, neuron)
    facts = [[its.fact for its in terms] for terms in found.terms]
    for neuron in sorted(cleanest, key=lambda neuron: not all_declared(facts[neuron])):
        for fact, value in found.terms[neuron]:
            if is_declared(fact) and cleanliness[neuron] > 0:
                by_fact.setdefault(fact.removeprefix(NEXT), {}).setdefault(value, neuron)
    described = in_turn([[*its.values()] for its in by_kind.values()])[:MOST_DESCRIBED]
    declared = in_turn([[*its.values()] for its in by_fact.values()])[:MOST_DECLARED]
    needed = np.argsort(-added, kind="stable")[:MOST_NEEDED].tolist()
    return sorted({*described, *declared, *needed})


def in_turn(lists: list[list[int]]) -> list[int]:
    """The first of each list, then the second of each, and so on."""
    longest = max(map(len, lists), default=0)
    return [its[place] for place in range(longest) for its in lists if place < len(its)]


def closer(
    layer: Layer,
    terms: tuple[Term, ...],
    values: Float[np.ndarray, " places"],
    active: Bool[np.ndarray, " places"],
    named: Bool[np.ndarray, " places"],
    text: Callable[[int], str],
) -> Mapping[str, Any]:
    """Columns of a neuron's row: counterexamples, how the description fares split by split, and a histogram
    of the neuron's values.

    Args:
        layer: of the neuron.
        terms: of its description.
        values: of the neuron at the layer's places.
        active: where it is.
        named: where its description says so.
        text: of a place, by its number.
    """
    half = layer.other_half.numpy()
    missed, unexplained = contexts.counterexamples(values, active, named, half)
    edges = np.histogram_bin_edges(values, _N_BINS)
    of_splits = layer.splits.values()
    return {
        "missed": contexts.listed(missed, values, layer.places, text),
        "unexplained": contexts.listed(unexplained, values, layer.places, text),
        "splits": [*layer.splits],
        "n_named_of": [int(named[its].sum()) for its in of_splits],
        "n_active_of": [int(active[its].sum()) for its in of_splits],
        "n_both_of": [int((named & active)[its].sum()) for its in of_splits],
        "one_alone": _one_alone(layer, terms, active & half, half),
        "edges": [float(f"{its:.4g}") for its in edges],
        "n_in_bins": np.histogram(values, edges)[0].tolist(),
        "n_in_bins_named": np.histogram(values[named], edges)[0].tolist(),
    }


def _one_alone(
    layer: Layer,
    terms: tuple[Term, ...],
    active: Bool[np.ndarray, " places"],
    half: Bool[np.ndarray, " places"],
) -> list[float] | None:
    """Of the places where one of two terms holds and the other doesn't, the share that is active; None of a
    description by one."""
    if len(terms) < 2:
        return None
    first, second = (its.holds(layer.facts) & half for its in terms)
    return [_share(active[first & ~second]), _share(active[second & ~first])]


def _share(active: Bool[np.ndarray, " places"]) -> float:
    return float(active.mean()) if len(active) else np.nan
