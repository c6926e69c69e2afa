"""Claims that sentences make about numbers, so that a sentence whose number has turned is found.

A claim compares two terms, or says that one lies between two others:

    two_layers/oo/accuracy:high < 0.1
    0.9 <= shared_per_hop/oo/accuracy:low
    0 < tied/ood/accuracy - untied/ood/accuracy < 0.5 * tied/ood/accuracy

A term is a number, a mean of the summary (`condition/split/quantity`; `condition//quantity`: of no split)
or a number that the notebook saves; `:low` and `:high` ask for the ends of its interval. Terms are added,
subtracted and multiplied, with blanks around each sign; products come first.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Self

from onset.statistics.means import Means, UnknownMeanError, like

_COMPARED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_SIGNS = ("+", "-", "*")
_ENDS = ("low", "high")
_LITERAL = re.compile(r"-?(\d+\.?\d*|\.\d+)(e-?\d+)?")

_N = r"(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)"
_END = rf"([<>] {_N[1:-1]}|-?∞|{_N[1:-1]})"
_NAN = math.nan
_SAID = {
    # mean and interval, 0.97 [0.95, 0.99]; the median of seeds, the lowest and the highest, 120 (90 to 150)
    rf"{_N} \[{_END}, {_END}\]": lambda mean, low, high: (mean, low, high),
    rf"{_N} \({_N} to {_N}\)": lambda mean, low, high: (mean, low, high),
    # the lowest and the highest, and what is in the middle
    rf"{_N}–{_N}": lambda low, high: ((low + high) / 2, low, high),
    rf"{_N} of {_N}": lambda part, whole: (part / whole if whole else _NAN, _NAN, _NAN),
    rf"{_N}%": lambda number: (number / 100, _NAN, _NAN),
    # a bound, beyond which nothing is known
    rf"> {_N}": lambda bound: (_NAN, bound, math.inf),
    rf"< {_N}": lambda bound: (_NAN, -math.inf, bound),
    _N: lambda number: (number, _NAN, _NAN),
}
_REMARK = re.compile(r" \([^()]*\)$")
"""behind a number: of how many runs it is"""


class ClaimError(ValueError):
    """It isn't put as a claim is, or names what there isn't."""


class Value(NamedTuple):
    """What stands behind a name; NaN: there is no such end, or no mean."""

    mean: float
    low: float
    high: float


class Term(NamedTuple):
    """A number, or one end of what has a name."""

    name: str
    """empty: it is the number"""
    end: str = "mean"
    number: float = math.nan


Product = tuple[Term, ...]
Side = tuple[tuple[str, Product], ...]
"""what is added (`+`) and subtracted (`-`)"""


@dataclass(frozen=True)
class Claim:
    """A claim, read."""

    text: str
    sides: tuple[Side, ...]
    signs: tuple[str, ...]
    """between the sides"""

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a claim.

        Raises:
            ClaimError: it isn't one; what is wrong.
        """
        words = text.split()
        places = [place for place, word in enumerate(words) if word in _COMPARED]
        if not 1 <= len(places) <= 2:
            signs = " ".join(_COMPARED)
            raise ClaimError(f"a claim has one or two of {signs} with blanks around: {text!r}")
        edges = [-1, *places, len(words)]
        sides = (words[one + 1 : other] for one, other in pairwise(edges))
        signs = tuple(words[place] for place in places)
        return cls(" ".join(words), tuple(_side(its, text) for its in sides), signs)

    @property
    def names(self) -> list[str]:
        """All that it asks for, without the ends."""
        return list(dict.fromkeys(its.name for its in self._terms if its.name))

    @property
    def _terms(self) -> list[Term]:
        return [term for side in self.sides for _, product in side for term in product]

    def failure(self, known: Mapping[str, Value]) -> str:
        """What its sides come to, if it doesn't hold: `0.132 < 0.1`; empty: it holds.

        About an end of an interval that there isn't, as of a single seed, nothing is found either.

        Args:
            known: by name; all of `names`.
        """
        if any(_without_interval(term, known) for term in self._terms):
            return ""
        found = [_sum(side, known) for side in self.sides]
        compared = zip(self.signs, pairwise(found), strict=True)
        # Nothing compares with NaN: what isn't known doesn't hold.
        if all(_COMPARED[sign](*both) for sign, both in compared):
            return ""
        first, *others = ("unknown" if math.isnan(its) else f"{its:.4g}" for its in found)
        return " ".join([first, *map(" ".join, zip(self.signs, others, strict=True))])


