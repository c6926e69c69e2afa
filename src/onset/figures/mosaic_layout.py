"""Where the bricks of a mosaic go, in tiles, and how its blocks fill columns and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise

import pandas as pd

NAMES, TITLE, BETWEEN_ROWS = 84.0, 12.0, 1.1
"""points: for the names of rows at least, for the title of a block, between rows"""

_BETWEEN_BRICKS = 0.6
"""tiles"""
_WIDEST = 15
"""tiles of a row, if no brick is wider: more seeds go below"""
_SMALLEST_ROW = 5.2
"""points: what the name needs"""
_BELOW = 4.0
_TALLEST = 300.0
"""points of a single column; above it there are two"""
PAGE, LEGEND = 576.0, 26.0
"""points: of a page at most, as in the paper (paper/onset.tex), and of the legend on it"""
COLUMN = PAGE - LEGEND


@dataclass(frozen=True)
class Brick:
    """A model, and where its brick lies in its row, in tiles."""

    heads: pd.DataFrame
    """layer, place, kind, needed"""
    left: float
    top: float

    @property
    def n_layers(self) -> int:
        return int(self.heads["layer"].max()) + 1


@dataclass(frozen=True)
class Row:
    """A condition: a brick per seed."""

    condition: str
    bricks: Sequence[Brick]

    def height(self, tile: float) -> float:
        """Points, for tiles of so many."""
        lowest = max(brick.top + brick.n_layers for brick in self.bricks)
        return max(lowest * tile, _SMALLEST_ROW)


@dataclass(frozen=True)
class Block:
    """A study."""

    study: str
    rows: Sequence[Row]
    goes_on: bool = False
    """whether its first rows are in another block"""

    @classmethod
    def of(cls, study: str, heads: pd.DataFrame) -> Block:
        """Rows and bricks in the order of the heads."""
        places = heads.groupby(["condition", "seed"])["place"]
        widest = max(_WIDEST, places.max().max() + 1)
        rows = []
        for condition, of_row in heads.groupby("condition", sort=False):
            bricks: list[Brick] = []
            left = top = 0.0
            for _, of_brick in of_row.groupby("seed", sort=False):
                width = of_brick["place"].max() + 1
                if left and left + width > widest:
                    left, top = 0.0, top + max(b.n_layers for b in bricks) + _BETWEEN_BRICKS
                bricks.append(Brick(of_brick, left, top))
                left += width + _BETWEEN_BRICKS
            rows.append(Row(str(condition), bricks))
        return cls(study, rows)

    @property
    def width(self) -> float:
        """Tiles of the widest row."""
        return max(
            brick.left + brick.heads["place"].max() + 1 for row in self.rows for brick in row.bricks
        )

    def parts(self) -> list[Block]:
        """Itself, or as many blocks as a study needs that is taller than a column."""
        parts: list[list[Row]] = [[]]
        for row in self.rows:
            if parts[-1] and Block(self.study, [*parts[-1], row]).height(_SMALLEST_ROW) > COLUMN:
                parts.append([])
            parts[-1].append(row)
        return [Block(self.study, rows, goes_on=n > 0) for n, rows in enumerate(parts)]

    def height(self, tile: float) -> float:
        """Points, title included."""
        return TITLE + sum(row.height(tile) + BETWEEN_ROWS for row in self.rows) + _BELOW


def pages_of(blocks: Sequence[Block]) -> list[list[Sequence[Block]]]:
    """One column, or as many pages of two as are needed, all about as tall as the order allows."""
    blocks = [part for block in blocks for part in block.parts()]
    heights = [block.height(_SMALLEST_ROW) for block in blocks]
    if sum(heights) <= _TALLEST or len(blocks) == 1:
        return [[blocks]]
    n_pages = 1
    while n_pages < len(blocks) / 2 and _tallest(_cut(heights, 2 * n_pages)) > COLUMN:
        n_pages += 1
    columns = _cut(heights, 2 * n_pages)
    ends = list(accumulate(map(len, columns), initial=0))
    filled = [blocks[start:end] for start, end in pairwise(ends)]
    return [filled[n : n + 2] for n in range(0, len(filled), 2)]


def _cut(heights: Sequence[float], n: int) -> list[list[float]]:
    """At most n runs of the heights, the tallest of them as low as can be."""
    runs = (sum(heights[i:j]) for i, j in combinations(range(len(heights) + 1), 2))
    for limit in sorted(run for run in runs if run >= max(heights)):
        columns: list[list[float]] = [[]]
        for height in heights:
            if columns[-1] and sum(columns[-1]) + height > limit:
                columns.append([])
            columns[-1].append(height)
        if len(columns) <= n:
            return columns
    raise AssertionError("a run of all heights is one column")


def _tallest(columns: Sequence[Sequence[float]]) -> float:
    return max(map(sum, columns))
