"""The pair of heads that does induction in a run: which it is, what it does along training, how it began.

Of two heads, one of the first layer looks at previous tokens, one of the last after duplicates; where
there is one layer, both are of it. Measurements are those of `head_scores` and `head_composition`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from onset.statistics.named import stacked
from onset.statistics.rows import strongest, where
from onset.statistics.seeds import over_seeds

_RUN = ["condition", "seed"]
_PREVIOUS, _INDUCTION = "previous_token_score", "induction_score"
_HALF = 0.5  # of a head's attention

COMPOSITIONS = ("q_composition", "k_composition", "v_composition")


class _Part(NamedTuple):
    """A number of one head of the pair, or of both."""

    measure: str
    head: str
    below: str | None = None
    """the head that it reads"""


PARTS = {
    "looks at previous tokens": _Part(_PREVIOUS, "previous"),
    "looks after duplicates": _Part(_INDUCTION, "induction"),
    "copies": _Part("copying_score", "induction"),
    "composes (keys)": _Part("k_composition", "induction", below="previous"),
}
"""what the two heads come to do"""

ANSWERS = "answers"


def pairs_of(final: pd.DataFrame) -> pd.DataFrame:
    """The heads that are strongest at each run's last checkpoint.

    Args:
        final: condition, seed, measure, layer, head, value.

    Returns:
        By condition and seed: previous, induction (numbers of heads), looking (how many heads of the last
        layer look after duplicates with more than half of their attention).
    """
    first, last = where(final, measure=_PREVIOUS, layer=0), _of_last_layer(final, _INDUCTION)
    found = {
        name: strongest(its).set_index(_RUN)["head"].astype(int)
        for name, its in {"previous": first, "induction": last}.items()
    }
    looking = (last.set_index(_RUN)["value"] > _HALF).groupby(_RUN).sum()
    return pd.DataFrame({**found, "looking": looking})


def parts_along(measures: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """What the two heads of each run do along training.

    Args:
        measures: condition, seed, step, measure, layer, head, component, value.
        pairs: of `pairs_of`.

    Returns:
        The rows of the measures in `PARTS` that are of the pair, under their names there (`shown`), and
        how often what repeats is answered (`ANSWERS`).
    """
    its = measures.merge(pairs.reset_index(), on=_RUN)
    parts = {name: _of_part(its, part) for name, part in PARTS.items()}
    return stacked({**parts, ANSWERS: where(its, measure="accuracy", split="repeats")})


def _of_part(measures: pd.DataFrame, part: _Part) -> pd.DataFrame:
    of_first = part.head == "previous"
    its = (
        where(measures, measure=part.measure, layer=0)
        if of_first
        else _of_last_layer(measures, part.measure)
    )
    its = its[its["head"] == its[part.head]]
    return its if part.below is None else its[its["component"] == its[part.below]]


def _of_last_layer(measures: pd.DataFrame, measure: str) -> pd.DataFrame:
    scores = where(measures, measure=[_PREVIOUS, _INDUCTION])
    last = scores.groupby("condition", observed=True)["layer"].max()
    its = where(measures, measure=measure)
    return its[its["layer"] == its["condition"].map(last).astype(float)]


def numbers_of_pairs(start: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What is known of all pairs of a head of the first layer and one of the second.

    Args:
        start: seed, measure, layer, head, component, value of one condition's runs with two layers, at one
            step.

    Returns:
        Measure → a row per seed, a column per pair (of numbers of heads): how strongly two heads compose
        (`COMPOSITIONS`), how much the first looks at previous tokens, the second after duplicates.
    """
    numbers = {
        measure: where(start, measure=measure).pivot(
            index="seed", columns=["component", "head"], values="value"
        )
        for measure in COMPOSITIONS
    }
    pairs = numbers["k_composition"].columns
    for place, measure in enumerate((_PREVIOUS, _INDUCTION)):
        its = where(start, measure=measure, layer=place)
        by_head = its.pivot(index="seed", columns="head", values="value")
        numbers[measure] = by_head[pairs.get_level_values(place)].set_axis(pairs, axis=1)
    return numbers


def places_of(pairs: pd.DataFrame, numbers: pd.DataFrame) -> Sequence[int]:
    """The column of `numbers_of_pairs` that is each run's pair."""
    return [numbers.columns.get_loc((its.previous, its.induction)) for its in pairs.itertuples()]


def same_heads(rows: pd.DataFrame, of: pd.DataFrame) -> pd.DataFrame:
    """The rows of those heads, run by run, that the rows of another table are of."""
    return rows.merge(of[[*_RUN, "layer", "head"]], on=[*_RUN, "layer", "head"])


def distances(farthest: pd.DataFrame) -> pd.DataFrame:
    """How far after an earlier token of the same kind heads look.

    Args:
        farthest: a row per run: condition, component (the distance).

    Returns:
        condition, n_there (at one position after, where induction looks), n_runs, said (all distances).
    """
    by = farthest.groupby("condition", sort=False)["component"]
    said = by.agg(
        n_there=lambda its: int((its == 1).sum()),
        n_runs="size",
        said=lambda its: ", ".join(f"{one:.0f}" for one in sorted(its.unique())),
    )
    return said.reset_index()


def without_main(analyses: pd.DataFrame) -> pd.DataFrame:
    """What the heads of the last layer but the main one write, with it and without (`backups`).

    Args:
        analyses: of one split: condition, seed, measure, layer, head, value.

    Returns:
        By condition, seed, layer and head: head_direct_effect, head_direct_effect_without_main, …
    """
    by_head = analyses.pivot_table("value", [*_RUN, "layer", "head"], "measure", observed=True)
    layers = by_head.index.get_level_values("layer")
    is_main = by_head["main_head"].notna()
    return by_head[~is_main & (layers == layers.max())]


def written_more(effects: pd.DataFrame) -> pd.Series:
    """By which factor the others of `without_main` write more without the main head, by run."""
    sums = effects.groupby(_RUN, sort=False).sum()
    return sums["head_direct_effect_without_main"] / sums["head_direct_effect"]


def worst_losses(analyses: pd.DataFrame) -> pd.DataFrame:
    """The loss without that head of each layer that is needed most, over seeds.

    Args:
        analyses: of one condition and split: condition, seed, measure, layer, kind, value.

    Returns:
        replacement (of the head: zero, mean, resample), layer, mean, low, high, seed_0, …
    """
    replacement = analyses["measure"].str.extract("^without_head_(.*)_loss$")[0]
    its = analyses.assign(replacement=replacement).dropna(subset="replacement")
    by = ["replacement", "layer", "seed", "kind"]
    worst = its.groupby(by, as_index=False, sort=False)["value"].max()
    return over_seeds(worst, ["replacement", "layer"])
