"""Causal scrubbing: is a circuit all there is to a behaviour?

A hypothesis says of each input which parts' outputs it needs, and which facts determine these. If it is
true, every output may as well come from another question, drawn at random among those that agree in these
facts; and what is said not to matter from any question at all (Chan et al. 2022, "Causal scrubbing: a
method for rigorously testing interpretability hypotheses"). Outputs are drawn anew for each input that
reads them, back to the tokens. What is left of the loss says what a hypothesis misses. It can't say that
one claims too much: one by which everything matters passes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.transformer.wiring import INPUTS, LOGITS, POSITIONS, TOKENS, Edge, Wiring
from onset.tasks.dataset import Split

ANSWER = "answer"
"""the fact that every split knows"""
Rows = Int[np.ndarray, " questions"]


class Hypothesis(Protocol):
    """What a circuit says, as `onset.circuits.form.Circuit` does."""

    @property
    def all_edges(self) -> frozenset[Edge]:
        """Those that matter."""
        ...

    @property
    def facts(self) -> Mapping[str, Sequence[str]]:
        """Part → what determines all that is read of it; of parts that aren't named it may be anything."""
        ...


@dataclass(frozen=True)
class Scrubbed:
    """Losses where the answers of a split's questions are scored (nats)."""

    whole: float
    """of the model as it is"""
    scrubbed: float
    """of what the hypothesis leaves of it"""
    nothing: float
    """where nothing at all is said to matter"""

    @property
    def recovered(self) -> float:
        """1: the hypothesis misses nothing; 0: it is as good as none."""
        return (self.nothing - self.scrubbed) / (self.nothing - self.whole)


def scrubbed(wiring: Wiring, split: Split, circuit: Hypothesis, seed: int) -> Scrubbed:
    """A circuit, put to the test on a split's questions.

    Args:
        wiring: of the model.
        split: asked at its last scored position.
        circuit: edges that matter, and facts that determine what parts carry.
        seed: of what is drawn.

    Raises:
        LookupError: the split doesn't know one of the facts.
    """
    its = _Scrubbing(wiring, split, seed)
    facts = {part: its.classes(facts) for part, facts in circuit.facts.items()}
    return Scrubbed(
        whole=its.loss(frozenset(wiring.edges), {}),
        scrubbed=its.loss(circuit.all_edges, facts),
        nothing=its.loss(frozenset(), {}),
    )


class _Scrubbing:
    """One split, asked with parts of questions exchanged."""

    def __init__(self, wiring: Wiring, split: Split, seed: int) -> None:
        end = split.scored[-1] + 1
        self._wiring, self._split = wiring, split
        self._tokens = torch.from_numpy(split.tokens[:, :end])
        self._rng = np.random.Generator(np.random.Philox(seed))
        with torch.no_grad():
            written = wiring.run(self._tokens, (end - 1,)).written[:, 0]
        self._intact = dict(zip(wiring.writers, written, strict=True))
        self._read_by: dict[str, list[str]] = {}
        for edge in wiring.edges:
            self._read_by.setdefault(edge.reader, []).append(edge.writer)

    def classes(self, facts: Sequence[str]) -> Rows:
        """A number for each question, the same for those that agree in all these facts."""
        known = {ANSWER: self._split.targets[:, -1], **self._split.truth}
        if lost := [fact for fact in facts if fact not in known]:
            raise LookupError(f"no fact is called {lost[0]!r}; known are {', '.join(known)}")
        columns = np.stack([known[fact] for fact in facts], 1)
        return np.unique(columns, axis=0, return_inverse=True)[1].ravel()

    @torch.no_grad()
    def loss(self, edges: Collection[Edge], facts: Mapping[str, Rows]) -> float:
        """With what doesn't come by these edges from anywhere, and the rest from questions that agree."""
        self._edges, self._facts = frozenset(edges), facts
        self._untouched = self._as_they_are()
        read = self._read(LOGITS, np.arange(len(self._tokens)))
        logits = self._wiring.model.unembed(self._wiring.parameters, read[:, -1])
        return F.cross_entropy(logits, torch.from_numpy(self._split.targets[:, -1])).item()

    def _read(self, reader: str, rows: Rows) -> Float[Tensor, "questions length d_model"]:
        """What an input reads, when it should be as it is in some questions."""
        anything = self._rng.permutation(len(self._tokens))
        read = self._wiring.bias_in(reader).expand(len(rows), self._tokens.shape[1], -1)
        for writer in self._read_by[reader]:
            if Edge(writer, reader) in self._edges:
                read = read + self._written(writer, self._agreeing(writer, rows))
            else:
                read = read + self._intact[writer][anything]
        return read

    def _written(self, part: str, rows: Rows) -> Float[Tensor, "questions length d_model"]:
        """What a part writes, when what it needs is as it is in some questions."""
        if part in self._untouched:
            return self._intact[part][rows]
        inputs = {reader: self._read(reader, rows) for reader in _inputs_of(part)}
        return self._wiring.output(part, inputs, self._tokens[rows])

    def _as_they_are(self) -> set[str]:
        """The parts to which nothing is done, all the way from the tokens."""
        found: set[str] = set()
        for part in self._wiring.writers:
            into = [
                Edge(its, reader) for reader in _inputs_of(part) for its in self._read_by[reader]
            ]
            sure = all(
                its in self._edges and its.writer in found and its.writer not in self._facts
                for its in into
            )
            found |= {part} if sure else set()
        return found

    def _agreeing(self, part: str, rows: Rows) -> Rows:
        """For each of these questions one at random that agrees in what the part carries."""
        if part not in self._facts:
            return rows
        classes = self._facts[part]
        order = np.argsort(classes, kind="stable")
        sizes = np.bincount(classes)
        first = np.cumsum(sizes) - sizes
        its = classes[rows]
        return order[first[its] + self._rng.integers(sizes[its])]


def _inputs_of(part: str) -> list[str]:
    if part in (TOKENS, POSITIONS):
        return []
    return [part] if part.startswith("mlp") else [f"{part} {by}" for by in INPUTS]
