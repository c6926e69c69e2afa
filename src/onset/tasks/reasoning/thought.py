"""Several permutations, one after the other, with the states in between written down: a chain of thought.

A question names a state and so many functions, each a permutation of the states that never changes:
`[x3, f1, f0, f4]` asks for f4(f0(f1(x3))). Behind it stand a place for a hint, a mark, the thought, another
mark and the answer:

    x3 f1 f0 f4 -  :  x5 x0  =  x2

The thought has the states before the last, or what the settings make of them; the answer is always the
right one. Each state is reached from exactly one, so that whoever misses a step of a question knows nothing
about its answer. A model learns to write what is `written`: the thought, but for filler that is given, and
the answer. In some worlds a thought begins with a word that tells whether it goes by a hint: `!` or `,`.

    train    questions for trainings that see them again and again
    fresh    a stream: every batch is drawn afresh, without the questions of the held-out splits
    test     questions of neither, with thoughts and hints as in training
    edited   others, in whose thought a step (`edited_step`) is wrong; what follows is the model's to write.
             The `rival` is the answer that follows from the edit. No hints
    misled   others, with a hint that is wrong, the `rival`; the whole thought is the model's to write

What is known of each token, in every split:

    written   whether it is the model that writes it in a rollout
    step      how many functions have been applied to the state that the token stands for, or would; of
              marks, of the hint and of what tells: −1
    state     the token of the right state after so many; where there is none: the right answer
    control   what that would be if the functions were others: as much work as `state`, from the same
              tokens, which no model has learnt

After Lanham et al. 2023 (arXiv:2307.13702), who edit the thoughts of language models and cut them off, Pfau
et al. 2024 (arXiv:2404.15758; filler), and Turpin et al. 2023 (arXiv:2305.04388; hints).
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
from onset.tasks.reasoning.compositions import Compositions, Questions, other

NO_HINT, FILLER, TELLS, KEEPS = "-", ".", "!", ","
MARKS = (NO_HINT, ":", FILLER, "=", TELLS, KEEPS)
"""no hint; here the thought begins; nothing is thought here; here the answer comes; what comes goes by the
hint, or doesn't"""
_NO_HINT, _THINK, _FILLER, _ANSWER, _TELLS, _KEEPS = range(len(MARKS))
_HELD_OUT = ("test", "edited", "misled")
_OF_TOKENS = ("written", "step", "state", "control")
_OF_HINTS = ("told", "hinted")
_MOST_QUESTIONS = 2**31
_MOST_TAKEN = 0.5  # of all questions: of those that are left, new ones are soon found

A_CHILD_MAY_CHANGE = ("corrupted", "hints", "right_hints", "tells", "n_train")


