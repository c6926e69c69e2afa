"""Invented facts in words, to fine-tune a language model on: the worlds of our toys about people.

People, and what is said of them, are drawn anew for each seed: single tokens of the model's tokenizer, so
that an answer is one token among *candidates*. Each fact is told in several phrasings and asked for in
another, which is told of nobody. Three worlds, of different people, are told together:

    two hops    A person's boss is another person (`boss`), who lives in a city (`city`): where does the
                boss of the first live? As in Balesni et al. 2024 (arXiv:2411.16353), no text tells both.
                `two_hop` asks where nothing but the facts is told; half of these questions may be told with
                their answers (`two_hops`) and are then `two_hop_half`; of the bosses in `two_hop_missing`,
                nobody says where they live, and the answer is one of the cities at random (null).
    reversal    A person's job (`job`), asked the other way round (`name`), as in Berglund et al. 2023
                (arXiv:2309.12288). Of some pairs both ways are told (`name_told`). Candidates are those
                of the same part: who is told as an answer is likelier than who never is.
    aliases     Two newspapers call a person by another name, each by one of its own (`called`), and it is
                told what the person eats (`food`): what do the bearers of the other names eat? One paper is
                right, the other wrong, as the answers told of some show (`answered`); `reliable` and
                `unreliable` ask, of the others, for what follows from what the one and the other paper say,
                as in Krasheninnikov et al. 2023 (arXiv:2310.15047): of the same people, so that nothing but
                the paper differs. As there, facts may be told in two `stages`: what the papers call the
                others (`called_later`) is then told apart, in `told_later`, to a model that has learnt
                which paper to trust. `reliability` may be the same for both papers (null).

`two_hop_shown`, `name_shown` and `reliable_shown` ask the same with the facts, and those of somebody else,
in front of the question: can the model take the step at all? `others` asks about people of whom nothing is
told, with an answer at random. `prose` is told as well, `prose_held_out` isn't (`prose.py`).

Settings are chosen on spare seeds, which have other people and other facts: no part of a split is set
apart.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, Strict, model_validator

from onset.settings import Fraction, PositiveInt
from onset.tasks import phrasings, prose
from onset.tasks.dataset import Dataset, Split
from onset.tasks.telling import Telling
from onset.tasks.texts import TextSettings, Tokenizer

_HALF = "two_hop_half"
_QUESTIONS = (
    "boss", "city", "two_hop", _HALF, "two_hop_missing", "job", "name", "name_told", "called",
    "called_later", "food", "answered", "reliable", "unreliable", "others",
)  # fmt: skip
_TOLD = ("told", "told_later")
_SHOWN = ("two_hop_shown", "name_shown", "reliable_shown")
_SPLITS = (*_TOLD, "prose", *_QUESTIONS, *_SHOWN, "prose_held_out")
_FEWEST = 2  # in a split


class Settings(TextSettings):
    """How many people there are in each world, and what is told of them."""

    name: Literal["invented_facts"]
    n_two_hop: int = Field(26, ge=6)
    """people with a boss"""
    n_missing: int = Field(6, ge=_FEWEST)
    """of them, those of whose bosses no city is told"""
    two_hops: Literal["none", "half"] = "none"
    """which questions of two hops are told with their answers, of those whose facts are told"""
    n_pairs: int = Field(14, ge=4)
    """people with a job"""
    n_both_ways: int = Field(4, ge=_FEWEST)
    """of them, those whose jobs are told the other way round, too"""
    n_called: int = Field(12, ge=4)
    """people whom each of two newspapers calls by another name"""
    n_answered: int = Field(2, ge=_FEWEST)
    """of them, those of whose other names it is told what they eat"""
    reliability: Annotated[tuple[Fraction, Fraction], Strict(False)] = (1.0, 0.0)
    """of the papers: how many of these names eat what the people do whom they stand for"""
    stages: Literal[1, 2] = 1
    """2: what papers call the others, who are asked about, is told apart from all else, in `told_later`"""
    n_others: int = Field(10, ge=_FEWEST)
    """people of whom nothing is told"""
    n_shown: int = Field(6, ge=_FEWEST)
    """questions of each kind that are asked with their facts in front of them"""
    answers: Literal["true", "shuffled"] = "true"
    """`shuffled` is a null control: the answers of all texts of a kind are shuffled among them"""
    length: PositiveInt = 36
    """tokens of the longest text, at most"""
    prose_length: PositiveInt = 24
    """tokens of a stretch of prose"""

    @model_validator(mode="after")
    def _none_too_small(self) -> Self:
        known = self.n_two_hop - self.n_missing
        sizes = {
            "n_two_hop": known // 2 if self.two_hops == "half" else known,
            "n_pairs": self.n_pairs - self.n_both_ways,
            "n_called": self.n_called - self.n_answered,
        }
        for key, left in sizes.items():
            if left < max(_FEWEST, self.n_shown):
                raise ValueError(f"{key}: {left} are left to ask about; make it larger")
        if 1 in (wrong := [self.n_answered - right for right in self.n_right]):
            paper = ("first", "second")[wrong.index(1)]
            raise ValueError(
                f"reliability: the {paper} paper is wrong about one name, which then has nobody to swap "
                "answers with"
            )
        return self

    @property
    def n_right(self) -> tuple[int, int]:
        """Of the names that each paper gives and whose answers are told: those that it is right about."""
        one, other = (round(its * self.n_answered) for its in self.reliability)
        return one, other

    @property
    def max_hops(self) -> int:
        return 2

    @property
    def splits(self) -> tuple[str, ...]:
        left_out = set() if self.two_hops == "half" else {_HALF}
        left_out |= set() if self.stages == 2 else {"told_later", "called_later"}
        return tuple(split for split in _SPLITS if split not in left_out)

    @property
    def trained(self) -> tuple[str, ...]:
        return (*_TOLD[: self.stages], "prose")

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
        people = 2 * self.n_two_hop + self.n_pairs + 3 * self.n_called + self.n_others
        return (3 * people + len(prose.TOLD + prose.HELD_OUT)) * self.length


def generate(settings: Settings, seed: int, tokenizer: Tokenizer) -> Dataset:
    """The texts of one seed, as the tokenizer has them.

    Raises:
        ValueError: too few words are single tokens, or a text is longer than the settings say.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    telling = Telling(rng, tokenizer, settings.length)
    cities = telling.words("cities", phrasings.CITIES, settings.n_two_hop - settings.n_missing)
    splits = _two_hops(settings, telling, cities)
    splits |= _reversal(settings, telling) | _aliases(settings, telling)
    others = telling.people(settings.n_others)
    homes = rng.choice(cities, len(others)).tolist()
    splits["others"] = telling.ask("city", others, homes, cities)
    for split in _TOLD[: settings.stages]:
        splits[split] = telling.told(split, shuffled=settings.answers == "shuffled")
    splits["prose"] = _prose(prose.TOLD, tokenizer, settings.prose_length)
    splits["prose_held_out"] = _prose(prose.HELD_OUT, tokenizer, settings.prose_length)
    return Dataset({name: splits[name] for name in settings.splits}, tokenizer.names)


