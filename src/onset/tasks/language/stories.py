"""Stories in a small language about which everything is known: of each token the best possible prediction,
its topic, its slot, and the rule that determines it.

A story is a row of sentences about a few persons and things, cut off at `length`. Each sentence has a
*topic*, which is never told. It makes some frames more frequent, chooses the words of pools, and drifts
from sentence to sentence. The words are in `words`, the frames in `sentences`; a token's *slot* is its
part of speech there. Tokens are also determined by *rules*:

    number        verbs agree with their subject: "mia fox sings", "they sing"
    article       `an` stands before a vowel: "an island"
    pronoun       she, he or they stand for the last subject
    surname       whoever is named again has the same surname: "mia fox … mia" → "fox"
    whereabouts   a thing stays where it was: "the lamp upstairs … the lamp" → "upstairs"
    restated      the same, asked one token later: "the lamp is" → "upstairs"
    song          the story's song is the same each time: "la dum dee … la dum" → "dee"

The last four are *composed*: they take two layers. Which value belongs to which key is drawn anew for
each story, so it can't be learnt by heart, and a value is told right after its key; in a song, each
syllable is the key of the next. When the key comes again, its value is the token that followed it before:
a first layer copies each token into the next one, and a second layer looks for the token into which this
key was copied (an induction head: Olsson et al. 2022, arXiv:2209.11895). For `restated`, what is looked
for must have been copied as well. In a single layer, how much a token attends to another depends on these
two and on their positions, but not on their neighbours: it can collect the values that a story has told,
but not whose they are. Recency doesn't help, because whoever is named next is any of the story's persons
with the same probability, and likewise for things. What a single layer could still use is how often each
token has come, as a key comes as often as its value; this is of no use in the splits that ask for one
rule.

What is known of each token, in every split:

    topic, slot, rule          numbers; the dataset has their names
    floor                      −log p (nats) of a reader who knows the grammar: on average nothing is
                               better (`following`)
    unbound                    the same of a reader who knows the grammar and which values have been told,
                               but not whose they are, nor in which order: what can be reached without
                               composed rules
    unigram, bigram, trigram   the same of models that count `n_counted` stories (`ngrams`)

The splits have no story in common. Held-out ones have a validation part, except for twins:

    train                     stories for trainings that see them again and again
    fresh                     a stream: every batch is drawn afresh
    test                      stories in which every token is asked for
    other_topic               twins of the first stories of `test`: all topics are exchanged, and so are
                              the words of pools; frames, persons and things stay
    other_slot                twins of the same: each sentence keeps its topic and has another pattern
    surname, whereabouts, …   stories that end with a token that this composed rule determines; only this
                              is asked for
    surname_swapped, …        twins of these, in which the right value and its rival have changed places
                              everywhere; until the end, both come equally often. Whoever knows values,
                              but not whose they are, says the same to both

Of each story in the last two, the *rival* is known, a value of another key that was told as often, and
where the right value and its rival were told first: `right_place`, `rival_place`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from onset.settings import Fraction, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split, Stream
from onset.tasks.language.following import nats
from onset.tasks.language.frames import COMPOSED, RULES
from onset.tasks.language.grammar import Grammar
from onset.tasks.language.held_out import apart, truth_of_swapped, with_swapped, with_twins
from onset.tasks.language.ngrams import ORDERS, NGrams
from onset.tasks.language.sentences import grammar_of
from onset.tasks.language.teller import Laws
from onset.tasks.language.telling import Stories, told
from onset.tasks.language.words import TOPICS
from onset.tasks.parts import drawn_apart, rows

_SWAPPED = "_swapped"
_TWINS = ("other_topic", "other_slot")
_OF_TOKENS = ("topic", "slot", "rule", "floor", "unbound", *ORDERS)
_OF_SWAPPED = ("rival", "right_place", "rival_place")
_MOST_TOLD = 6

A_CHILD_MAY_CHANGE = ("drift", "n_persons", "n_things", "bound", "n_train")


class Settings(BaseSettings):
    """What stories are about, and how many there are."""

    name: Literal["stories"]
    n_topics: int = Field(len(TOPICS), ge=2, le=len(TOPICS))
    drift: Fraction = 0.2
    """how often a sentence has another topic than the one before it"""
    n_persons: int = Field(3, ge=2, le=_MOST_TOLD)
    """of each story"""
    n_things: int = Field(3, ge=2, le=_MOST_TOLD)
    """of each story"""
    bound: bool = True
    """false, as a null: whoever is named again has any surname that has been told, and things are
    wherever one was, and songs have any order, so that nothing can be better than `unbound`"""
    length: int = Field(96, ge=32)
    """tokens of a story"""
    n_train: PositiveInt = 64
    """stories in `train`"""
    n_test: int = Field(128, ge=4)
    """stories in `test`, and in its validation part"""
    n_asked: int = Field(64, ge=4)
    """stories in each other held-out split, and in each validation part of one"""
    n_counted: PositiveInt = 4000
    """stories that n-gram models count"""

    @property
    def grammar(self) -> Grammar:
        return grammar_of(self.n_topics)

    @property
    def laws(self) -> Laws:
        return Laws(self.drift, self.n_persons, self.n_things, self.bound)

    @property
    def traits(self) -> tuple[str, ...]:
        return ("swapped",)

    @property
    def n_tokens(self) -> int:
        return len(self.grammar.vocabulary)

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        asked = [f"{rule}{twin}" for rule in COMPOSED for twin in ("", _SWAPPED)]
        validation = [f"{split}{VALIDATION}" for split in ("test", *COMPOSED)]
        return ("train", "test", *_TWINS, *asked, *validation)

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train", "fresh")

    @property
    def truth(self) -> tuple[str, ...]:
        return (*_OF_TOKENS, *_OF_SWAPPED)

    def truth_of(self, split: str) -> tuple[str, ...]:
        return self.truth if split.startswith(COMPOSED) else _OF_TOKENS

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        n_held_out = 2 * self.n_test + (len(self.splits) - 3) * self.n_asked
        held = (self.n_train + n_held_out) * (2 + len(_OF_TOKENS))
        return (4 * self.n_counted + held) * self.length

    @model_validator(mode="after")
    def _twins_have_stories(self) -> Self:
        if self.n_asked > self.n_test:
            raise ValueError(
                f"each twin is one of a story in test: n_asked ({self.n_asked}) can't be more than "
                f"n_test ({self.n_test})"
            )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The fixed splits of one seed, and the stream."""
    rng = np.random.Generator(np.random.Philox(seed))
    grammar, laws = settings.grammar, settings.laws
    counted = told(grammar, laws, settings.n_counted, settings.length, rng)
    stories, truth = _drawn(settings, rng, taken=rows(counted.tokens))
    # All splits at once: a reader takes about as long for a few stories as for many.
    every = Stories.joined([stories[name] for name in settings.splits])
    losses = {
        "floor": nats(grammar, laws, every.tokens),
        "unbound": nats(grammar, laws._replace(bound=False), every.tokens),
        **NGrams(counted.tokens, settings.n_tokens).nats(every.tokens),
    }
    known = {"topic": every.topic, "slot": every.slot, "rule": every.rule}
    known |= {name: its.astype(np.float32) for name, its in losses.items()}
    splits: dict[str, Split] = {}
    first = 0
    for name in settings.splits:
        its = slice(first, first := first + len(stories[name].tokens))
        of_tokens = {fact: values[its] for fact, values in known.items()}
        split = Split.of_text(every.tokens[its], of_tokens | truth.get(name, {}))
        splits[name] = _asked_at_the_end(split) if name in truth else split
    names = {"topic": grammar.topics, "slot": grammar.slots, "rule": RULES}
    dataset = Dataset(splits, grammar.vocabulary, names=names)
    return replace(dataset, streams=streams(settings, dataset))


