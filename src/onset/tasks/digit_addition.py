"""Sums of two numbers, written digit by digit: each digit is a task of its own, tied to others by carries.

A question is the digits of both numbers, highest first, `3 3 3 5 7 + 8 2 2 4 3 =`, and the answer
`1 1 5 6 0 0` is predicted digit by digit, each with those before it in view. A *column* is a place value,
0 for the ones; column n is the carry-out, the answer's extra digit. As both numbers are read before the
answer begins, the order of their digits makes no difference to a model that learns its positions; that of
the answer can make one, and is a setting. Digits of the answer are uniform, unless few columns are to
overflow: what is carried changes what a digit depends on, and not its entropy.

    train       as many questions as the settings say, for trainings that see them again and again
    fresh       a stream: every batch is drawn afresh, without the questions of the held-out splits
    partly      the same, not scored at the columns that the settings leave untrained
    carries     a stream in which the same questions ask for the carry into each column instead
    test        questions of neither
    cascades    the same, in each of which a carry runs through columns that sum to nine, if carries do

The truth tells, of each column K: `place_K`, which digit of the answer it is, from 0; `pair_K`, what its
two digits sum to (of the carry-out, which has none, 0); `carry_K`, what is carried into it and added;
`depth_K`, how many columns below have to be looked at to know that: one, and one more for each that sums
to nine, down from there.

After Nanda et al. 2023 (arXiv:2301.05217), appendix, and Quirke and Barez 2023 (arXiv:2310.13121).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, Strict, model_validator

from onset.settings import Fraction, NonNegativeInt, Once, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.column_sums import FEWEST_PAIRS, Operands, cascading, random_operands, worked
from onset.tasks.dataset import VALIDATION, Dataset, Split, Stream
from onset.tasks.parts import drawn_apart, rows

PLUS, EQUALS, CARRIES = 10, 11, 12
"""tokens after the ten digits; the last asks for the carries"""
VOCABULARY = (*map(str, range(10)), "+", "=", "carries")
A_CHILD_MAY_CHANGE = ("carries", "carried_into", "untrained", "asked_carries")

_FACTS = ("place", "pair", "carry", "depth")
_HELD_OUT = ("test", "cascades")
_MOST_TAKEN = 0.5  # of the questions: of those that are left, new ones are soon found


class Settings(BaseSettings):
    """The numbers, what is carried, and how the answer is written."""

    name: Literal["digit_addition"]
    n_digits: int = Field(5, ge=2, le=9)
    """of each number"""
    order: Literal["big_endian", "little_endian", "shuffled"] = "big_endian"
    """of the answer's digits: highest first, ones first, or an order of each seed's own"""
    carry_out: bool = True
    """whether the answer has its extra digit; else it is the sum modulo 10 ** n_digits"""
    carries: Literal["chained", "neighbour"] = "chained"
    """`chained`: as usual. `neighbour`: each column is given the carry of the pair of digits below alone,
    and the ones that of the highest pair, so that all columns are equally difficult"""
    carried_into: Annotated[tuple[NonNegativeInt, ...], Strict(False), Once] | None = None
    """columns that add the carry that they are given; None: all"""
    overflow: Fraction = 0.45
    """of the columns whose two digits sum to ten or more; .45: all digits are equally frequent"""
    carry_row: Literal["given", "of_another"] | None = None
    """a row before `=` with the carry into each column; `of_another`: a null control, that of another
    question"""
    asked_carries: Literal["true", "of_another"] = "true"
    """what the stream `carries` answers; `of_another`: a null control, what is right of another question"""
    untrained: Annotated[tuple[NonNegativeInt, ...], Strict(False), Once] = ()
    """columns that the stream `partly` doesn't score; none: there is no such stream"""
    n_train: PositiveInt = 1024
    """number of questions in `train`"""
    n_test: int = Field(512, ge=4)
    """number of questions in each held-out split"""

    @property
    def columns(self) -> tuple[int, ...]:
        """That the answer has, from the ones."""
        return tuple(range(self.n_digits + self.carry_out))

    @property
    def n_tokens(self) -> int:
        return len(VOCABULARY)

    @property
    def asked_at(self) -> int:
        """The position of `=`."""
        return 2 * self.n_digits + 1 + (self.n_digits if self.carry_row else 0)

    @property
    def length(self) -> int:
        """Without the last digit of the answer, from which nothing is predicted."""
        return self.asked_at + len(self.columns)

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", *_HELD_OUT, *(split + VALIDATION for split in _HELD_OUT))

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train", "fresh", "carries", *(("partly",) if self.untrained else ()))

    @property
    def truth(self) -> tuple[str, ...]:
        return tuple(f"{its}_{k}" for k in self.columns for its in _FACTS)

    @property
    def traits(self) -> tuple[str, ...]:
        return ("columns",)

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return (self.n_train + 4 * self.n_test) * (self.length + 8 * self.n_digits)

    @model_validator(mode="after")
    def _columns_exist(self) -> Self:
        numbers = range(self.n_digits)
        for key, named, there in (
            ("carried_into", self.carried_into or (), [*numbers]),
            ("untrained", self.untrained, [*self.columns]),
        ):
            if lost := [its for its in named if its not in there]:
                raise ValueError(f"{key}: there is no column {lost[0]} (allowed: {there})")
        if len(self.untrained) == len(self.columns):
            raise ValueError("untrained: a column at least must be trained")
        return self

    @model_validator(mode="after")
    def _there_are_enough(self) -> Self:
        n = self.n_digits
        held_out = (len(self.splits) - 1) * self.n_test
        for what, possible, wanted in (
            ("questions that are often drawn", FEWEST_PAIRS**n, self.n_train + held_out),
            ("cascades", FEWEST_PAIRS * 10 ** (n - 1), held_out // 2),
        ):
            if wanted > _MOST_TAKEN * possible:
                raise ValueError(
                    f"there may be no more than {possible:,} {what}, and {wanted:,} are wanted, of which "
                    f"none that is held out may be trained: at most {_MOST_TAKEN:.0%} of them can be "
                    "taken; change n_digits, n_train or n_test"
                )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The fixed splits of one seed, and the streams."""
    rng = np.random.Generator(np.random.Philox(seed))
    order = list(settings.columns)
    if settings.order == "shuffled":
        order = rng.permutation(order).tolist()
    elif settings.order == "big_endian":
        order.reverse()
    splits: dict[str, Split] = {}
    taken: set[bytes] = set()
    for name in settings.splits:
        draw = partial(_drawn, settings, rng=rng, cascades=name.startswith("cascades"))
        size = settings.n_train if name == "train" else settings.n_test
        operands = drawn_apart(taken, draw, size)
        taken |= rows(operands)
        splits[name] = _split(settings, operands, order, with_truth=True)
    dataset = Dataset(splits, VOCABULARY)
    return replace(dataset, streams=streams(settings, dataset))


def streams(settings: Settings, dataset: Dataset) -> dict[str, Stream]:
    """What is drawn afresh for every batch, of the same world for all seeds, but for the order."""
    held_out = [its for name, its in dataset.splits.items() if name not in settings.trained]
    n = settings.n_digits
    numbers = [*range(n), *range(n + 1, 2 * n + 1)]
    taken = set().union(*(rows(split.tokens[:, numbers]) for split in held_out))
    places = {k: held_out[0].truth[f"place_{k}"][0] for k in settings.columns}
    order = sorted(settings.columns, key=places.__getitem__)

    def drawn(
        size: int,
        rng: np.random.Generator,
        asked: int = EQUALS,
        untrained: Sequence[int] = (),
    ) -> Split:
        operands = drawn_apart(taken, partial(_drawn, settings, rng=rng), size)
        return _split(settings, operands, order, asked, untrained)

    found: dict[str, Stream] = {"fresh": drawn, "carries": partial(drawn, asked=CARRIES)}
    if settings.untrained:
        found["partly"] = partial(drawn, untrained=settings.untrained)
    return found


def _drawn(
    settings: Settings, size: int, rng: np.random.Generator, cascades: bool = False
) -> Operands:
    """Random questions."""
    operands = random_operands(size, settings.n_digits, settings.overflow, rng)
    return cascading(operands, rng) if cascades else operands


def _split(
    settings: Settings,
    operands: Operands,
    order: Sequence[int],
    asked: int = EQUALS,
    untrained: Sequence[int] = (),
    with_truth: bool = False,
) -> Split:
    """Questions with their answers.

    Args:
        settings: of the world.
        operands: of the questions.
        order: the columns as the answer has them.
        asked: the token that says what the answer is.
        untrained: columns that aren't scored.
        with_truth: whether the split tells it.
    """
    size, n = len(operands), settings.n_digits
    into = range(n) if settings.carried_into is None else settings.carried_into
    its = worked(operands, into, chained=settings.carries == "chained")
    answers = its.digits if asked == EQUALS else its.carries
    if asked == CARRIES and settings.asked_carries == "of_another":
        answers = np.roll(answers, 1, 0)
    answers = answers[:, list(order)]
    parts = [operands[:, :n], np.full((size, 1), PLUS), operands[:, n:]]
    if settings.carry_row:
        row = its.carries[:, :n][:, ::-1]
        parts.append(np.roll(row, 1, 0) if settings.carry_row == "of_another" else row)
    tokens = np.concatenate([*parts, np.full((size, 1), asked), answers[:, :-1]], 1)
    scored = [place for place, column in enumerate(order) if column not in untrained]
    truth = {}
    for k in settings.columns if with_truth else ():
        of_column = (its.pairs[:, k], its.carries[:, k], its.depths[:, k])
        facts = (np.full(size, order.index(k)), *of_column)
        truth |= {f"{fact}_{k}": values for fact, values in zip(_FACTS, facts, strict=True)}
    places = tuple(settings.asked_at + place for place in scored)
    return Split(tokens, answers[:, scored], places, truth=truth)
