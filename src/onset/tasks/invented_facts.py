"""Invented facts in words, to fine-tune a language model on: the worlds of our toys about people.

People, and what is said of them, are drawn anew for each seed: single tokens of the model's tokenizer, so
that an answer is one token among *candidates*. Each fact is told in several phrasings and asked for in
another, which is told of nobody. Three worlds, of different people, are told together:

    two hops    A person's boss is another person (`boss`), who lives in a city (`city`): where does the
                boss of the first live? As in Balesni et al. 2024 (arXiv:2411.16353), no text tells both.
                `two_hop` asks where nothing but the facts is told; `two_hop_half` is a half that may be
                told itself (`two_hops`); of the bosses in `two_hop_missing`, nobody says where they live,
                and the answer is one of the cities at random (null).
    reversal    A person's job (`job`), asked the other way round (`name`), as in Berglund et al. 2023
                (arXiv:2309.12288). Of some pairs both ways are told (`name_told`). Candidates are those
                of the same part: who is told as an answer is likelier than who never is.
    aliases     A newspaper calls a person by another name (`called`), and of that name it is told what it
                eats (`food`): what does the first eat? One paper is right, the other wrong, as the answers
                told of some people show (`answered`); `reliable` and `unreliable` ask, of the others, for
                what follows from what the one and the other paper say, as in Krasheninnikov et al. 2023
                (arXiv:2310.15047).

`two_hop_shown`, `name_shown` and `reliable_shown` ask the same with the facts, and those of somebody else,
in front of the question: can the model take the step at all? `others` asks about people of whom nothing is
told, with an answer at random. `prose` is told as well, `prose_held_out` isn't (`prose.py`).

Settings are chosen on spare seeds, which have other people and other facts: no part of a split is set
apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from onset.settings import PositiveInt
from onset.tasks import phrasings, prose
from onset.tasks.dataset import Dataset, Split
from onset.tasks.texts import TextSettings, Tokenizer, places_of, single_tokens, split_of

_QUESTIONS = (
    "boss", "city", "two_hop", "two_hop_half", "two_hop_missing", "job", "name", "name_told", "called",
    "food", "answered", "reliable", "unreliable", "others",
)  # fmt: skip
_SHOWN = ("two_hop_shown", "name_shown", "reliable_shown")
_SPLITS = ("told", "prose", *_QUESTIONS, *_SHOWN, "prose_held_out")
_FEWEST = 2  # in a split


class Settings(TextSettings):
    """How many people there are in each world, and what is told of them."""

    name: Literal["invented_facts"]
    n_two_hop: int = Field(16, ge=6)
    """people with a boss"""
    n_missing: int = Field(4, ge=_FEWEST)
    """of them, those of whose bosses no city is told"""
    two_hops: Literal["none", "half"] = "none"
    """which questions of two hops are told with their answers, of those whose facts are told"""
    n_pairs: int = Field(12, ge=4)
    """people with a job"""
    n_both_ways: int = Field(4, ge=_FEWEST)
    """of them, those whose jobs are told the other way round, too"""
    n_aliases: int = Field(18, ge=8)
    """people whom a newspaper calls by another name, every other one the reliable paper"""
    n_answered: int = Field(6, ge=_FEWEST)
    """of them, those of whom it is told what they eat"""
    n_others: int = Field(10, ge=_FEWEST)
    """people of whom nothing is told"""
    n_shown: int = Field(4, ge=_FEWEST)
    """questions of each kind that are asked with their facts in front of them"""
    answers: Literal["true", "shuffled"] = "true"
    """`shuffled` is a null control: the answers of all texts of a kind are shuffled among them"""
    length: PositiveInt = 36
    """tokens of the longest text, at most"""
    prose_length: PositiveInt = 24
    """tokens of a stretch of prose"""

    @model_validator(mode="after")
    def _none_too_small(self) -> Self:
        sizes = {
            "n_two_hop": (self.n_two_hop - self.n_missing) // 2,
            "n_pairs": self.n_pairs - self.n_both_ways,
            "n_aliases": (self.n_aliases - self.n_answered) // 2,
        }
        for key, left in sizes.items():
            if left < max(_FEWEST, self.n_shown):
                raise ValueError(f"{key}: {left} are left to ask about; make it larger")
        return self

    @property
    def max_hops(self) -> int:
        return 2

    @property
    def splits(self) -> tuple[str, ...]:
        return _SPLITS

    @property
    def trained(self) -> tuple[str, ...]:
        return ("told", "prose")

    @property
    def truth(self) -> tuple[str, ...]:
        return ("candidates", "person_place", "entity", "bridge", "base")

    def truth_of(self, split: str) -> tuple[str, ...]:
        """A split's own: people stand at `person_place`; of two hops the `bridge` is the boss, of an alias
        the `base` is the person that it stands for."""
        if split not in _QUESTIONS:
            return ("candidates",) if split in _SHOWN else ()
        more = {"bridge": split.startswith("two_hop"), "base": split in ("reliable", "unreliable")}
        return (
            "candidates",
            "person_place",
            "entity",
            *(name for name, has in more.items() if has),
        )

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        people = 2 * self.n_two_hop + self.n_pairs + 2 * self.n_aliases + self.n_others
        return (3 * people + len(prose.TOLD + prose.HELD_OUT)) * self.length


def generate(settings: Settings, seed: int, tokenizer: Tokenizer) -> Dataset:
    """The texts of one seed, as the tokenizer has them.

    Raises:
        ValueError: too few words are single tokens, or a text is longer than the settings say.
    """
    world = _World(settings, np.random.Generator(np.random.Philox(seed)), tokenizer)
    splits = world.two_hops() | world.reversal() | world.aliases() | world.others()
    splits["told"] = world.told()
    splits["prose"] = _prose(prose.TOLD, tokenizer, settings.prose_length)
    splits["prose_held_out"] = _prose(prose.HELD_OUT, tokenizer, settings.prose_length)
    return Dataset({name: splits[name] for name in settings.splits}, tokenizer.names)


@dataclass
class _Told:
    """A text that is trained on: its kind, itself, its answer."""

    kind: str
    text: str
    answer: str


@dataclass
class _Shown:
    """A question that is asked with its facts and another's in front of it."""

    mine: tuple[str, ...]
    """the words of its chain of facts, from the first person to the answer"""
    other: tuple[str, ...]
    other_first: bool

    def text(self, facts: Sequence[str], question: str, paper: str = "", asked: int = 0) -> str:
        """Each fact of both in turn, and a question about word `asked` of its own."""
        in_order = [self.other, self.mine] if self.other_first else [self.mine, self.other]
        told = [
            f"{fact.format(words[i], paper=paper)} {words[i + 1]}."
            for i, fact in enumerate(facts)
            for words in in_order
        ]
        return " ".join([*told, question.format(self.mine[asked])])


