"""The declared form of a circuit: its parts, which parts of a model they are, and the edges between them.

    title: Induction
    parts:
      previous: [head 0.0]       # one part or several that do the same
      induction: [head 1.0]
    edges:                       # of each input, what it reads
      previous: {query: [positions], key: [positions], value: [tokens]}
      induction: {query: [tokens], key: [previous], value: [tokens]}
      logits: [induction]
    constant:                    # of these, those that carry the same whatever is asked
      previous: {query: [positions], key: [positions]}
    carries:                     # what others read of a part is determined by these facts
      induction: [answer]

`tokens`, `positions` and `logits` are parts of every model. An edge that is constant makes the circuit
what it is, but can't tell one question from another: exchanging it with another question's changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, Strict, model_validator

from onset.models.transformer.wiring import INPUTS, LOGITS, POSITIONS, TOKENS, Edge
from onset.settings import Line, Name, Settings, Text, like

_FOLDER = Path(__file__).parent / "known"
Component = Annotated[
    str,
    like(
        r"^(head [0-9]+\.[0-9]+|mlp [0-9]+)$",
        "a part of a model is written 'head 1.0' (layer, number) or 'mlp 1'",
    ),
]
_Parts = Annotated[tuple[Name, ...], Strict(False), Field(min_length=1)]
Inputs = Mapping[Name, _Parts | Mapping[Name, _Parts]]
"""reader → what it reads; of heads, by input"""


class Circuit(Settings):
    """Which parts matter, and what each of them reads of which others."""

    title: Line
    about: Text | None = None
    """what the parts do, in a sentence or two"""
    parts: Mapping[Name, Annotated[tuple[Component, ...], Strict(False), Field(min_length=1)]]
    edges: Inputs
    constant: Inputs = {}
    carries: Mapping[Name, _Parts] = {}
    """part → facts, which determine all of it that is read"""

    @model_validator(mode="after")
    def _all_parts_are_known(self) -> Self:
        known = {*self.parts, TOKENS, POSITIONS}
        for reader, by, writer in (*_listed(self.edges), *_listed(self.constant)):
            if reader not in {*self.parts, LOGITS}:
                raise ValueError(f"edges: {reader!r} is none of the parts, {', '.join(self.parts)}")
            if writer not in known:
                raise ValueError(f"edges: {writer!r} is none of the parts, {', '.join(known)}")
            is_head = reader != LOGITS and self.parts[reader][0].startswith("head")
            if is_head != (by in INPUTS):
                wanted = f"the inputs {', '.join(INPUTS)}" if is_head else "a list of what it reads"
                raise ValueError(f"edges: {reader} has {wanted}")
        if lost := sorted(self.carries.keys() - self.parts.keys()):
            raise ValueError(f"carries: {lost[0]!r} is none of the parts, {', '.join(self.parts)}")
        if missing := set(_listed(self.constant)) - set(_listed(self.edges)):
            reader, by, writer = min(missing)
            raise ValueError(f"constant: there is no edge from {writer} to {reader} {by}".rstrip())
        return self

    @property
    def all_edges(self) -> frozenset[Edge]:
        """Between parts of the model."""
        return frozenset(self._edges(self.edges))

    @property
    def constant_edges(self) -> frozenset[Edge]:
        """Those of them that carry the same whatever is asked."""
        return frozenset(self._edges(self.constant))

    @property
    def telling(self) -> frozenset[Edge]:
        """The others: what exchanging edges between questions can find."""
        return self.all_edges - self.constant_edges

    @property
    def facts(self) -> dict[str, tuple[str, ...]]:
        """Part of the model → what determines it."""
        return {its: facts for part, facts in self.carries.items() for its in self.parts[part]}

    @property
    def has_roles_to_exchange(self) -> bool:
        """Whether two of its parts are heads."""
        return len(self._heads) > 1

    def with_roles_exchanged(self) -> Circuit:
        """The same, deliberately wrong: each head in the place of the next one.

        Raises:
            ValueError: no two parts are heads.
        """
        if not self.has_roles_to_exchange:
            raise ValueError(f"{self.title}: no two of its parts could exchange their roles")
        heads = self._heads
        others = dict(zip(heads, [*heads[1:], heads[0]], strict=True))
        parts = {part: self.parts[others.get(part, part)] for part in self.parts}
        return self.model_copy(update={"parts": parts})

    @property
    def _heads(self) -> list[str]:
        return [part for part, its in self.parts.items() if its[0].startswith("head")]

    def _edges(self, inputs: Inputs) -> Iterator[Edge]:
        for reader, by, writer in _listed(inputs):
            for its in self.parts.get(reader, (reader,)):
                for source in self.parts.get(writer, (writer,)):
                    yield Edge(source, f"{its} {by}".rstrip())


def _listed(inputs: Inputs) -> Iterator[tuple[str, str, str]]:
    """Reader, input (empty, where it has but one) and writer."""
    for reader, its in inputs.items():
        by_input = its if isinstance(its, Mapping) else {"": its}
        for by, writers in by_input.items():
            for writer in writers:
                yield reader, by, writer


def names() -> list[str]:
    """All known circuits."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def known(name: str) -> Circuit:
    """A circuit by the name of its file.

    Raises:
        LookupError: there is none.
        ValueError: it isn't written as a circuit is.
    """
    path = _FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise LookupError(f"no known circuit is called {name!r}; there are {', '.join(names())}")
    return Circuit.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
