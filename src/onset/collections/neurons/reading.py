"""Reading the library, by hand or in the notebook.

from onset.collections.neurons.reading import open_library

open_library().look_up(study="composition", kind="2 before")
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Int

from onset.collections.neurons.activity import Opened
from onset.collections.neurons.combine import NEURON
from onset.collections.neurons.facts import facts_of
from onset.collections.neurons.shown import UNKNOWN, Group, Names, groups_of, places_of
from onset.collections.reading import Collection, rows_with
from onset.models.batch import Questions
from onset.runs.source import Source
from onset.runs.token_names import tokens_of
from onset.store.layout import RunFolder


class Library(Collection):
    """Every MLP neuron of every trained model."""

    @cached_property
    def neurons(self) -> pd.DataFrame:
        """A row per neuron at the end of training (`neurons.rows` has the columns)."""
        return self.rows("neurons")

    @cached_property
    def nulls(self) -> pd.DataFrame:
        """A row per neuron that should have no clean description, with how clean its best one is."""
        return self.rows("nulls")

    @cached_property
    def models(self) -> pd.DataFrame:
        """A row per model (`neurons.combine`)."""
        return self.rows("models")

    def look_up(self, **which: Any) -> pd.DataFrame:
        """The neurons with these values, such as `study`, `condition`, `seed`, `layer`, `neuron` or `kind`.

        Raises:
            ValueError: no neuron has such a value; the message lists those there are.
        """
        return rows_with(self.neurons, "neuron", which)

    def counterexamples(self, **which: Any) -> pd.DataFrame:
        """Where a neuron's description is wrong, on text that wasn't used to choose it: the clearest cases,
        to be asked about with `ask`.

        Args:
            which: values that one neuron alone has, as of `look_up`.

        Returns:
            wrong (`named` and not active, or `active` and not named), activation, text with the token in
            «».

        Raises:
            ValueError: no neuron has such values, several do, or this one wasn't looked at closely.
        """
        its = self._one(which)
        closer = self.rows("closer")
        of_neuron = closer[(closer[NEURON] == its[NEURON]).all(axis=1)]
        if of_neuron.empty:
            raise ValueError(
                "this neuron wasn't looked at closely: those with a page of their own were"
            )
        wrong = {"named": of_neuron["missed"].iloc[0], "active": of_neuron["unexplained"].iloc[0]}
        found = [
            (kind, *line.split("\t", 1))
            for kind, lines in wrong.items()
            for line in (lines or "").splitlines()
        ]
        table = pd.DataFrame(found, columns=["wrong", "activation", "text"])
        return table.astype({"activation": float})

    def _one(self, which: Mapping[str, Any]) -> pd.Series:
        found = self.look_up(**which)
        if len(found) > 1:
            raise ValueError(f"{len(found)} neurons are like this: say which, by layer and neuron")
        return found.iloc[0]

    def ask(self, text: str, **which: Any) -> pd.DataFrame:
        """What a neuron is at each token of a sequence, and whether its description holds there.

        If a sequence of the dataset begins like this, all that the world knows of it counts. Of any other,
        only tokens and positions are known, and a description by anything else holds nowhere.

        Args:
            text: names of tokens with spaces between, `e3 r1 r2`.
            which: values that one neuron alone has, as of `look_up`.

        Returns:
            token, activation, active, described.

        Raises:
            ValueError: no neuron has such values, or several do; or there is no such token.
        """
        its = self._one(which)
        layer, neuron = int(its["layer"]), int(its["neuron"])
        folder = self.folder.parent / its["study"] / its["condition"] / f"seed_{its['seed']}"
        run = Source(RunFolder(folder))
        names = Names.of(run.dataset)
        tokens = tokens_of(text, run.model, names.vocabulary).numpy()[0]
        seen = places_of([_group(run, tokens, layer)], names)
        opened = Opened.of(run.model, run.parameters(), seen)
        with torch.inference_mode():
            values = opened.neurons(layer)[0][0, : tokens.size, neuron]
        facts = facts_of(seen)
        terms = zip(its["facts"], its["values"], strict=True) if its["description"] else ()
        holds = np.full(tokens.size, bool(its["description"]))
        for fact, value in terms:
            holds &= facts[fact][: tokens.size] == value if fact in facts else False
        return pd.DataFrame(
            {
                "token": [names.vocabulary[token] for token in tokens],
                "activation": values.tolist(),
                "active": (values > its["threshold"]).tolist(),
                "described": holds.tolist(),
            }
        )


def _group(run: Source, tokens: Int[np.ndarray, " length"], layer: int) -> Group:
    """The first sequence of the dataset that begins like this and is read out after the layer; or these
    tokens alone, of which nothing else is known."""
    n = len(tokens)
    for name, split in run.dataset.splits.items():
        if split.tokens.shape[1] < n or run.model.depth(split.hops) <= layer:
            continue
        rows = np.flatnonzero((split.tokens[:, :n] == tokens).all(1))[:1]
        for group in groups_of(run.model, name, split, rows) if len(rows) else ():
            if group.tokens.shape[1] >= n:
                return group
    typed = Questions(tokens[None], (n - 1,))
    return Group("typed", typed, np.full((1, 1), UNKNOWN), layer + 1, {})


def open_library(results: str | Path = "results", code: str = "by hand") -> Library:
    """The library of a folder of results.

    Raises:
        FileNotFoundError: there is none.
    """
    return Library.opened("neurons", results, code)