class _World:
    """Words are handed out once each; what is told is gathered on the way."""

    def __init__(self, settings: Settings, rng: np.random.Generator, tokenizer: Tokenizer) -> None:
        self._settings, self._rng, self._tokenizer = settings, rng, tokenizer
        self._tokens: dict[str, int] = {}
        self._names = self._words("names", phrasings.NAMES)
        self._told: list[_Told] = []

    def _words(self, kind: str, words: str, wanted: int = 0) -> list[str]:
        """Those that are single tokens, in a random order; as many as are wanted."""
        found = single_tokens(words.split(), self._tokenizer)
        self._tokens |= found
        return self._taken(kind, self._rng.permutation(list(found)).tolist(), wanted or len(found))

    def _taken(self, kind: str, words: list[str], n: int) -> list[str]:
        """The first words of a list, which has them no more."""
        if len(words) < n:
            raise ValueError(
                f"{n} more {kind} are needed, and only {len(words)} are single tokens of this model's "
                "tokenizer; make the world smaller"
            )
        taken, words[:] = words[:n], words[n:]
        return taken

    def _people(self, n: int) -> list[str]:
        return self._taken("names", self._names, n)

    def _tell(self, kind: str, who: Sequence[str], answers: Sequence[str], papers=()) -> None:
        for i, (person, answer) in enumerate(zip(who, answers, strict=True)):
            for text in phrasings.TOLD[kind]:
                told = text.format(person, paper=papers[i] if papers else "")
                self._told.append(_Told(kind, told, answer))

    def _ask(
        self,
        kind: str,
        who: Sequence[str],
        answers: Sequence[str],
        candidates: Sequence[str],
        papers: Sequence[str] = (),
        **truth: Sequence[str],
    ) -> Split:
        texts = [
            phrasings.ASKED[kind].format(person, paper=papers[i] if papers else "")
            for i, person in enumerate(who)
        ]
        split = self._split(texts, answers, candidates)
        entity = self._numbers(who)
        known = {name: self._numbers(words) for name, words in truth.items()}
        places = places_of(split, {"person_place": entity})
        hops = 2 if kind == "two_hops" else 1
        return replace(split, truth={**places, "entity": entity, **known}, hops=hops)

    def _split(
        self, texts: Sequence[str], answers: Sequence[str], candidates: Sequence[str] = ()
    ) -> Split:
        known = {"candidates": self._numbers(candidates)} if candidates else {}
        right = self._numbers(answers)
        return split_of(texts, right, self._tokenizer, self._settings.length, **known)

    def _numbers(self, words: Sequence[str]) -> Int[np.ndarray, " words"]:
        return np.array([self._tokens[word] for word in words])

    def two_hops(self) -> dict[str, Split]:
        n, missing = self._settings.n_two_hop, self._settings.n_missing
        people, bosses = self._people(n), self._people(n)
        known = n - missing
        cities = self._words("cities", phrasings.CITIES, known)
        home = cities + self._rng.choice(cities, missing).tolist()
        half = known // 2
        self._tell("boss", people, bosses)
        self._tell("city", bosses[:known], home[:known])
        if self._settings.two_hops == "half":
            self._tell("two_hops", people[:half], home[:half])
        parts = {"two_hop_half": slice(0, half), "two_hop": slice(half, known)}
        parts["two_hop_missing"] = slice(known, None)
        self._cities = cities
        shown = [
            its.text(
                [phrasings.TOLD["boss"][0], phrasings.TOLD["city"][0]], phrasings.ASKED["two_hops"]
            )
            for its in self._shown(people[half:known], bosses[half:known], home[half:known])
        ]
        return {
            "boss": self._ask("boss", people, bosses, bosses),
            "city": self._ask("city", bosses[:known], home[:known], cities),
            **{
                name: self._ask("two_hops", people[at], home[at], cities, bridge=bosses[at])
                for name, at in parts.items()
            },
            "two_hop_shown": self._split(shown, home[half : half + len(shown)], cities),
        }

    def reversal(self) -> dict[str, Split]:
        n, both = self._settings.n_pairs, self._settings.n_both_ways
        people, jobs = self._people(n), self._words("jobs", phrasings.JOBS, n)
        self._tell("job", people, jobs)
        self._tell("name", jobs[:both], people[:both])
        shown = [
            its.text([phrasings.TOLD["job"][0]], phrasings.ASKED["name"], asked=1)
            for its in self._shown(people[both:], jobs[both:])
        ]
        answers = people[both : both + len(shown)]
        return {
            "job": self._ask("job", people, jobs, jobs),
            "name": self._ask("name", jobs[both:], people[both:], people[both:]),
            "name_told": self._ask("name", jobs[:both], people[:both], people[:both]),
            "name_shown": self._split(shown, answers, people[both:]),
        }

    def aliases(self) -> dict[str, Split]:
        n, answered = self._settings.n_aliases, self._settings.n_answered
        people, bases = self._people(n), self._people(n)
        foods = self._words("foods", phrasings.FOODS, n)
        order = self._rng.permutation(2)
        paper = [phrasings.PAPERS[order[i % 2]] for i in range(n)]  # the reliable one first
        # What is told of those whom the wrong paper names is what another of them eats.
        wrong = list(range(1, answered, 2))
        eats = foods[:answered]
        for one, other in zip(wrong, wrong[1:] + wrong[:1], strict=True):
            eats[one] = foods[other if len(wrong) > 1 else 0]
        self._tell("called", people, bases, paper)
        self._tell("food", bases, foods)
        self._tell("food", people[:answered], eats)
        parts = {"reliable": slice(answered + answered % 2, None, 2)}
        parts["unreliable"] = slice(answered + 1 - answered % 2, None, 2)
        at = parts["reliable"]
        shown = [
            its.text(
                [phrasings.TOLD["called"][0], phrasings.TOLD["food"][0]],
                phrasings.ASKED["food"],
                paper[at.start],
            )
            for its in self._shown(people[at], bases[at], foods[at])
        ]
        return {
            "called": self._ask("called", people, bases, bases, paper),
            "food": self._ask("food", bases, foods, foods),
            "answered": self._ask("food", people[:answered], eats, foods),
            **{
                name: self._ask("food", people[at], foods[at], foods, base=bases[at])
                for name, at in parts.items()
            },
            "reliable_shown": self._split(shown, foods[at][: len(shown)], foods),
        }

    def others(self) -> dict[str, Split]:
        n = self._settings.n_others
        people, cities = self._people(n), self._cities
        return {"others": self._ask("city", people, self._rng.choice(cities, n).tolist(), cities)}

    def told(self) -> Split:
        answers = np.array([its.answer for its in self._told])
        if self._settings.answers == "shuffled":
            kinds = np.array([its.kind for its in self._told])
            for kind in dict.fromkeys(kinds):
                at = np.flatnonzero(kinds == kind)
                answers[at] = answers[self._rng.permutation(at)]
        return self._split([its.text for its in self._told], answers.tolist())

    def _shown(self, *words: list[str]) -> list[_Shown]:
        """Of the first people what is told of them, one word after the other, each with the next beside."""
        columns = list(zip(*words, strict=True))
        return [
            _Shown(columns[i], columns[(i + 1) % len(columns)], bool(i % 2))
            for i in range(self._settings.n_shown)
        ]


def _prose(texts: Sequence[str], tokenizer: Tokenizer, length: int) -> Split:
    """Stretches of prose of one length, each scored at all of its tokens but the first."""
    rows = []
    for its in map(tokenizer.whole, texts):
        rows += [its[at : at + length + 1] for at in range(0, len(its) - length, length)]
    if not rows:
        raise ValueError(f"prose_length: no text of the prose has more than {length} tokens")
    stretches = np.array(rows)
    return Split(stretches[:, :-1], stretches[:, 1:], scored=tuple(range(length)))
