"""A question of two hops: does the bridge come up on the way, and would it be in time if it did?

Where the person of a two-hop question stands, three things are tried at the end of training:

* the logit lens (nostalgebraist 2020): how do final norm and readout rank the bridge among all bridges,
  after each block?
* another state is written there: that of a bridge as a question about that bridge itself has it. Up to
  which block is what follows able to take the second hop, from a bridge that is given (Biran et al. 2024,
  arXiv:2406.12775)? Null: the state of a person of whom nothing is told. Given another question's bridge,
  does the answer follow it?
* *back-patching* (ibid.): the question's own state of a later block is written before an earlier one. If
  the bridge comes up, but too late, this mends it.

Answers are the first of the candidates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.answers.among_candidates import of_candidates
from onset.measures.measurement import Measurement
from onset.models.batch import AdaptedModel, Parameters, device_of
from onset.tasks.dataset import Dataset, Split
from onset.training.batches import questions_of

NEEDS = ("bridge", "entity", "person_place", "rewritable")
SPLITS = ("city", "others")
QUANTITIES = {
    "bridge_rank_among": {"kind": "rank", "label": "rank of the bridge among bridges"},
    "bridge_first": {"kind": "share", "label": "bridge first among bridges"},
    "given_bridge_right": {"kind": "share", "label": "right, given the bridge"},
    "given_bridge_lead": {"kind": "logits", "label": "lead of the answer, given the bridge (nats)"},
    "given_stranger_right": {"kind": "share", "label": "right, given a stranger"},
    "given_stranger_lead": {
        "kind": "logits",
        "label": "lead of the answer, given a stranger (nats)",
    },
    "given_other_follows": {"kind": "share", "label": "another bridge's answer, given that bridge"},
    "given_stranger_follows": {"kind": "share", "label": "that answer, given a stranger"},
    "given_later_right": {"kind": "share", "label": "right, given a later block's state"},
    "mended": {"kind": "share", "label": "of wrong answers, mended by some later state"},
    "mended_other": {"kind": "share", "label": "of wrong answers, mended by another question"},
    "hop_right": {"kind": "share", "label": "right, given nothing"},
}

_WRITTEN_EVERY = 2  # blocks
_FOLLOWED_EVERY = 6  # blocks
_PARTS = 6  # of a model's depth, between which back-patching goes

States = Float[Tensor, "layers questions d_model"]


class Rewritable(AdaptedModel, Protocol):
    """What this needs of a model of which states can be overwritten."""

    def logits_from(
        self,
        parameters: Parameters,
        states: Float[Tensor, "examples length d_model"],
        layer: int,
        scored: int,
        alike: int = 0,
    ) -> Float[Tensor, "examples tokens"]:
        """Logits at one position, of states as they are after so many blocks. So many first positions are
        alike in all examples."""
        ...


def analyse(
    model: Rewritable, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split with bridges whose facts are all told (a question about the bridge is in `city`):

    * `hop_right`: fraction answered right;
    * `bridge_rank_among`, `bridge_first`: its mean rank, and the fraction in which it is the first, by
      blocks applied (`layer`), at the person's `position` and the last;
    * `given_bridge_right`, `given_bridge_lead`, `given_stranger_right`, `given_stranger_lead`: fraction
      right, and mean log-probability of the answer over that of the other candidates, by the block before
      which (`layer`) the state is written;
    * `given_other_follows`, `given_stranger_follows`: fraction answered with the answer to another question
      of the split, when before block `layer` the state is that question's bridge's, or a stranger's (null);
    * `given_later_right`: fraction right when the state before block `component` is written before `layer`;
    * `mended`: of the questions answered wrong, the fraction that some of these answers right, and
      `mended_other`, that some does with the states of another question (null, as among few candidates
      some of many states mend by chance); missing where none is wrong.
    """
    known = dataset.splits["city"]
    about_bridges = _states(model, parameters, known)
    strangers = _states(model, parameters, dataset.splits["others"])
    for name, split in dataset.splits.items():
        if "bridge" not in split.truth:
            continue
        at = _found(split.truth["bridge"], known.truth["entity"])
        if at is None:
            continue
        asked = _Asked.of(model, parameters, split)
        found = [
            *_read_out(asked, split.truth["bridge"], known.truth["entity"]),
            *_written(asked, about_bridges[:, at], strangers),
        ]
        for its in found:
            yield its._replace(split=name, n_examples=its.n_examples or len(split))