def streams(settings: Settings, dataset: Dataset) -> dict[str, Stream]:
    """What is drawn afresh for every batch; all seeds have the same world, and hold out other stories."""
    held_out = [its for name, its in dataset.splits.items() if name not in settings.trained]
    taken = set().union(*(rows(split.tokens) for split in held_out))

    def fresh(size: int, rng: np.random.Generator) -> Split:
        def draw(n: int) -> Int[np.ndarray, "stories length"]:
            return told(settings.grammar, settings.laws, n, settings.length, rng).tokens

        return Split.of_text(drawn_apart(taken, draw, size))

    return {"fresh": fresh}


def _drawn(
    settings: Settings, rng: np.random.Generator, taken: set[bytes]
) -> tuple[dict[str, Stories], dict[str, dict[str, Int[np.ndarray, " stories"]]]]:
    """Stories by split, none of them taken; and what is known of those as a whole that end with a rule."""
    grammar, laws, length = settings.grammar, settings.laws, settings.length
    stories, truth = {}, {}
    (stories["train"],) = apart(
        taken, lambda n: (told(grammar, laws, n, length, rng),), settings.n_train
    )
    for part in ("", VALIDATION):
        draw = partial(with_twins, grammar, laws, length, rng)
        stories[f"test{part}"], *twins = apart(taken, draw, settings.n_test)
        for name, its in zip(_TWINS, twins, strict=True):
            stories[name + part] = its.of(np.arange(settings.n_asked))
        for rule in COMPOSED:
            draw = partial(with_swapped, grammar, laws, length, rng, rule)
            both = apart(taken, draw, settings.n_asked)
            names = [f"{rule}{twin}{part}" for twin in ("", _SWAPPED)]
            stories |= zip(names, both, strict=True)
            truth |= zip(names, truth_of_swapped(*both), strict=True)
    return stories, truth


def _asked_at_the_end(split: Split) -> Split:
    """The same, asked for the last token alone."""
    return replace(split, scored=split.scored[-1:], targets=split.targets[:, -1:])
