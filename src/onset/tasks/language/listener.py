"""Dialogues with somebody whose attributes are never told: they show only in how often words come.

In each turn a thing is put somewhere, which the speaker sees (`look`) or not (`meanwhile`). The speaker
then says one word for each attribute, asks, and gets a reply:

    meanwhile lamp outside   aye wow stuff purring sigh   where lamp   : sorry wee buddy outside upstairs

    age, dialect, knowledge, pet   stay the same in a dialogue
    mood                           changes between turns
    what has been told, and where the listener believes things are: by what was seen and told

A reply should suit the listener: a word for the mood, one of the dialect, one for the age, in random order;
then a place, by its plain name for a novice and by its exact one for an expert. To `where`, it is where the
thing is, or `again` if this has been told already and still is so; to `seek`, where the speaker will look
for it, which follows the speaker's belief even where it is false. After `where`, a false belief is put
right: the place at which the thing isn't. Nothing depends on the pet.

Whoever replies knows no more than has been said: each word suits a listener drawn from what the best
reader holds possible (`observer`). So replies tell nothing about the speaker that isn't in the speaker's
own words, and each word comes as often as it would suit the true listener, given these.

    train      dialogues for trainings that see them again and again
    fresh      a stream: every batch is drawn afresh
    test       others with speakers of the same combinations of age, dialect and knowledge
    composed   speakers with combinations that are in neither of these

What is known of each token: `age`, `dialect`, `knowledge`, `pet`, `mood` as numbers (the dataset has their
names); `ideal_age` and so on, the probability of each value for the best reader, given all up to this
token; of the thing that is asked about in this turn, before the reply, `place` and `believed` as numbers,
and whether it was `told`; whether the question is `where` (`asks_where`); and `floor`, the nats that the
best reader loses at a word of the reply, elsewhere 0. In `composed` the best reader holds all combinations
equally likely, elsewhere those that are met.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

import numpy as np
from jaxtyping import Bool
from pydantic import Field, model_validator

from onset.settings import Fraction
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split, Stream
from onset.tasks.language.dialogues import PERSON, REPLIED, TURN, Laws, Lexicon, Told, told
from onset.tasks.language.listener_words import ATTRIBUTES, PLAIN, THINGS_THERE, VALUES
from onset.tasks.parts import rows

_HELD_OUT = ("test", "composed")
_OF_TURNS = ("place", "believed", "told", "asks_where")

A_CHILD_MAY_CHANGE = ("shows", "moody", "unseen", "suits", "asked", "n_train")


class Settings(BaseSettings):
    """The dialogues, and how many there are."""

    name: Literal["listener"]
    n_turns: int = Field(6, ge=2, le=32)
    """of a dialogue"""
    shows: Fraction = 0.5
    """how often a word shows its attribute; else it is any of the attribute's words"""
    moody: Fraction = 0.15
    """how often the mood changes from one turn to the next"""
    unseen: Fraction = 0.5
    """how often the speaker doesn't see that a thing is moved"""
    n_things: int = Field(2, ge=1, le=len(THINGS_THERE))
    n_places: int = Field(4, ge=2, le=len(PLAIN))
    n_withheld: int = Field(3, ge=1, le=len(VALUES["age"]))
    """ages that never come with one of the combinations of dialect and knowledge, each with another"""
    suits: bool = True
    """false, as a null: words of replies suit a listener who is drawn regardless of what was said"""
    asked: Literal["replies", "everything"] = "replies"
    """of what is trained: the words of replies, or all tokens, the speaker's as well"""
    n_train: int = Field(512, ge=4)
    """dialogues in `train`"""
    n_test: int = Field(128, ge=4)
    """dialogues in each held-out split, its validation part included"""
    validation: Fraction = 0.25
    """fraction of each that is set apart for choosing settings"""

    @property
    def laws(self) -> Laws:
        s = self
        return Laws(s.shows, s.moody, s.unseen, s.n_turns, s.n_things, s.n_places, s.suits)

    @property
    def lexicon(self) -> Lexicon:
        return Lexicon(self.n_things, self.n_places)

    @property
    def met(self) -> Bool[np.ndarray, "age dialect knowledge"]:
        """The combinations that speakers in training have: each dialect and each knowledge at each age."""
        found = np.ones(tuple(len(VALUES[name]) for name in PERSON), bool)
        for age in range(self.n_withheld):
            found[age, age % 2, (age + 1) // 2 % 2] = False
        return found

    @property
    def n_tokens(self) -> int:
        return len(self.lexicon.vocabulary)

    @property
    def length(self) -> int:
        return self.n_turns * TURN

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", *_HELD_OUT, *(split + VALIDATION for split in _HELD_OUT))

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train", "fresh")

    @property
    def truth(self) -> tuple[str, ...]:
        ideal = (f"ideal_{name}" for name in ATTRIBUTES)
        return (*ATTRIBUTES, *ideal, *_OF_TURNS, "floor")

    @property
    def scored(self) -> tuple[int, ...]:
        """Where a word of a reply comes next."""
        return tuple(turn * TURN + place for turn in range(self.n_turns) for place in REPLIED)

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 30 * (self.n_train + 2 * self.n_test) * self.length

    @model_validator(mode="after")
    def _there_are_enough(self) -> Self:
        if min(self.validation, 1 - self.validation) * self.n_test < 1:
            raise ValueError("n_test or validation leaves a part of the held-out splits empty")
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The fixed splits of one seed, and the stream."""
    rng = np.random.Generator(np.random.Philox(seed))
    n_validation = round(settings.validation * settings.n_test)
    taken: set[bytes] = set()
    splits = {}
    for name in reversed(settings.splits):
        size = settings.n_train if name == "train" else settings.n_test - n_validation
        size = n_validation if name.endswith(VALIDATION) else size
        found = _apart(settings, name, size, rng, taken)
        splits[name] = _split(settings, name, found)
        taken |= rows(found.tokens)
    names = {**VALUES, "place": PLAIN[: settings.n_places]}
    in_order = {name: splits[name] for name in settings.splits}
    dataset = Dataset(in_order, settings.lexicon.vocabulary, names=names)
    return replace(dataset, streams=streams(settings, dataset))


def streams(settings: Settings, dataset: Dataset) -> dict[str, Stream]:
    """What is drawn afresh for every batch, without the dialogues that are held out."""
    held_out = (its for name, its in dataset.splits.items() if name not in settings.trained)
    taken = set().union(*(rows(split.tokens) for split in held_out))

    def fresh(size: int, rng: np.random.Generator) -> Split:
        return _split(settings, "fresh", _apart(settings, "fresh", size, rng, taken))

    return {"fresh": fresh}


def _apart(
    settings: Settings, name: str, size: int, rng: np.random.Generator, taken: set[bytes]
) -> Told:
    """So many dialogues of a split that are none of those taken."""
    met = known = settings.met
    if name.startswith("composed"):
        met, known = ~met, np.ones_like(met)

    def draw(n: int) -> Told:
        return told(settings.laws, settings.lexicon, met, known, n, rng)

    found = draw(size)
    while again := [i for i, row in enumerate(found.tokens) if row.tobytes() in taken]:
        for its, new in zip(_arrays(found), _arrays(draw(len(again))), strict=True):
            its[again] = new
    return found


def _arrays(found: Told) -> list[np.ndarray]:
    return [found.tokens, *found.truth.values()]


def _split(settings: Settings, name: str, found: Told) -> Split:
    """Scored at the words of replies, or all along."""
    tokens, truth = found
    if settings.asked == "everything" and name in settings.trained:
        return Split.of_text(tokens, truth)
    scored = settings.scored
    return Split(tokens, tokens[:, np.array(scored) + 1], scored, truth=truth)
