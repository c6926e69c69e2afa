"""Short tasks in words that language models are known to solve, each asked for one token.

    days, months, numbers   "Monday, Tuesday, Wednesday," and the next one (Gould et al. 2023,
                            arXiv:2312.09230). The rival is the one after it
    greater_than            "The war lasted from the year 1743 to the year 17" and a later decade (Hanna et
                            al. 2023, arXiv:2305.00586). The rival is an earlier one
    pronouns                "So Mary is a really great friend, isn't" and she or he (Mathwin et al. 2023,
                            "Identifying a preliminary circuit for predicting gendered pronouns in GPT-2")
    initials                "The initials of Garden Window Table are G, W," and the third (after the
                            acronyms of García-Carrasco et al. 2024, arXiv:2405.04156). The rival is the
                            initial of a word that isn't there
    brackets                "( [ { }" and the bracket that is to be closed next. The rival closes one that
                            is open, too, but farther out

Of each kind there is a split of that name, and its null, `KIND_shuffled`: the same prompts in the same
order, with answers and rivals that belong to others of them. A prompt may come more than once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal, NamedTuple, get_args

import numpy as np
from pydantic import Field, Strict

from onset.settings import PositiveInt
from onset.tasks.dataset import Dataset, Split
from onset.tasks.texts import TextSettings, Tokenizer, single_tokens, split_of

Kind = Literal["days", "months", "numbers", "greater_than", "pronouns", "initials", "brackets"]
_NULL = "_shuffled"

_IN_ORDER = {
    "days": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "months": "January February March April May June July August September October November December",
    "numbers": "one two three four five six seven eight nine ten eleven twelve",
}
_COMES_AGAIN = ("days", "months")  # after the last comes the first
_SHOWN = (3, 4)  # members of an order, at least and at most
_LASTED = ("war", "strike", "siege", "marriage", "voyage", "project")
_CENTURY = 17
_NAMES = {
    " she": "Mary Sarah Emma Laura Anna Alice Linda Susan Karen Lisa Nancy Helen Maria Julia Jennifer",
    " he": "John Tom James Jack Paul Mark Peter Simon Martin Robert David Michael Richard Thomas Charles",
}
_OF_PERSONS = (
    "So {name} is a really great friend, isn't",
    "When {name} came home late in the evening,",
    "Nobody believed {name} at first, but",
)
_WORDS = """
Apple Bridge Castle Desert Engine Forest Garden Harbor Island Jungle Kitchen Ladder Mountain Needle Ocean
Pencil River Silver Table Window
"""
_OPEN, _CLOSED = "([{", ")]}"
_DEPTH = (2, 3)  # brackets that are open, at least and at most


class Asked(NamedTuple):
    """Questions, before anything is known of a model but its tokenizer."""

    prompts: list[str]
    right: list[int]
    rival: list[int]
    candidates: list[int]
    comes_again: bool = False
    """whether the candidates stand in an order in which the first comes after the last"""


class Settings(TextSettings):
    """Which kinds there are, and how many questions of each."""

    name: Literal["word_tasks"]
    kinds: Annotated[tuple[Kind, ...], Strict(False), Field(min_length=1)] = get_args(Kind)
    n_examples: int = Field(24, ge=4)
    """in each split"""
    length: PositiveInt = 28
    """tokens of the longest prompt, at most"""

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(f"{kind}{null}" for kind in dict.fromkeys(self.kinds) for null in ("", _NULL))

    @property
    def truth(self) -> tuple[str, ...]:
        return ("rival", "candidates", "turn")

    def truth_of(self, split: str) -> tuple[str, ...]:
        """A split's own: of days and months, each answer has its `turn` among the candidates."""
        return self.truth if split in _COMES_AGAIN else self.truth[:2]

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return len(self.splits) * self.n_examples * self.length


def generate(settings: Settings, seed: int, tokenizer: Tokenizer) -> Dataset:
    """The questions of one seed, as the tokenizer has them.

    Ground truth: the `rival` is a wrong answer of the right kind. Candidates are all answers of the kind;
    where the first of them comes again after the last, they stand in this order, and `turn` is an answer's
    place.

    Raises:
        ValueError: this tokenizer has no single tokens for a kind, or a prompt is longer than `length`.
    """
    splits = {}
    for kind in dict.fromkeys(settings.kinds):
        # Each kind draws by itself, so that leaving one out changes no other.
        rng = np.random.Generator(np.random.Philox([seed, get_args(Kind).index(kind)]))
        asked = _ASKED[kind](kind, settings.n_examples, tokenizer, rng)
        shift = int(rng.integers(1, settings.n_examples))
        for name, moved in ((kind, 0), (f"{kind}{_NULL}", shift)):
            splits[name] = _split(asked, moved, tokenizer, settings.length)
    return Dataset(splits, tokenizer.names)


def _split(asked: Asked, moved: int, tokenizer: Tokenizer, length: int) -> Split:
    """With the answers of prompts so many places away."""
    right, rival = (np.roll(np.array(its), moved) for its in (asked.right, asked.rival))
    candidates = np.array(asked.candidates)
    truth = {"rival": rival}
    if asked.comes_again and not moved:
        truth["turn"] = np.array([asked.candidates.index(token) for token in asked.right])
    return split_of(asked.prompts, right, tokenizer, length, truth=truth, candidates=candidates)


