"""A path through a maze, looked for in writing: a world whose thoughts are a search, with dead ends.

A maze is a graph of cells, told edge by edge in random order. A start and a goal follow, and then the walk
that a search takes, up to the goal:

    c3 c4 c1 c4 c0 c3 …  ?  c0 c1  :  c3 c4 c7 < c4 c1 .

`<` says that the search goes back, and the cell after it where to. After the goal, `.` fills the rest. How
the search goes on is a setting (`mazes.walks`): depth first, in random order; best first, by the distance
that there would be without walls; or straight to the goal. A model learns to write what is `written`: the
walk, or its first step alone. Whether a walk is right can be told without knowing it (`judging`).

The graph is a grid of which edges are missing, or a star, arms of equal length around a centre (`stars`),
with ways from there to a node of an arm, or `backwards`.

    train   mazes for trainings that see them again and again
    fresh   a stream: every batch is drawn afresh, without the mazes of the held-out splits
    test    mazes of neither, however they are told

What is known of each token, in every split:

    written    whether it is the model that writes it in a rollout
    left       of cells named in the walk, steps from there to the goal; of all else −1
    back       whether it is `<`
    dead_end   whether it is the cell after which the search goes back

and of each example, `apart`: steps from start to goal; on a grid `guessed`: from each cell to the goal, as
if there were no walls; of a star its `arms`, cell by cell outwards. Shortest paths have no dead ends.

After Gandhi et al. 2024 (arXiv:2404.03683; traces of searches against best paths alone), Lehnert et al.
2024 (arXiv:2402.14083; traces of A* on mazes), Bachmann & Nagarajan 2024 (arXiv:2403.06963; stars).
"""

from __future__ import annotations

from collections.abc import Set as AnySet
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from onset.settings import Fraction, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split, Stream
from onset.tasks.parts import rows
from onset.tasks.reasoning import mazes, stars
from onset.tasks.reasoning.mazes import BACK, NOWHERE, UNKNOWN, Way
from onset.tasks.reasoning.reading import (
    MARKS,
    OF_ASKING,
    OF_BEGINNING,
    OF_ENDING,
    OF_GOING_BACK,
    apart_from_telling,
)

_OF_TOKENS = ("written", "left")
_OF_GRIDS, _OF_STARS = ("guessed",), ("arms",)
_OF_DEAD_ENDS = ("back", "dead_end")
_MOST_TAKEN = 0.5  # of the mazes, with a goal for each start at least: the rest are soon found

Tokens = Int[np.ndarray, "mazes length"]
_Drawn = tuple[mazes.Edges, mazes.Cells, mazes.Cells]
"""edges, starts, goals"""

A_CHILD_MAY_CHANGE = ("way", "n_train")