@dataclass(frozen=True)
class _Asked:
    """The questions of one split, and their states before each block and after the last."""

    model: Rewritable
    parameters: Parameters
    stream: Float[Tensor, "layers questions length d_model"]
    place: int
    """the person's"""
    scored: int
    targets: Int[Tensor, " questions"]
    candidates: Int[Tensor, " candidates"]

    @classmethod
    def of(cls, model: Rewritable, parameters: Parameters, split: Split) -> _Asked:
        (_, its), *more = questions_of(split).alike()
        places = set(split.truth["person_place"].tolist())
        assert not more, "all questions are put in one phrasing"
        assert len(places) == 1, "people are one token each"
        assert (its.tokens[:, : min(places)] == its.tokens[0, : min(places)]).all()
        device = device_of(parameters)
        stream = model.residual_stream(parameters, torch.from_numpy(its.tokens).to(device))
        targets = torch.from_numpy(split.targets[:, -1]).to(device)
        candidates = torch.from_numpy(split.candidates).to(device)
        return cls(model, parameters, stream, places.pop(), its.scored[-1], targets, candidates)

    @property
    def depth(self) -> int:
        return len(self.stream) - 1

    def given(
        self, layer: int, states: Float[Tensor, "questions d_model"]
    ) -> dict[str, Float[Tensor, " questions"]]:
        """How the right answer stands with these states at the person's place before a block."""
        return of_candidates(self.said(layer, states), self.candidates, self.targets)

    def said(
        self, layer: int, states: Float[Tensor, "questions d_model"]
    ) -> Float[Tensor, "questions tokens"]:
        """Logits with these states at the person's place before a block."""
        all_states = self.stream[layer].clone()
        all_states[:, self.place] = states
        where = {"layer": layer, "scored": self.scored, "alike": self.place}
        return self.model.logits_from(self.parameters, all_states, **where)

    def ranks_of(
        self,
        tokens: Int[Tensor, " questions"],
        among: Int[Tensor, " tokens"],
        layer: int,
        place: int,
    ) -> tuple[Float[Tensor, " questions"], Float[Tensor, " questions"]]:
        """Rank of a token of each question when its state is read out here, and whether it is the first."""
        logits = self.model.unembed(self.parameters, self.stream[layer, :, place])
        found = of_candidates(logits, among, tokens)
        return found["rank_among"], found["right_among"]


def _read_out(asked: _Asked, bridges: np.ndarray, among: np.ndarray) -> Iterator[Measurement]:
    """Where each question's bridge stands among all bridges, by the logit lens."""
    of_each, of_all = (torch.from_numpy(its).to(asked.targets.device) for its in (bridges, among))
    for layer in range(asked.depth + 1):
        for place in (asked.place, asked.scored):
            rank, first = asked.ranks_of(of_each, of_all, layer, place)
            where = {"layer": layer, "position": place}
            yield Measurement("bridge_rank_among", rank.mean().item(), **where)
            yield Measurement("bridge_first", first.mean().item(), **where)


def _written(
    asked: _Asked, bridges: States, strangers: Float[Tensor, "layers strangers d_model"]
) -> Iterator[Measurement]:
    """What comes of other states at the person's place."""
    right = "right_among"
    wrong = asked.given(asked.depth, asked.stream[-1, :, asked.place])[right] == 0
    yield Measurement("hop_right", 1 - wrong.double().mean().item())
    turn = torch.arange(len(asked.targets)) % strangers.shape[1]
    by_later, by_other = [], []
    for layer in range(0, asked.depth, _WRITTEN_EVERY):
        for kind, states in {"bridge": bridges, "stranger": strangers[:, turn]}.items():
            found = asked.given(layer, states[layer])
            yield Measurement(f"given_{kind}_right", found[right].mean().item(), layer=layer)
            yield Measurement(f"given_{kind}_lead", found["lead_among"].mean().item(), layer=layer)
    yield from _followed(asked, bridges.roll(1, 1), strangers[:, turn])
    marks = np.unique(np.linspace(0, asked.depth, _PARTS + 1).round().astype(int)).tolist()
    for early in marks[:-1]:
        for late in (its for its in marks if its > early):
            its = asked.given(early, asked.stream[late, :, asked.place])[right]
            yield Measurement("given_later_right", its.mean().item(), layer=early, component=late)
            by_later.append(its)
            of_other = asked.stream[late, :, asked.place].roll(1, 0)
            by_other.append(asked.given(early, of_other)[right])
    if wrong.any():
        for name, given in {"mended": by_later, "mended_other": by_other}.items():
            some = torch.stack(given).amax(0)[wrong]
            yield Measurement(name, some.mean().item(), n_examples=len(some))


def _followed(asked: _Asked, others: States, strangers: States) -> Iterator[Measurement]:
    """Whether the answer is another question's, given that question's bridge."""
    answers = asked.targets.roll(1)
    differ = answers != asked.targets
    if not differ.any():
        return
    for layer in range(0, asked.depth, _FOLLOWED_EVERY):
        for kind, states in {"other": others, "stranger": strangers}.items():
            found = of_candidates(asked.said(layer, states[layer]), asked.candidates, answers)
            its = found["right_among"][differ]
            yield Measurement(
                f"given_{kind}_follows", its.mean().item(), layer=layer, n_examples=len(its)
            )


def _states(model: AdaptedModel, parameters: Parameters, split: Split) -> States:
    """Those of the people that a split asks about, where they stand."""
    tokens = torch.from_numpy(split.tokens[:, : split.positions.max() + 1])
    stream = model.residual_stream(parameters, tokens.to(device_of(parameters)))
    return stream[:, np.arange(len(split)), split.truth["person_place"]]


def _found(wanted: np.ndarray, among: np.ndarray) -> list[int] | None:
    """Where each is; None if one isn't there."""
    places = {int(token): i for i, token in enumerate(among)}
    found = [places.get(int(token)) for token in wanted]
    return None if None in found else found  # type: ignore[return-value]
