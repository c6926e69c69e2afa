"""Tasks of texts in tests: a tokenizer that learns each piece it meets, and checkpoints that have it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from onset import tasks
from onset.tasks.dataset import Dataset
from onset.tasks.worlds import in_words
from tests import checkpoints
from tests.worlds import settings_of


class Pieces:
    """Numbers pieces of texts in the order in which they come, from 1; 0 stands in front of whole texts,
    if `begins`."""

    def __init__(self, begins: bool = False) -> None:
        self._begins = begins
        self.numbers: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return ("<begin>", *self.numbers)

    def whole(self, text: str) -> list[int]:
        return [0] * self._begins + self.part(text)

    def part(self, text: str) -> list[int]:
        pieces = re.findall(checkpoints.PIECE, text)
        return [self.numbers.setdefault(piece, len(self.numbers) + 1) for piece in pieces]


def tasks_of_texts() -> list[str]:
    return [name for name in tasks.names() if in_words(settings_of(name))]


def generated(task: str, seed: int = 0, **changes: Any) -> tuple[Dataset, Pieces]:
    """A small world of a task, and the tokenizer that has learnt its pieces."""
    pieces = Pieces()
    return tasks.load(task).generate(settings_of(task, **changes), seed, pieces), pieces


def checkpoint_for(task: str, kind: str, folder: Path) -> Path:
    """A tiny pretrained model with a tokenizer that knows the pieces of a task's first small world."""
    _, pieces = generated(task)
    length = settings_of(task).length
    return checkpoints.save(
        kind, folder, rows=len(pieces.names) + 3, positions=length, pieces=list(pieces.numbers)
    )
