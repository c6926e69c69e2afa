"""Tasks of texts in tests: a tokenizer that learns each piece it meets, and checkpoints that have it.

`python -m tests.texts` writes config/checkpoints/tiny_llama, what smoke runs take in place of a pretrained
model: an architecture and a tokenizer that knows all pieces of all tasks, without weights.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from transformers import LlamaConfig

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


def checkpoint_for(task: str, kind: str, folder: Path, seed: int = 0) -> Path:
    """A tiny pretrained model with a tokenizer that knows the pieces of a task's first small world."""
    _, pieces = generated(task)
    length = settings_of(task).length
    rows, its = len(pieces.names) + 3, list(pieces.numbers)
    return checkpoints.save(kind, folder, seed, rows, positions=length, pieces=its)


TINY_LLAMA = Path(__file__).parents[1] / "config/checkpoints/tiny_llama"


def all_pieces() -> list[str]:
    """Of the sentences of all tasks, of which many are drawn if they are, in the order of the alphabet."""
    pieces = Pieces()
    for task in tasks_of_texts():
        drawn = "n_examples" in tasks.load(task).Settings.model_fields
        many = {"n_examples": 2000} if drawn else {}
        tasks.load(task).generate(settings_of(task, **many), 0, pieces)
    return sorted(pieces.numbers)


def write_tiny_llama() -> None:
    pieces = all_pieces()
    LlamaConfig(
        architectures=["LlamaForCausalLM"],
        vocab_size=len(pieces) + 1,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
    ).save_pretrained(TINY_LLAMA)
    checkpoints.tokenizer_of(pieces).save_pretrained(TINY_LLAMA)


if __name__ == "__main__":
    write_tiny_llama()