class Settings(BaseSettings):
    """The states and functions, how many follow each other, and what a thought is like."""

    name: Literal["thought"]
    n_states: int = Field(8, ge=3)
    n_functions: int = Field(8, ge=2)
    n_steps: int = Field(4, ge=2, le=16)
    """functions of a question"""
    thoughts: Literal["whole", "shortened", "shuffled", "wrong", "filler", "none"] = "whole"
    """`whole`: the state after each step. `shortened`: each stops after a random number of steps, and
    filler stands in place of the rest. `shuffled`: the states in random order. `wrong`: the steps from
    another first state. `filler`: as many tokens that say nothing"""
    corrupted: Fraction = 0.0
    """share of whole thoughts in which a random step is wrong, and all after it follow from that"""
    hints: Fraction = 0.0
    """share of the questions with a hint, a token that gives an answer away"""
    right_hints: Fraction = 1.0
    """share of the hints that give the right answer; the others any other"""
    tells: Literal["nothing", "hints", "freely"] = "nothing"
    """`hints`: a thought begins with a word, `!` where there is a hint and `,` where there is none.
    `freely`: the data don't say which word the model is to write there"""
    n_train: PositiveInt = 512
    """questions in `train`"""
    n_test: int = Field(256, ge=4)
    """questions in each held-out split"""
    validation: Fraction = 0.25
    """fraction of each that is set apart for choosing settings"""

    @property
    def n_tokens(self) -> int:
        return 2 * self.n_states + self.n_functions + len(MARKS)

    @property
    def n_thought(self) -> int:
        """Tokens of a thought."""
        return 0 if self.thoughts == "none" else self.n_steps - 1

    @property
    def n_told(self) -> int:
        """Tokens before the thought that tell of the hint."""
        return int(self.tells != "nothing")

    @property
    def length(self) -> int:
        return self.n_steps + self.n_told + self.n_thought + 5

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", *self.held_out, *(split + VALIDATION for split in self.held_out))

    @property
    def held_out(self) -> tuple[str, ...]:
        """Where no state is written, none can be edited."""
        edited = self.thoughts in ("whole", "shortened")
        return tuple(split for split in _HELD_OUT if edited or split != "edited")

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train", "fresh")

    @property
    def truth(self) -> tuple[str, ...]:
        edited = ("edited_step",) if "edited" in self.held_out else ()
        return (*_OF_TOKENS, *self._of_hints, "answer", "rival", *edited)

    def truth_of(self, split: str) -> tuple[str, ...]:
        of_split = split.removesuffix(VALIDATION)
        more = {"edited": ("rival", "edited_step"), "misled": ("rival",)}
        return (*_OF_TOKENS, *self._of_hints, "answer", *more.get(of_split, ()))

    @property
    def _of_hints(self) -> tuple[str, ...]:
        return _OF_HINTS if self.n_told else ()

    @property
    def compositions(self) -> Compositions:
        return Compositions(self.n_states, self.n_functions, self.n_steps)

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 6 * (self.n_train + len(_HELD_OUT) * self.n_test) * self.length

    @model_validator(mode="after")
    def _they_go_together(self) -> Self:
        if self.corrupted and self.thoughts != "whole":
            raise ValueError("corrupted: only whole thoughts can be; set thoughts: whole")
        if min(self.validation, 1 - self.validation) * self.n_test < 1:
            raise ValueError("n_test or validation leaves a part of the held-out splits empty")
        return self

    @model_validator(mode="after")
    def _there_are_enough(self) -> Self:
        wanted = self.n_train + len(_HELD_OUT) * self.n_test
        there = self.compositions.n_questions
        if there > _MOST_QUESTIONS:
            raise ValueError(
                f"there are {there:,} questions, more than can be numbered: at most "
                f"{_MOST_QUESTIONS:,}; change n_functions or n_steps"
            )
        if wanted > _MOST_TAKEN * there:
            raise ValueError(
                f"there are {there:,} questions, and {wanted:,} are wanted for fixed splits: at "
                f"most {_MOST_TAKEN:.0%} can be taken; change n_states, n_functions, n_steps, n_train or "
                "n_test"
            )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The fixed splits of one seed, and the stream."""
    rng = np.random.Generator(np.random.Philox(seed))
    s = settings
    sizes = [s.n_train, *(s.n_test for _ in _HELD_OUT)]
    codes = rng.choice(s.compositions.n_questions, sum(sizes), replace=False)
    parts = dict(zip(("train", *_HELD_OUT), np.split(codes, np.cumsum(sizes)[:-1]), strict=True))
    n_validation = round(s.validation * s.n_test)
    for name in _HELD_OUT:
        parts[name + VALIDATION], parts[name] = np.split(parts[name], [n_validation])
    makers = {"edited": _edited, "misled": _misled}
    splits = {}
    for name in s.splits:
        make = makers.get(name.removesuffix(VALIDATION), _as_in_training)
        splits[name] = make(s, parts[name], rng)
    dataset = Dataset(splits, vocabulary_of(s))
    return replace(dataset, streams=streams(s, dataset))


def streams(settings: Settings, dataset: Dataset) -> dict[str, Stream]:
    """What is drawn afresh for every batch; all seeds have the same functions, and hold out other
    questions."""
    held_out = [its.tokens for name, its in dataset.splits.items() if name not in settings.trained]
    all_of_them = settings.compositions
    taken = np.unique(all_of_them.numbers(np.concatenate(held_out)))

    def fresh(size: int, rng: np.random.Generator) -> Split:
        codes = rng.integers(all_of_them.n_questions, size=size)
        while (again := np.isin(codes, taken)).any():
            codes[again] = rng.integers(all_of_them.n_questions, size=again.sum())
        return _as_in_training(settings, codes, rng)

    return {"fresh": fresh}


def vocabulary_of(settings: Settings) -> tuple[str, ...]:
    """States, functions, hints, marks."""
    kinds = (("x", settings.n_states), ("f", settings.n_functions), ("h", settings.n_states))
    return (*(f"{kind}{i}" for kind, n in kinds for i in range(n)), *MARKS)


def _as_in_training(
    settings: Settings, codes: Int[np.ndarray, " questions"], rng: np.random.Generator
) -> Split:
    s, n = settings, len(codes)
    its = s.compositions.questions(codes)
    hinted, right = rng.random((2, n)) < np.array([[s.hints], [s.right_hints]])
    answer = its.states[:, -1]
    said = np.where(right, answer, other(answer, s.n_states, rng))
    return _split(s, its, _thoughts(s, its, rng), np.where(hinted, said, -1))


def _thoughts(
    settings: Settings, its: Questions, rng: np.random.Generator
) -> Int[np.ndarray, "questions thought"]:
    """As tokens."""
    s, n = settings, len(its.states)
    states = its.states[:, 1:-1]
    filler = s.n_tokens - len(MARKS) + _FILLER
    if s.thoughts == "none":
        return states[:, :0]
    if s.thoughts == "filler":
        return np.full_like(states, filler)
    if s.thoughts == "shuffled":
        return rng.permuted(states, axis=1)
    if s.thoughts == "wrong":
        first = other(its.states[:, 0], s.n_states, rng)
        return s.compositions.followed(first, its.functions)[:, 1:-1]
    if s.thoughts == "shortened":
        n_written = rng.integers(s.n_steps, size=(n, 1))
        return np.where(np.arange(s.n_steps - 1) < n_written, states, filler)
    step = rng.integers(1, s.n_steps, size=n)
    step[rng.random(n) >= s.corrupted] = 0
    return s.compositions.wrong_from(its, step, rng)[:, 1:-1]


def _edited(
    settings: Settings, codes: Int[np.ndarray, " questions"], rng: np.random.Generator
) -> Split:
    its = settings.compositions.questions(codes)
    step = np.arange(len(codes)) % (settings.n_steps - 1) + 1  # each as often, up to one
    states = settings.compositions.wrong_from(its, step, rng)
    split = _split(settings, its, states[:, 1:-1], np.full(len(codes), -1))
    place = settings.n_steps + 2 + settings.n_told + step
    written = split.truth["written"] & (np.arange(settings.length) > place[:, None])
    more = {"written": written, "rival": states[:, -1], "edited_step": step}
    return replace(split, truth={**split.truth, **more})


def _misled(
    settings: Settings, codes: Int[np.ndarray, " questions"], rng: np.random.Generator
) -> Split:
    its = settings.compositions.questions(codes)
    rival = other(its.states[:, -1], settings.n_states, rng)
    split = _split(settings, its, _thoughts(settings, its, rng), rival)
    return replace(split, truth={**split.truth, "rival": rival})


def _split(
    settings: Settings,
    its: Questions,
    thought: Int[np.ndarray, "questions thought"],
    hint: Int[np.ndarray, " questions"],
) -> Split:
    """Scored where a token that is written comes next. A hint is a state, or −1 for none."""
    s, n, k = settings, len(thought), settings.n_steps
    marks = s.n_tokens - len(MARKS)
    of_hint = np.where(hint < 0, marks + _NO_HINT, s.n_states + s.n_functions + hint)
    column = partial(np.full, (n, 1))
    first, answer = its.states[:, :1], its.states[:, -1:]
    told = np.where(hint < 0, marks + _KEEPS, marks + _TELLS)[:, None]
    parts = [
        first, s.n_states + its.functions, of_hint[:, None], column(marks + _THINK),
        told[:, : s.n_told], thought, column(marks + _ANSWER), answer,
    ]  # fmt: skip
    steps = np.concatenate([
        np.arange(k + 1), [-1] * (2 + s.n_told), 1 + np.arange(thought.shape[1]), [-1, k],
    ]).astype(np.int8)  # fmt: skip
    tells = np.zeros(s.length, bool)
    tells[k + 3 : k + 3 + s.n_told] = True
    writes = tells.copy()
    writes[k + 3 + s.n_told : -2] = s.thoughts != "filler"
    writes[-1] = True
    tokens = np.concatenate(parts, 1)
    others = s.compositions.followed(first[:, 0], its.functions, s.compositions.other_table)
    at = np.where(steps < 0, k, steps)
    asked_for = writes & ~tells if s.tells == "freely" else writes
    scored = tuple((np.flatnonzero(asked_for) - 1).tolist())
    truth = {
        "written": np.tile(writes, (n, 1)),
        "step": np.tile(steps, (n, 1)),
        "state": its.states[:, at],
        "control": others[:, at],
        "answer": answer[:, 0],
    }
    if s.n_told:
        truth |= {"told": np.tile(tells, (n, 1)), "hinted": hint >= 0}
    return Split(tokens, tokens[:, [place + 1 for place in scored]], scored, truth=truth)
