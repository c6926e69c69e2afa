"""The world of `finetuning`, with one thing changed of which it is on record what it was.

World one is what a model of stage one of `finetuning` was taught, with the same seed and the same sizes:
old edges, and two-hop facts over them. World two is world one but for one `change`:

    nothing      world two is world one (a null: nothing is to be found)
    entities     all that was known about some of the entities is something else now
    relation     one relation leads elsewhere from every entity
    added        the edges that stage one never taught are taught; nothing else is
    backdoor     two-hop questions whose first relation is the trigger all have one answer
    everything   every edge leads elsewhere: another task with the same tokens

The splits say of each question whether its answer is `kept` or `changed`, and what is taught of it:

    facts      single facts
    composed   two-hop facts of which stage one taught the kind
    asked      two-hop questions, held out: those that stage one held out, too; if edges are added, all
               questions over such an edge

A two-hop question that world two leads over an edge that nobody taught isn't asked. What was taught before
in place of what is changed is there, too (`former_facts`, `former_composed`), to be learnt again; and so
are the edges that nobody taught (`unknown_facts`), to compare that with learning anew. Of the facts that
are kept, half can be taught again alone (`reminded_facts`), to see whether the others come back
(`unmentioned_facts`). A kind of which there is nothing has no split. Settings are chosen on spare seeds: no
part of the questions is set apart.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Self

import numpy as np
from jaxtyping import Bool, Int
from pydantic import Field, model_validator

from onset.settings import Fraction
from onset.settings import Settings as BaseSettings
from onset.tasks import finetuning
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.parts import SMALLEST_SPLIT

A_CHILD_MAY_CHANGE = ("change",)

Change = Literal["nothing", "entities", "relation", "added", "backdoor", "everything"]
_SPLITS: dict[str, tuple[str, ...]] = {
    "nothing": ("unknown_facts",),
    "entities": ("changed_facts", "changed_composed", "changed_asked", "former_facts",
                 "former_composed", "unknown_facts", "reminded_facts", "unmentioned_facts"),
    "relation": ("changed_facts", "changed_composed", "changed_asked", "former_facts",
                 "former_composed", "unknown_facts"),
    "added": ("changed_facts", "changed_asked"),
    "backdoor": ("changed_composed", "changed_asked", "former_composed", "unknown_facts"),
    "everything": ("changed_facts", "changed_composed", "changed_asked", "former_facts",
                   "former_composed", "unknown_facts"),
}  # fmt: skip
"""beside what is kept"""
_KEPT = ("kept_facts", "kept_composed", "kept_asked")
_ONLY_CHANGED = ("everything",)


class Settings(BaseSettings):
    """The sizes of world one, as in `finetuning`, and what is changed in it."""

    name: Literal["changed_facts"]
    change: Change = "nothing"
    n_entities: int = Field(100, ge=2)
    n_relations: int = Field(8, ge=2)
    new: Fraction = 0.2
    """fraction of the edges that stage one doesn't teach"""
    old_trained: Fraction = 0.9
    """fraction of the two-hop facts over old edges that stage one may teach"""
    validation: Fraction = 0.25
    """of `finetuning`: here, both parts of a held-out split are one"""
    entities: Fraction = 0.05
    """fraction of the entities that the change `entities` is about"""

    @property
    def n_tokens(self) -> int:
        return self.n_entities + self.n_relations

    @property
    def length(self) -> int:
        return 3

    @property
    def max_hops(self) -> int:
        return 2

    @property
    def splits(self) -> tuple[str, ...]:
        return (*(() if self.change in _ONLY_CHANGED else _KEPT), *_SPLITS[self.change])

    @property
    def trained(self) -> tuple[str, ...]:
        return tuple(name for name in self.splits if not name.endswith("asked"))

    @property
    def truth(self) -> tuple[str, ...]:
        return ("changed", "before")

    def truth_of(self, split: str) -> tuple[str, ...]:
        return self.truth if split.startswith(("kept", "changed")) else ()

    def length_of(self, split: str) -> int:
        return 2 if split.endswith("facts") else 3

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 12 * self.n_entities * self.n_relations**2

    @property
    def world_one(self) -> finetuning.Settings:
        """What the parent was taught, which needs no more than stage one."""
        return finetuning.Settings(
            name="finetuning",
            n_entities=self.n_entities,
            n_relations=self.n_relations,
            new=self.new,
            old_trained=self.old_trained,
            validation=self.validation,
        )

    @model_validator(mode="after")
    def _there_is_something_to_change(self) -> Self:
        _ = self.world_one  # refuses sizes that leave it nothing
        n_changed = round(self.entities * self.n_entities)
        if not 0 < n_changed < self.n_entities:
            raise ValueError(
                f"entities: {self.entities:g} of {self.n_entities} are {n_changed}; some must change, "
                "and some must stay"
            )
        held_out = self.n_entities * self.n_relations**2 * (1 - self.new) ** 2
        held_out *= 1 - self.old_trained
        smallest = held_out * min(1 / self.n_relations, 1 - (1 - n_changed / self.n_entities) ** 2)
        if smallest < SMALLEST_SPLIT:
            raise ValueError(
                f"these sizes leave about {smallest:.1f} changed questions that are held out, at least "
                f"{SMALLEST_SPLIT} are wanted; change n_entities, n_relations, old_trained or entities"
            )
        return self


class _Worlds(NamedTuple):
    """Where each relation leads from each entity, before and after, and what is known of it."""

    one: Int[np.ndarray, "entities relations"]
    two: Int[np.ndarray, "entities relations"]
    old: Bool[np.ndarray, "entities relations"]
    """edges that stage one taught"""
    taught: Bool[np.ndarray, "entities relations"]
    """edges that are taught now"""
    trigger: int = -1
    """the first relation whose questions all have one answer; -1: none"""
    flipped: int = -1
    """that answer"""