def _in_order(kind: str, n: int, tokenizer: Tokenizer, rng: np.random.Generator) -> Asked:
    words = _IN_ORDER[kind].split()
    tokens = _tokens(kind, words, tokenizer)
    prompts, right, rival = [], [], []
    for _ in range(n):
        shown = int(rng.integers(*_SHOWN, endpoint=True))
        last = len(words) if kind in _COMES_AGAIN else len(words) - shown - 1
        start = int(rng.integers(last))
        *before, it, after = (words[(start + i) % len(words)] for i in range(shown + 2))
        prompts.append(", ".join(before) + ",")
        right.append(tokens[it])
        rival.append(tokens[after])
    return Asked(prompts, right, rival, list(tokens.values()), kind in _COMES_AGAIN)


def _greater_than(kind: str, n: int, tokenizer: Tokenizer, rng: np.random.Generator) -> Asked:
    prompts, right, rival = [], [], []
    of_decade = _decades(kind, tokenizer)
    for _ in range(n):
        decade, year = int(rng.integers(2, 8)), int(rng.integers(10))
        thing = rng.choice(_LASTED)
        prompts.append(f"{_lasted(thing, f'{_CENTURY}{decade}{year}')} {_CENTURY}")
        right.append(of_decade[int(rng.integers(decade + 1, 10))])
        rival.append(of_decade[int(rng.integers(decade))])
    return Asked(prompts, right, rival, of_decade)


def _lasted(thing: str, year: str) -> str:
    return f"The {thing} lasted from the year {year} to the year"


def _decades(kind: str, tokenizer: Tokenizer) -> list[int]:
    """The token that goes on from the century, by decade: a digit, or a year of the decade in one token."""
    prompt = f"{_lasted(_LASTED[0], f'{_CENTURY}43')} {_CENTURY}"
    begun = tokenizer.whole(prompt)
    found = []
    for decade in range(10):
        whole = (tokenizer.whole(f"{prompt}{decade}{year}") for year in (5, *range(10)))
        goes_on = [its[len(begun)] for its in whole if its[: len(begun)] == begun]
        if not goes_on:
            raise _no_tokens(kind, f"{_CENTURY}{decade}x")
        found.append(goes_on[0])
    return found


def _pronouns(kind: str, n: int, tokenizer: Tokenizer, rng: np.random.Generator) -> Asked:
    tokens = list(_tokens(kind, [its.strip() for its in _NAMES], tokenizer).values())
    prompts, right, rival = [], [], []
    for which in rng.permutation(np.arange(n) % 2):
        name = rng.choice(list(_NAMES.values())[which].split())
        prompts.append(str(rng.choice(_OF_PERSONS)).format(name=name))
        right.append(tokens[which])
        rival.append(tokens[1 - which])
    return Asked(prompts, right, rival, tokens)


def _initials(kind: str, n: int, tokenizer: Tokenizer, rng: np.random.Generator) -> Asked:
    words = _WORDS.split()
    tokens = _tokens(kind, [word[0] for word in words], tokenizer)
    prompts, right, rival = [], [], []
    for _ in range(n):
        *three, other = rng.permutation(words)[:4].tolist()
        a, b, c = (word[0] for word in three)
        prompts.append(f"The initials of {' '.join(three)} are {a}, {b},")
        right.append(tokens[c])
        rival.append(tokens[other[0]])
    return Asked(prompts, right, rival, list(tokens.values()))


def _brackets(kind: str, n: int, tokenizer: Tokenizer, rng: np.random.Generator) -> Asked:
    tokens = list(_tokens(kind, list(_CLOSED), tokenizer).values())
    prompts, right, rival = [], [], []
    for _ in range(n):
        its = rng.permutation(len(_OPEN))[: rng.integers(*_DEPTH, endpoint=True)]
        shown = [_OPEN[which] for which in its]
        # A pair that is closed already: the last bracket that was opened isn't the one to be closed.
        extra = rng.integers(len(_OPEN))
        at = int(rng.integers(1, len(its) + 1))
        shown[at:at] = [_OPEN[extra], _CLOSED[extra]]
        prompts.append(" ".join(shown))
        right.append(tokens[its[-1]])
        rival.append(tokens[its[-2]])
    return Asked(prompts, right, rival, tokens)


def _tokens(kind: str, words: Sequence[str], tokenizer: Tokenizer) -> dict[str, int]:
    """Of each word its token.

    Raises:
        ValueError: one has none of its own.
    """
    found = single_tokens(words, tokenizer)
    if missing := [word for word in words if word not in found]:
        raise _no_tokens(kind, missing[0])
    return found


def _no_tokens(kind: str, word: str) -> ValueError:
    return ValueError(
        f"kinds: {word!r} is no single token of this model's tokenizer; leave out {kind}"
    )


_ASKED: dict[str, Callable[[str, int, Tokenizer, np.random.Generator], Asked]] = {
    **dict.fromkeys(_IN_ORDER, _in_order),
    "greater_than": _greater_than,
    "pronouns": _pronouns,
    "initials": _initials,
    "brackets": _brackets,
}