def _side(words: list[str], claim: str) -> Side:
    """Terms, of a word or several, with signs between them."""
    signs = ["+", *(word for word in words if word in _SIGNS)]
    terms: list[list[str]] = [[]]
    for word in words:
        if word in _SIGNS:
            terms.append([])
        else:
            terms[-1].append(word)
    if not all(terms):
        raise ClaimError(f"a side of a claim is terms with +, - or * between them: {claim!r}")
    summands: list[tuple[str, Product]] = []
    for sign, term in zip(signs, map(" ".join, terms), strict=True):
        if sign == "*":
            before, product = summands.pop()
            summands.append((before, (*product, _term(term))))
        else:
            summands.append((sign, (_term(term),)))
    return tuple(summands)


def _term(text: str) -> Term:
    if _LITERAL.fullmatch(text):
        return Term("", number=float(text))
    name, colon, end = text.rpartition(":")
    return Term(name, end) if colon and end in _ENDS else Term(text)


def _sum(side: Side, known: Mapping[str, Value]) -> float:
    return sum(
        (-1 if sign == "-" else 1) * math.prod(_number(term, known) for term in product)
        for sign, product in side
    )


def _number(term: Term, known: Mapping[str, Value]) -> float:
    return getattr(known[term.name], term.end) if term.name else term.number


def _without_interval(term: Term, known: Mapping[str, Value]) -> bool:
    if term.end == "mean":
        return False
    its = known[term.name]
    return not math.isnan(its.mean) and math.isnan(getattr(its, term.end))


def value_of(text: str) -> Value | None:
    r"""What a number that a notebook saved says, as it is typeset; None: it says something else.

    `617 [560, 690]`, `0.31`, `17\,768`, `−0.2 [−0.3, −0.1]`, `120 (90 to 150)`, `0.12–0.34` (its middle
    is the mean), `1770 [1550, > 3000] (2 of 3 runs)`, `> 3000` (at least that); `31\,\%` is 0.31, and
    `3 of 5` is 0.6.
    """
    plain = re.sub(r"\\,|\u202f|\\(?=%)|\$|(?<=\d),(?=\d{3})", "", text).replace("−", "-")
    for form in (plain, _REMARK.sub("", plain)):
        for pattern, read in _SAID.items():
            if found := re.fullmatch(pattern, form):
                return Value(*read(*map(_end, found.groups())))
    return None


def _end(text: str) -> float:
    """A number, or an end of an interval that lies beyond what is known."""
    return {">": math.inf, "<": -math.inf, "∞": math.inf, "-∞": -math.inf}.get(
        text.split()[0]
    ) or float(text)


def failures(
    claims: Iterable[str], numbers: Mapping[str, str], means: Means, study: str
) -> Iterator[str]:
    """What is to be said of each claim that doesn't hold: the claim, and the numbers found.

    Args:
        claims: about one study.
        numbers: that its notebook saved, as they are typeset.
        means: of its summary.
        study: its name, for people.

    Raises:
        ClaimError: one isn't a claim, or names what there isn't.
    """
    for text in claims:
        claim = Claim.of(text)
        known = {name: _known(name, numbers, means, study) for name in claim.names}
        if found := claim.failure({name: its or _UNKNOWN for name, its in known.items()}):
            words = [f"; {name} is {numbers[name]!r}" for name, its in known.items() if its is None]
            yield f"{claim.text} (found: {found}{''.join(words)})"


_UNKNOWN = Value(math.nan, math.nan, math.nan)


def _known(name: str, numbers: Mapping[str, str], means: Means, study: str) -> Value | None:
    if name in numbers and name not in means:
        return value_of(numbers[name])
    try:
        its = means[name]
    except UnknownMeanError as error:
        near = like(name, sorted(numbers))
        said = f"{study} has no number {name!r} ({near}), and no mean ({error})"
        raise ClaimError(said) from None
    return Value(its.mean, its.low, its.high)