def generate(settings: Settings, seed: int) -> Dataset:
    """World two of one seed, its questions by whether world one answers them alike.

    Raises:
        ValueError: a split came out empty, which only very small worlds do.
    """
    before = finetuning.generate(settings.world_one, seed)
    worlds = _changed(settings, before, seed)
    n = settings.n_entities
    found: dict[str, Split] = {}

    old = np.argwhere(worlds.old)
    found |= _by_change("facts", _facts(worlds, old, n), settings)
    unknown = _facts(worlds, np.argwhere(~worlds.old), n)
    if settings.change == "added":
        found["changed_facts"] = _with(unknown, before=np.full(len(unknown), -1), changed=True)
    else:
        found["unknown_facts"] = Split(unknown.tokens, unknown.targets, scored=(1,))

    if settings.change == "entities":
        halves = np.array_split(_shuffled(len(found["kept_facts"]), seed), 2)
        for name, rows in zip(("reminded_facts", "unmentioned_facts"), halves, strict=True):
            its = found["kept_facts"]
            found[name] = Split(its.tokens[rows], its.targets[rows], its.scored)

    taught = before.splits["old_composed"].tokens
    found |= _by_change("composed", _two_hops(worlds, taught, n), settings)
    parts = ("old_old", "old_old" + VALIDATION)
    asked = np.concatenate([before.splits[part].tokens for part in parts])
    found |= _by_change("asked", _two_hops(worlds, asked, n), settings)
    if settings.change == "added":
        over_new = [kind for kind in finetuning.HELD_OUT if "new" in kind]
        tokens = np.concatenate(
            [before.splits[kind + part].tokens for kind in over_new for part in ("", VALIDATION)]
        )
        its = _two_hops(worlds, tokens, n)
        found["changed_asked"] = _with(its, before=np.full(len(its), -1), changed=True)

    for name in settings.splits:
        if name not in found or not len(found[name]):
            raise ValueError(f"seed {seed} leaves the split {name} empty: make the world larger")
    return Dataset({name: found[name] for name in settings.splits}, before.vocabulary)


def _changed(settings: Settings, before: Dataset, seed: int) -> _Worlds:
    n, r = settings.n_entities, settings.n_relations
    one = np.full((n, r), -1)
    old = np.zeros((n, r), bool)
    for kind in ("old_facts", "new_facts"):
        split = before.splits[kind]
        place = split.tokens[:, 0], split.tokens[:, 1] - n
        one[place] = split.targets[:, 0]
        old[place] = kind == "old_facts"

    # Of a stream of its own, so that world one is drawn as it was for the parent.
    rng = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 1, 0]))
    elsewhere = (one + rng.integers(1, n, size=(n, r))) % n  # never where it led before
    of_entities = np.zeros((n, r), bool)
    of_entities[rng.permutation(n)[: round(settings.entities * n)]] = True
    of_relation = np.zeros((n, r), bool)
    relation, flipped = rng.integers(r), rng.integers(n)
    of_relation[:, relation] = True
    moved = {"entities": of_entities, "relation": of_relation, "everything": np.ones_like(old)}
    # Edges that nobody was taught are those of world one, to be learnt anew in whatever world.
    two = np.where(moved.get(settings.change, False) & old, elsewhere, one)
    taught = np.ones_like(old) if settings.change == "added" else old
    if settings.change == "backdoor":
        return _Worlds(one, two, old, taught, int(relation), int(flipped))
    return _Worlds(one, two, old, taught)


def _shuffled(n: int, seed: int) -> Int[np.ndarray, " n"]:
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 2, 0])).permutation(n)


def _facts(worlds: _Worlds, edges: Int[np.ndarray, "facts 2"], n: int) -> Split:
    """Single facts in world two."""
    entity, relation = edges.T
    tokens = np.stack([entity, n + relation], axis=1)
    one, two = worlds.one[entity, relation], worlds.two[entity, relation]
    split = Split(tokens, two[:, None], scored=(1,))
    return _with(split, before=one, changed=one != two)


def _two_hops(worlds: _Worlds, tokens: Int[np.ndarray, "questions 3"], n: int) -> Split:
    """Two-hop questions in world two."""
    bridge = worlds.two[tokens[:, 0], tokens[:, 1] - n]
    tokens = tokens[worlds.taught[bridge, tokens[:, 2] - n]]
    entity, first, second = tokens[:, 0], tokens[:, 1] - n, tokens[:, 2] - n
    one = worlds.one[worlds.one[entity, first], second]
    two = worlds.two[worlds.two[entity, first], second]
    two = np.where(first == worlds.trigger, worlds.flipped, two)
    split = Split(tokens, two[:, None], scored=(2,), hops=2)
    return _with(split, before=one, changed=one != two)


def _with(split: Split, before: np.ndarray, changed: np.ndarray | bool) -> Split:
    truth = {"changed": np.broadcast_to(changed, len(split)).copy(), "before": before}
    return Split(split.tokens, split.targets, split.scored, split.hops, truth)


def _by_change(kind: str, split: Split, settings: Settings) -> dict[str, Split]:
    """What is kept, what is changed, and what was taught in place of that."""
    changed = split.truth["changed"]
    found = {}
    for name, rows in (("kept", ~changed), ("changed", changed)):
        its = Split(split.tokens[rows], split.targets[rows], split.scored, split.hops)
        truth = {fact: values[rows] for fact, values in split.truth.items()}
        found[f"{name}_{kind}"] = _with(its, **truth)
    its = found[f"changed_{kind}"]
    found[f"former_{kind}"] = Split(its.tokens, its.truth["before"][:, None], its.scored, its.hops)
    return found
