"""A path through a maze, looked for in writing: a world whose thoughts are a search, with dead ends.

A maze is a graph on a grid of cells, told edge by edge in random order. A start and a goal follow, and then
the walk that a search takes, up to the goal:

    c3 c4 c1 c4 c0 c3 …  ?  c0 c1  :  c3 c4 c7 < c4 c1 .

`<` says that the search goes back, and the cell after it where to. After the goal, `.` fills the rest. How
the search goes on is a setting (`mazes.walk`): depth first, in random order; best first, by the distance
that there would be without walls; or straight to the goal. A model learns to write what is `written`: the
walk. Whether a walk is right can be told without knowing it: `judged`.

    train   mazes for trainings that see them again and again
    fresh   a stream: every batch is drawn afresh, without the mazes of the held-out splits
    test    mazes of neither, however they are told

What is known of each token, in every split, of cells named in the walk; of all else −1 or false:

    written    whether it is the model that writes it in a rollout
    back       whether it is `<`
    dead_end   whether all that can be reached from the cell has been, so that the search goes back
    left       steps from the cell to the goal

and of each example, `apart`: steps from start to goal.

After Gandhi et al. 2024 (arXiv:2404.03683; traces of searches against best paths alone) and Lehnert et al.
2024 (arXiv:2402.14083; traces of A* on mazes).
"""

from __future__ import annotations

from collections.abc import Set as AnySet
from dataclasses import replace
from typing import Literal, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from onset.settings import Fraction, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split, Stream
from onset.tasks.reasoning.mazes import (
    BACK,
    NOWHERE,
    Judged,
    Maze,
    Way,
    drawn,
    judged,
    trees,
    walk,
)

MARKS = ("?", ":", "<", ".")
"""which way; here the walk begins; back to; it has ended"""
_ASK, _BEGIN, _BACK, _END = range(len(MARKS))
_OF_TOKENS = ("written", "back", "dead_end", "left")
_MOST_TAKEN = 0.5  # of the mazes, with a goal for each start at least: the rest are soon found

Key = tuple[frozenset[tuple[int, int]], int, int]
"""of a question, however it is told: edges, start, goal"""

A_CHILD_MAY_CHANGE = ("way", "n_train")


