"""The best neuron for each value of what worlds declare, such as a topic: a way in for newcomers."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from onset.collections.neurons.facts import is_declared
from onset.collections.neurons.shown import NEXT


def best_of_each(neurons: pd.DataFrame) -> pd.DataFrame:
    """The neuron that each value of a fact that the world declares describes best, clean or not.

    One that is described by such facts alone comes before any that is described by a token, too: that one
    may be for the token.

    Args:
        neurons: of one study: facts, values, description, cleanliness.

    Returns:
        A row per fact and value, facts in turn, the best described first: fact (that what comes next has it
        counts as well), value (its number), word, cleanliness, description. The index is that of the
        neuron.
    """
    its = neurons.sort_values("cleanliness", ascending=False, kind="stable")
    its = its[its["facts"].notna() & its["values"].notna() & its["cleanliness"].gt(0)]
    its = its.loc[[*sorted(its.index, key=lambda neuron: not all_declared(its["facts"][neuron]))]]
    words = [words_of(*both) for both in zip(its["description"], its["facts"], strict=True)]
    each = pd.DataFrame(
        {
            "fact": its["facts"], "value": its["values"],
            "word": pd.Series(words, its.index, dtype=object), "cleanliness": its["cleanliness"],
            "description": its["description"],
        }
    ).explode(["fact", "value", "word"])  # fmt: skip
    each["fact"] = each["fact"].str.removeprefix(NEXT)
    each = each[each["fact"].map(is_declared).astype(bool)].drop_duplicates(["fact", "value"])
    turns = each.groupby("fact").cumcount().to_numpy()
    return each.iloc[np.argsort(turns, kind="stable")]


def all_declared(facts: Iterable[str]) -> bool:
    """Whether a description says nothing of tokens, positions or answers."""
    return all(map(is_declared, facts))


def words_of(description: str, facts: Iterable[str]) -> list[str]:
    """What a description says of each of its facts: `music` and `verb`, of `topic = music and slot = verb`.

    Args:
        description: as `facts.in_words` makes it.
        facts: of it.
    """
    parts = [f"{re.escape(its)} = (.*)" for its in facts]
    found = re.fullmatch(" and ".join(parts), description, re.S)
    return list(found.groups()) if found else [""] * len(parts)
