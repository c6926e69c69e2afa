"""Riddles: sentences whose last word follows from the others, each with a twin in which another one does.

    ioi        mia and tom met at the kitchen , tom gave a lamp to  →  mia
               (Wang et al. 2022, arXiv:2211.00593). The twin names mia again instead
    order      count from three up to  →  five. The twin counts down, for example to two
               (after greater-than, Hanna et al. 2023, arXiv:2305.00586)
    pronoun    mia was late because  →  she. The twin is about a man
               (Mathwin et al. 2023, "Identifying a preliminary circuit for predicting gendered pronouns")
    bracket    open ( [ close  →  ]. The twin has the two in the other order
    sorting    in order fig apple cherry : apple  →  cherry. The twin has something that comes after fig
               in place of cherry, and its answer is fig
    acronym    apple fig grape in short letter_a letter_f  →  letter_g. The twin's third word is another one
               (García-Carrasco et al. 2024, arXiv:2405.04156)
    argument   define fox king swan : argument fox argument king argument  →  swan. The twin's third is
               another one (after the docstring circuit, Heimersheim & Janiak 2023)
    mapping    two three , five six , seven  →  eight. Examples show what is done with numbers, one more
               or one less; the twin shows the other

What is right for one is the *rival* for its twin. The two are equally long, and differ in few words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

import numpy as np

from onset.tasks.language import words

Kind = Literal["ioi", "order", "pronoun", "bracket", "sorting", "acronym", "argument", "mapping"]
KINDS: tuple[Kind, ...] = get_args(Kind)

NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
FRUITS = "apple banana cherry date elder fig grape lemon mango olive peach quince".split()  # noqa: SIM905
_INITIALS = {word: f"letter_{word[0]}" for word in FRUITS}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_ROOMS = ("house", "kitchen", "garden", "station")
_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "ioi": (
        "{a} and {b} met at the {room} , {s} gave a {thing} to",
        "{a} met {b} at the {room} and then {s} gave a {thing} to",
        "at the {room} were {a} and {b} when {s} showed a {thing} to",
        "after {a} and {b} left the {room} {s} brought a {thing} to",
    ),
    "order": ("count from {x} {way} to", "from {x} we go {way} to", "going {way} from {x} comes"),
    "pronoun": ("{a} was late because", "nobody saw {a} before", "when {a} came home"),
    "bracket": ("open {x} {y} close", "begin {x} {y} end", "write {x} {y} then"),
    "sorting": (
        "in order {x} {y} {z} : {u}",
        "sorted {x} {y} {z} are {u}",
        "put {x} {y} {z} as {u}",
    ),
    "acronym": (
        "{x} {y} {z} in short {i} {j}",
        "short for {x} {y} {z} is {i} {j}",
        "{x} {y} {z} : {i} {j}",
    ),
    "argument": (
        "define {x} {y} {z} : argument {x} argument {y} argument",
        "given {x} {y} {z} : first {x} then {y} then",
        "arguments {x} {y} {z} are {x} and {y} and",
    ),
    "mapping": (
        "{x} {fx} , {y} {fy} , {z}",
        "{x} : {fx} ; {y} : {fy} ; {z} :",
        "{x} to {fx} and {y} to {fy} and {z} to",
    ),
}
_MORE_SHE = "alice clara dora edith flora grace helen iris jane kate lucy maria nina olga"
_MORE_HE = "adam bruno carl david eric felix gus henry ivan jack luke noah oscar peter"
_NEW_PART = 3  # one name in so many is in no trained riddle
MOST_NAMES = len(f"{words.SHE} {_MORE_SHE}".split())


@lru_cache
def names_of(n: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of so many women and so many men; those that stories tell of by themselves come first."""
    both = f"{words.SHE} {_MORE_SHE}", f"{words.HE} {_MORE_HE}"
    she, he = (tuple(its.split()[:n]) for its in both)
    return she, he


class Riddle(NamedTuple):
    """Words without the last, and that; the same of the twin. What the twin asks for is the rival."""

    words: list[str]
    right: str
    twin: list[str]
    rival: str


@dataclass(frozen=True)
class Pools:
    """What riddles may be made of: what is trained, or what is held out."""

    new_names: bool = False
    new_template: bool = False
    n_names: int = 6
    """of women, and of men; the last third of each is in no trained riddle"""

    def template(self, kind: Kind, rng: np.random.Generator) -> str:
        """The last of a kind is the new one."""
        *trained, new = _TEMPLATES[kind]
        return new if self.new_template else trained[rng.integers(len(trained))]

    @property
    def of_each(self) -> tuple[list[str], list[str]]:
        """Names of women and of men that may be used."""
        first_new = self.n_names - self.n_names // _NEW_PART
        part = slice(first_new, None) if self.new_names else slice(first_new)
        she, he = (list(its[part]) for its in names_of(self.n_names))
        return she, he

    @property
    def names(self) -> list[str]:
        she, he = self.of_each
        return she + he


HAVE_NAMES = ("ioi", "pronoun")
"""kinds of which names are held out"""


def vocabulary(n_names: int = 6) -> tuple[str, ...]:
    """All words that riddles are made of, with so many names of women and of men."""
    fixed = " ".join(its for templates in _TEMPLATES.values() for its in templates).split()
    of_women, of_men = names_of(n_names)
    pools = (
        *(*of_women, *of_men, *f"{words.THINGS} {words.SURNAMES}".split()),
        *(*NUMBERS, *FRUITS, *_INITIALS.values(), *_BRACKETS, *_BRACKETS.values()),
        *(*_ROOMS, "up", "down", "she", "he"),
    )
    return tuple(dict.fromkeys([*(its for its in fixed if its[0] != "{"), *pools]))