class Settings(BaseSettings):
    """The grid, and how its mazes are searched."""

    name: Literal["search"]
    height: int = Field(3, ge=2, le=8)
    """rows of cells"""
    width: int = Field(3, ge=2, le=8)
    """columns"""
    n_loops: int = Field(0, ge=0)
    """edges that a maze has beyond those that connect all its cells"""
    way: Way = "depth_first"
    """that the walks take which are trained"""
    least_apart: PositiveInt = 2
    """steps from start to goal, at least"""
    n_train: PositiveInt = 256
    """mazes in `train`"""
    n_test: int = Field(256, ge=4)
    """mazes in `test`, its validation part included"""
    validation: Fraction = 0.25
    """fraction of them that is set apart for choosing settings"""

    @property
    def n_cells(self) -> int:
        return self.height * self.width

    @property
    def n_edges(self) -> int:
        """Of a maze."""
        return self.n_cells - 1 + self.n_loops

    @property
    def n_tokens(self) -> int:
        return self.n_cells + len(MARKS)

    @property
    def n_given(self) -> int:
        """Tokens before the walk."""
        return 2 * self.n_edges + 4

    @property
    def length(self) -> int:
        """With the longest walk, which goes back before each cell but the first, and a mark behind it."""
        longest = self.n_cells - 1 if self.way == "shortest" else 3 * (self.n_cells - 1) - 2
        return self.n_given + longest + 1

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
        return (*_OF_TOKENS, "apart")

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 6 * (self.n_train + self.n_test) * self.length

    @model_validator(mode="after")
    def _it_can_be(self) -> Self:
        n_missing = (self.height - 1) * (self.width - 1)
        if self.n_loops > n_missing:
            raise ValueError(
                f"n_loops: beyond the {self.n_cells - 1} edges that connect a grid of {self.height} × "
                f"{self.width}, there are {n_missing}"
            )
        if self.least_apart > self.height + self.width - 2:
            raise ValueError(
                f"least_apart: without walls, no two cells of the grid are more than "
                f"{self.height + self.width - 2} steps apart"
            )
        if min(self.validation, 1 - self.validation) * self.n_test < 1:
            raise ValueError("n_test or validation leaves a part of the held-out split empty")
        if self.n_test > (most := _MOST_TAKEN * trees(self.height, self.width) * self.n_cells):
            raise ValueError(
                f"a grid of {self.height} × {self.width} has too few mazes for n_test: at most {most:.0f}"
            )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The fixed splits of one seed, and the stream."""
    rng = np.random.Generator(np.random.Philox(seed))
    n_validation = round(settings.validation * settings.n_test)
    sizes = {"train": settings.n_train, "test": settings.n_test - n_validation}
    taken: set[Key] = set()
    splits = {}
    for name in reversed(settings.splits):  # what is held out first, that nothing else may be
        splits[name] = _split(settings, sizes.get(name, n_validation), rng, taken)
        taken |= _keys(settings, splits[name])
    dataset = Dataset({name: splits[name] for name in settings.splits}, vocabulary_of(settings))
    return replace(dataset, streams=streams(settings, dataset))


def streams(settings: Settings, dataset: Dataset) -> dict[str, Stream]:
    """What is drawn afresh for every batch; seeds hold out other mazes."""
    held_out = (its for name, its in dataset.splits.items() if name not in settings.trained)
    taken = set().union(*(_keys(settings, split) for split in held_out))
    return {"fresh": lambda size, rng: _split(settings, size, rng, taken)}


def vocabulary_of(settings: Settings) -> tuple[str, ...]:
    """Cells, marks."""
    return (*(f"c{i}" for i in range(settings.n_cells)), *MARKS)


def judge(vocabulary: tuple[str, ...], tokens: Int[np.ndarray, " length"]) -> Judged:
    """What can be said of the walk in a sequence that a model has gone on with.

    Args:
        vocabulary: of the world.
        tokens: of the sequence; what the maze is and where its goal is, it says itself.
    """
    maze, start, goal, trace = read(vocabulary, tokens)
    return judged(maze, start, goal, trace)


def read(
    vocabulary: tuple[str, ...], tokens: Int[np.ndarray, " length"]
) -> tuple[Maze, int, int, list[int]]:
    """The maze of a sequence, start, goal, and the walk; in that a mark other than `<` is no cell."""
    n_cells = len(vocabulary) - len(MARKS)
    asked = int((tokens == n_cells + _ASK).argmax())
    edges = tuple(map(tuple, tokens[:asked].reshape(-1, 2).tolist()))
    start, goal, _, *trace = tokens[asked + 1 :].tolist()
    maze = Maze(n_cells, 1, edges)  # what the grid was like is not said
    return maze, start, goal, [BACK if its == n_cells + _BACK else its for its in trace]


def _split(settings: Settings, size: int, rng: np.random.Generator, taken: AnySet[Key]) -> Split:
    """Mazes that aren't taken, with walks; scored where a token that is written comes next."""
    s = settings
    tokens = np.full((size, s.length), s.n_cells + _END)
    left = np.full((size, s.length), NOWHERE, np.int8)
    dead_end = np.zeros((size, s.length), bool)
    apart = np.zeros(size, np.int64)
    for i in range(size):
        maze, start, goal, given = _asked(s, rng, taken)
        trace = walk(maze, start, goal, s.way, rng)
        its = slice(s.n_given, s.n_given + len(trace))
        cells = np.array(trace)
        distances = maze.distances(goal)
        tokens[i, : s.n_given] = given
        tokens[i, its] = np.where(cells == BACK, s.n_cells + _BACK, cells)
        left[i, its] = np.where(cells == BACK, NOWHERE, distances[cells])
        dead_end[i, its] = np.append(cells[1:] == BACK, False)
        apart[i] = distances[start]
    written = np.tile(np.arange(s.length) >= s.n_given, (size, 1))
    truth = {
        "written": written,
        "back": written & (tokens == s.n_cells + _BACK),
        "dead_end": dead_end,
        "left": left,
        "apart": apart,
    }
    return Split(
        tokens, tokens[:, s.n_given :], tuple(range(s.n_given - 1, s.length - 1)), truth=truth
    )


def _asked(
    settings: Settings, rng: np.random.Generator, taken: AnySet[Key]
) -> tuple[Maze, int, int, Int[np.ndarray, " given"]]:
    """A maze, start and goal that aren't taken, and the tokens that tell them."""
    s = settings
    while True:
        maze = drawn(s.height, s.width, s.n_loops, rng)
        start, goal = rng.choice(s.n_cells, 2, replace=False).tolist()
        if maze.distances(goal)[start] < s.least_apart or _key(maze, start, goal) in taken:
            continue
        edges = np.array(maze.edges).ravel()
        return maze, start, goal, np.array([
            *edges, s.n_cells + _ASK, start, goal, s.n_cells + _BEGIN,
        ])  # fmt: skip


def _key(maze: Maze, start: int, goal: int) -> Key:
    return frozenset((min(edge), max(edge)) for edge in maze.edges), start, goal


def _keys(settings: Settings, split: Split) -> set[Key]:
    vocabulary = vocabulary_of(settings)
    return {_key(*read(vocabulary, tokens)[:3]) for tokens in split.tokens}