class Settings(BaseSettings):
    """The graph, and how it is searched."""

    name: Literal["search"]
    graph: Literal["grid", "star"] = "grid"
    height: int = Field(3, ge=2, le=8)
    """of a grid: rows of cells"""
    width: int = Field(3, ge=2, le=8)
    """columns"""
    n_loops: int = Field(0, ge=0)
    """edges that a maze on a grid has beyond those that connect all its cells"""
    n_arms: int = Field(3, ge=2, le=8)
    """of a star"""
    n_steps: int = Field(3, ge=1, le=8)
    """along each arm"""
    backwards: bool = False
    """on a star: from a node of an arm to the centre"""
    way: Way = "depth_first"
    """that the walks take which are trained"""
    asked: Literal["walk", "first_step"] = "walk"
    """what of it the model is to write"""
    least_apart: PositiveInt = 2
    """steps from start to goal, at least"""
    n_train: PositiveInt = 256
    """mazes in `train`"""
    n_test: int = Field(256, ge=4)
    """mazes in `test`, its validation part included"""
    validation: Fraction = 0.25
    """fraction of them that is set apart for choosing settings"""

    @property
    def on_grid(self) -> bool:
        return self.graph == "grid"

    @property
    def n_cells(self) -> int:
        return self.height * self.width if self.on_grid else 1 + self.n_arms * self.n_steps

    @property
    def n_edges(self) -> int:
        """Of a maze."""
        return self.n_cells - 1 + self.n_loops

    @property
    def farthest(self) -> int:
        """Steps from a start to a goal, at most; on a grid, without walls."""
        return self.height + self.width - 2 if self.on_grid else self.n_steps

    @property
    def n_mazes(self) -> int:
        """With a goal for each start, without loops."""
        if self.on_grid:
            return mazes.trees(self.height, self.width) * self.n_cells
        return stars.count(self.n_arms, self.n_steps) * self.n_arms

    @property
    def n_tokens(self) -> int:
        return self.n_cells + len(MARKS)

    @property
    def n_given(self) -> int:
        """Tokens before the walk."""
        return 2 * self.n_edges + 4

    @property
    def length(self) -> int:
        """With the longest walk and a mark behind it, or with the first step."""
        return self.n_given + (1 if self.asked == "first_step" else self._longest + 1)

    @property
    def _longest(self) -> int:
        """Tokens of a walk."""
        if self.on_grid:
            return self.n_cells - 1 if self.way == "shortest" else mazes.longest(self.n_cells)
        n_back = 0 if self.way == "shortest" else self.n_arms - 1
        return (n_back + 1) * self.n_steps + 2 * n_back

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", "test", "test" + VALIDATION)

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train", "fresh")

    @property
    def truth(self) -> tuple[str, ...]:
        dead_ends = () if self.way == "shortest" else _OF_DEAD_ENDS
        return (*_OF_TOKENS, *dead_ends, "apart", *(_OF_GRIDS if self.on_grid else _OF_STARS))

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 6 * (self.n_train + self.n_test) * self.length

    @model_validator(mode="after")
    def _they_go_together(self) -> Self:
        if self.on_grid and self.backwards:
            raise ValueError("backwards: a grid has no centre; set graph: star")
        if not self.on_grid and self.n_loops:
            raise ValueError("n_loops: a star has none")
        if not self.on_grid and self.way == "best_first":
            raise ValueError("way: nothing tells how near a node of a star looks; choose another")
        if self.way != "shortest" and (self.backwards or self.asked == "first_step"):
            key = "backwards" if self.backwards else "asked"
            raise ValueError(f"{key}: that is asked of shortest paths alone; set way: shortest")
        return self

    @model_validator(mode="after")
    def _it_can_be(self) -> Self:
        n_missing = (self.height - 1) * (self.width - 1)
        if self.n_loops > n_missing:
            raise ValueError(
                f"n_loops: beyond the {self.n_cells - 1} edges that connect a grid of {self.height} × "
                f"{self.width}, there are {n_missing}"
            )
        if self.least_apart > self.farthest:
            told = (
                "without walls, no two cells of the grid are" if self.on_grid else "no two ends are"
            )
            raise ValueError(f"least_apart: {told} more than {self.farthest} steps apart")
        if min(self.validation, 1 - self.validation) * self.n_test < 1:
            raise ValueError("n_test or validation leaves a part of the held-out split empty")
        if self.n_test > (most := _MOST_TAKEN * self.n_mazes):
            kind = f"a grid of {self.height} × {self.width}" if self.on_grid else "such a star"
            raise ValueError(f"{kind} has too few mazes for n_test: at most {most:.0f}")
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The fixed splits of one seed, and the stream."""
    rng = np.random.Generator(np.random.Philox(seed))
    n_validation = round(settings.validation * settings.n_test)
    sizes = {"train": settings.n_train, "test": settings.n_test - n_validation}
    taken: set[bytes] = set()
    splits = {}
    for name in reversed(settings.splits):  # what is held out first, that nothing else may be
        given = _asked(settings, sizes.get(name, n_validation), rng, taken)
        splits[name] = _split(settings, given, rng)
        taken |= rows(apart_from_telling(given, settings.n_cells))
    dataset = Dataset({name: splits[name] for name in settings.splits}, vocabulary_of(settings))
    return replace(dataset, streams=streams(settings, dataset))


def streams(settings: Settings, dataset: Dataset) -> dict[str, Stream]:
    """What is drawn afresh for every batch; seeds hold out other mazes."""
    held_out = (its for name, its in dataset.splits.items() if name not in settings.trained)
    given = np.concatenate([split.tokens[:, : settings.n_given] for split in held_out])
    taken = rows(apart_from_telling(given, settings.n_cells))

    def fresh(size: int, rng: np.random.Generator) -> Split:
        return _split(settings, _asked(settings, size, rng, taken), rng)

    return {"fresh": fresh}


def vocabulary_of(settings: Settings) -> tuple[str, ...]:
    """Cells, marks."""
    return (*(f"c{i}" for i in range(settings.n_cells)), *MARKS)


def _asked(settings: Settings, n: int, rng: np.random.Generator, taken: AnySet[bytes]) -> Tokens:
    """So many mazes, each with start and goal, none of which is taken; as they are told."""
    s, parts, n_found = settings, [], 0
    while n_found < n:
        edges, start, goal = _on_grids(s, n, rng) if s.on_grid else _on_stars(s, n, rng)
        left = mazes.distances(mazes.next_of(edges, s.n_cells), goal)
        ask, begin = (np.full(n, s.n_cells + mark) for mark in (OF_ASKING, OF_BEGINNING))
        given = np.column_stack([edges.reshape(n, -1), ask, start, goal, begin])
        keys = apart_from_telling(given, s.n_cells)
        free = np.array([key.tobytes() not in taken for key in keys])
        parts.append(given[free & (left[np.arange(n), start] >= s.least_apart)])
        n_found += len(parts[-1])
    return np.concatenate(parts)[:n]


def _on_grids(settings: Settings, n: int, rng: np.random.Generator) -> _Drawn:
    """Any start and goal."""
    s = settings
    edges = mazes.drawn(s.height, s.width, s.n_loops, n, rng)
    start, goal = rng.random((n, s.n_cells)).argsort(1)[:, :2].T
    return edges, start, goal


def _on_stars(settings: Settings, n: int, rng: np.random.Generator) -> _Drawn:
    """Centre and a node of an arm, at each distance equally often."""
    s, every = settings, np.arange(n)
    edges, centre, arms = stars.drawn(s.n_arms, s.n_steps, n, rng)
    apart = rng.integers(s.least_apart, s.n_steps + 1, size=n)
    node = arms[every, rng.integers(s.n_arms, size=n), apart - 1]
    return (edges, node, centre) if s.backwards else (edges, centre, node)


def _split(settings: Settings, given: Tokens, rng: np.random.Generator) -> Split:
    """With a walk of each; scored where a token that is written comes next."""
    s, n = settings, len(given)
    start, goal = given[:, -3:-1].T
    edges = given[:, : 2 * s.n_edges].reshape(n, -1, 2)
    following = mazes.next_of(edges, s.n_cells)
    guess = mazes.guesses(s.height, s.width) if s.on_grid else np.zeros([s.n_cells] * 2, int)
    walk = mazes.walks(following, guess, start, goal, s.way, rng)
    walk = np.column_stack([walk, np.full(n, NOWHERE)])[:, : s.length - s.n_given]
    left = mazes.distances(following, goal)
    rows_of = np.arange(n)[:, None]
    mark = s.n_cells + np.where(walk == BACK, OF_GOING_BACK, OF_ENDING)
    said = np.where(walk >= 0, walk, mark)

    def of_walk(values: np.ndarray, elsewhere: Any) -> np.ndarray:
        before = np.full((n, s.n_given), elsewhere, values.dtype)
        return np.concatenate([before, values], 1)

    truth = {
        "written": of_walk(np.ones(walk.shape, bool), False),
        "left": of_walk(np.where(walk >= 0, left[rows_of, walk], UNKNOWN).astype(np.int8), UNKNOWN),
        "apart": left[np.arange(n), start],
    }
    if s.on_grid:
        truth["guessed"] = guess[goal].astype(np.int8)
    else:
        truth["arms"] = stars.arms_of(edges, goal if s.backwards else start, s.n_steps)
    if set(_OF_DEAD_ENDS) <= set(s.truth):
        truth["back"] = of_walk(walk == BACK, False)
        truth["dead_end"] = of_walk(np.roll(walk == BACK, -1, 1), False)
    tokens = np.concatenate([given, said], 1)
    scored = tuple(range(s.n_given - 1, s.length - 1))
    return Split(tokens, said, scored, truth=truth)