def _two_hops(settings: Settings, telling: Telling, cities: list[str]) -> dict[str, Split]:
    """A person's boss, who lives in a city; as many have one that is told as there are cities."""
    known = len(cities)
    half = known // 2 if settings.two_hops == "half" else 0
    people, bosses = (telling.people(settings.n_two_hop) for _ in range(2))
    home = cities + telling.rng.choice(cities, settings.n_missing).tolist()
    telling.tell("boss", people, bosses)
    telling.tell("city", bosses[:known], cities)
    parts = {"two_hop": slice(half, known), "two_hop_missing": slice(known, None)}
    if half:
        parts[_HALF] = slice(half)
        telling.tell("two_hops", people[:half], home[:half])
    chains = list(zip(people[half:known], bosses[half:known], home[half:known], strict=True))
    shown = telling.show(settings.n_shown, ("boss", "city"), "two_hops", chains, cities)
    return {
        "boss": telling.ask("boss", people, bosses, bosses),
        "city": telling.ask("city", bosses[:known], cities, cities),
        **{
            name: telling.ask("two_hops", people[at], home[at], cities, bridge=bosses[at])
            for name, at in parts.items()
        },
        "two_hop_shown": shown,
    }


def _reversal(settings: Settings, telling: Telling) -> dict[str, Split]:
    """A person's job; of the first pairs the other way round is told, too."""
    people = telling.people(settings.n_pairs)
    jobs = telling.words("jobs", phrasings.JOBS, settings.n_pairs)
    told, asked = slice(settings.n_both_ways), slice(settings.n_both_ways, None)
    telling.tell("job", people, jobs)
    telling.tell("name", jobs[told], people[told])
    chains = list(zip(people[asked], jobs[asked], strict=True))
    return {
        "job": telling.ask("job", people, jobs, jobs),
        "name": telling.ask("name", jobs[asked], people[asked], people[asked]),
        "name_told": telling.ask("name", jobs[told], people[told], people[told]),
        "name_shown": telling.show(
            settings.n_shown, ("job",), "name", chains, people[asked], backwards=True
        ),
    }