def candidates(kind: Kind, n_names: int = 6) -> tuple[str, ...]:
    """The words that could answer a riddle of a kind, with so many names of women and of men."""
    of_women, of_men = names_of(n_names)
    return {
        "ioi": of_women + of_men,
        "order": tuple(NUMBERS),
        "pronoun": ("she", "he"),
        "bracket": tuple(_BRACKETS.values()),
        "sorting": tuple(FRUITS),
        "acronym": tuple(dict.fromkeys(_INITIALS.values())),
        "argument": tuple(words.SURNAMES.split()),
        "mapping": tuple(NUMBERS),
    }[kind]


def drawn(kind: Kind, pools: Pools, rng: np.random.Generator) -> Riddle:
    """A riddle and its twin."""
    return _DRAWN[kind](pools.template(kind, rng), pools, rng)


def with_third(riddle: Riddle, pools: Pools, rng: np.random.Generator) -> Riddle:
    """Of indirect objects the same with a third name in place of the one that comes again, so that nobody
    is named twice; its twin as it was."""
    last = len(riddle.words) - 1 - riddle.words[::-1].index(riddle.rival)
    (third,) = _different([its for its in pools.names if its not in riddle.words], 1, rng)
    changed = [*riddle.words[:last], third, *riddle.words[last + 1 :]]
    return riddle._replace(words=changed)


def _different(pool: Sequence[str], n: int, rng: np.random.Generator) -> list[str]:
    return [pool[i] for i in rng.permutation(len(pool))[:n]]


def _both(template: str, right: str, rival: str, own: dict, twin: dict, **same: str) -> Riddle:
    """A template filled in twice."""
    return Riddle(
        template.format(**own, **same).split(),
        right,
        template.format(**twin, **same).split(),
        rival,
    )


def _ioi(template: str, pools: Pools, rng: np.random.Generator) -> Riddle:
    a, b = _different(pools.names, 2, rng)
    right, rival = (a, b) if rng.random() < 0.5 else (b, a)
    (room,), (thing,) = _different(_ROOMS, 1, rng), _different(words.THINGS.split(), 1, rng)
    return _both(
        template, right, rival, {"s": rival}, {"s": right}, a=a, b=b, room=room, thing=thing
    )


def _order(template: str, pools: Pools, rng: np.random.Generator) -> Riddle:
    low, x, high = sorted(rng.permutation(len(NUMBERS))[:3].tolist())
    ends = {"up": NUMBERS[high], "down": NUMBERS[low]}
    way, other = _different(list(ends), 2, rng)
    return _both(template, ends[way], ends[other], {"way": way}, {"way": other}, x=NUMBERS[x])


def _pronoun(template: str, pools: Pools, rng: np.random.Generator) -> Riddle:
    of = dict(zip(("she", "he"), pools.of_each, strict=True))
    right, rival = _different(list(of), 2, rng)
    (own,), (other,) = _different(of[right], 1, rng), _different(of[rival], 1, rng)
    return _both(template, right, rival, {"a": own}, {"a": other})


def _bracket(template: str, pools: Pools, rng: np.random.Generator) -> Riddle:
    x, y = _different(list(_BRACKETS), 2, rng)
    return _both(template, _BRACKETS[y], _BRACKETS[x], {"x": x, "y": y}, {"x": y, "y": x})


def _sorting(template: str, pools: Pools, rng: np.random.Generator) -> Riddle:
    """The first is said. The twin has its second replaced by one behind its last, which is then next."""
    first, second, third, last = sorted(_different(FRUITS, 4, rng))
    order = rng.permutation(3)
    own, twin = (np.array(its)[order] for its in ((first, second, third), (first, last, third)))
    filled = [dict(zip("xyz", map(str, its), strict=True)) for its in (own, twin)]
    return _both(template, second, third, *filled, u=first)


def _acronym(template: str, pools: Pools, rng: np.random.Generator) -> Riddle:
    x, y, z, other = _different(FRUITS, 4, rng)
    initials = _INITIALS
    same = {"x": x, "y": y, "i": initials[x], "j": initials[y]}
    return _both(template, initials[z], initials[other], {"z": z}, {"z": other}, **same)


def _argument(template: str, pools: Pools, rng: np.random.Generator) -> Riddle:
    """The twin lists another one last."""
    x, y, z, other = _different(words.SURNAMES.split(), 4, rng)
    return _both(template, z, other, {"z": z}, {"z": other}, x=x, y=y)


def _mapping(template: str, pools: Pools, rng: np.random.Generator) -> Riddle:
    x, y, z = (1 + rng.permutation(len(NUMBERS) - 2)[:3]).tolist()
    step = 1 if rng.random() < 0.5 else -1
    other = -step
    own, twin = ({"fx": NUMBERS[x + by], "fy": NUMBERS[y + by]} for by in (step, other))
    same = {"x": NUMBERS[x], "y": NUMBERS[y], "z": NUMBERS[z]}
    return _both(template, NUMBERS[z + step], NUMBERS[z + other], own, twin, **same)


_DRAWN: dict[str, Callable[[str, Pools, np.random.Generator], Riddle]] = {
    "ioi": _ioi,
    "order": _order,
    "pronoun": _pronoun,
    "bracket": _bracket,
    "sorting": _sorting,
    "acronym": _acronym,
    "argument": _argument,
    "mapping": _mapping,
}
