"""Texts side by side in one row: what they begin with in common is computed once.

What a causal model computes at a place depends on the tokens up to there and on nothing else. So a row
holds each distinct beginning of its texts once, by its last token. A mask lets it see what it begins with
alone, and it has the position that it has in the texts. One call then does for texts of any lengths.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.batch import Questions

_LONGEST = 256
"""beginnings in a row: of more, attention to what is masked would cost more than is gained"""
_CALL = 16
"""tokens that cost as much as reading all weights, once per call, does"""


@dataclass(frozen=True, eq=False)
class Row:
    """What one call is given. Equal is only the same object."""

    tokens: Int[Tensor, "1 beginnings"]
    positions: Int[Tensor, "1 beginnings"]
    mask: Float[Tensor, "1 1 beginnings beginnings"]
    """added to the scores of attention"""
    scored: tuple[int, ...]
    """beginnings, in the order of `Batch.targets`"""

    def to(self, device: torch.device) -> Row:
        its = (it.to(device) for it in (self.tokens, self.positions, self.mask))
        return Row(*its, self.scored)

    @property
    def told(self) -> dict[str, Tensor]:
        """What a module has to be told besides tokens, by its own names."""
        return {"position_ids": self.positions, "attention_mask": self.mask}


def in_rows(questions: Sequence[Questions]) -> list[Row] | None:
    """All texts of some questions; None where they cost less group by group, as they are."""
    found = list(_filled(questions))
    together = sum(len(its) + _CALL for its in found)
    apart = sum(
        len(its.tokens) * (max(its.scored) + 1) + _CALL
        for group in questions
        for _, its in group.alike()
    )
    return [its.row() for its in found] if together < apart else None


def side_by_side(n: int, length: int, alike: int, scored: int) -> Row:
    """A row of so many texts, of which the first places, `alike`, are the same and one is scored.

    In the place of its tokens are their places, counted on from text to text.
    """
    its = _Beginnings()
    for first in range(0, n * length, length):
        its.add([*range(alike), *range(first + alike, first + scored + 1)], [scored])
    return its.row()


class _Beginnings:
    """Of a few texts."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int], int] = {}  # of what comes before, and the last token
        self._paths: list[list[int]] = []
        self._scored: list[int] = []

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, text: Sequence[int], scored: Sequence[int]) -> None:
        path, last = [], -1
        for token in text:
            last = self._numbers.setdefault((last, token), len(self))
            path.append(last)
        self._paths.append(path)
        self._scored += [path[place] for place in scored]

    def row(self) -> Row:
        positions = np.zeros(len(self), np.int64)
        seen = np.zeros((len(self), len(self)), bool)
        for path in self._paths:
            positions[path] = np.arange(len(path))
            seen[np.ix_(path, path)] |= np.tri(len(path), dtype=bool)
        tokens = torch.tensor([token for _, token in self._numbers])
        mask = torch.zeros(seen.shape).masked_fill_(
            ~torch.from_numpy(seen), torch.finfo(torch.float32).min
        )
        return Row(
            tokens[None], torch.from_numpy(positions)[None], mask[None, None], tuple(self._scored)
        )


def _filled(questions: Sequence[Questions]) -> Iterator[_Beginnings]:
    its = _Beginnings()
    for text, scored in _texts(questions):
        if len(its) and len(its) + len(text) > _LONGEST:
            yield its
            its = _Beginnings()
        its.add(text, scored)
    if len(its):
        yield its


def _texts(questions: Sequence[Questions]) -> Iterator[tuple[list[int], list[int]]]:
    """Each up to the last place that is scored, and its scored places."""
    for group in questions:
        shared = [list(group.scored)] * len(group.tokens)
        own = shared if group.scored_at is None else group.scored_at.tolist()
        for text, scored in zip(group.tokens.tolist(), own, strict=True):
            yield text[: max(scored) + 1], scored