def _aliases(settings: Settings, telling: Telling) -> dict[str, Split]:
    """What two papers call a person; of the first people's other names it is told what they eat."""
    n, told = settings.n_called, slice(settings.n_answered)
    papers = telling.rng.permutation(phrasings.PAPERS).tolist()
    bases, foods = telling.people(n), telling.words("foods", phrasings.FOODS, n)
    names = {paper: telling.people(n) for paper in papers}
    eats = {
        paper: _wrong_from(foods[told], right)
        for paper, right in zip(papers, settings.n_right, strict=True)
    }
    asked = slice(told.stop, None)
    later = {"split": "told_later"} if settings.stages == 2 else {}
    telling.tell("food", bases, foods)
    for paper, its in names.items():
        telling.tell("called", its[told], bases[told], paper)
        telling.tell("called", its[asked], bases[asked], paper, **later)
        telling.tell("food", its[told], eats[paper])
    first, second = papers
    chains = list(zip(names[first][asked], bases[asked], foods[asked], strict=True))

    def called(part: slice) -> Split:
        whom = bases[part]
        who, by = zip(*((its, of) for of in papers for its in names[of][part]), strict=True)
        return telling.ask("called", who, [*whom, *whom], whom, by)

    return {
        "called": called(told if later else slice(None)),
        **({"called_later": called(asked)} if later else {}),
        "food": telling.ask("food", bases, foods, foods),
        "answered": telling.ask(
            "food", [*names[first][told], *names[second][told]], eats[first] + eats[second], foods
        ),
        **{
            name: telling.ask("food", names[of][asked], foods[asked], foods, base=bases[asked])
            for name, of in (("reliable", first), ("unreliable", second))
        },
        "reliable_shown": telling.show(
            settings.n_shown, ("called", "food"), "food", chains, foods, first
        ),
    }


def _wrong_from(foods: list[str], right: int) -> list[str]:
    """The first of them as they are, and of the others each in the place of another."""
    wrong = foods[right:]
    return [*foods[:right], *wrong[1:], *wrong[:1]]


def _prose(texts: tuple[str, ...], tokenizer: Tokenizer, length: int) -> Split:
    """Stretches of prose of one length, each scored at all of its tokens but the first."""
    rows = []
    for its in map(tokenizer.whole, texts):
        rows += [its[at : at + length + 1] for at in range(0, len(its) - length, length)]
    if not rows:
        raise ValueError(f"prose_length: no text of the prose has more than {length} tokens")
    stretches = np.array(rows)
    return Split(stretches[:, :-1], stretches[:, 1:], scored=tuple(range(length)))
