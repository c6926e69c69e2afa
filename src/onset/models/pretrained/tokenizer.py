"""A checkpoint's own tokenizer: texts as its tokens, and what each token is called."""

from __future__ import annotations

from functools import cached_property

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from onset.models.pretrained import loading
from onset.models.pretrained.settings import Settings

_NO_TEXT = "\ufffd"  # what decoding gives of bytes that are no characters by themselves


def open_tokenizer(settings: Settings) -> Tokenizer:
    """That of a checkpoint.

    Raises:
        OSError: the checkpoint isn't there, or the hub can't be reached.
        ValueError: it has none.
    """
    opened = AutoTokenizer.from_pretrained(
        loading.where(settings), revision=loading.revision(settings)
    )
    return Tokenizer(opened, loading.architecture(settings).vocab_size)


class Tokenizer:
    """Texts as tokens, as the checkpoint was trained on them (`onset.tasks.texts.Tokenizer`)."""

    def __init__(self, opened: PreTrainedTokenizerBase, n_tokens: int) -> None:
        self._opened, self._n_tokens = opened, n_tokens

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all rows of the embeddings, which may be more than the tokenizer has tokens."""
        raw = self._opened.convert_ids_to_tokens(list(range(len(self._opened))))
        found = []
        for token in range(self._n_tokens):
            name = raw[token] if token < len(raw) else None
            text = self._opened.decode([token]) if name else _NO_TEXT
            found.append(text if text and _NO_TEXT not in text else name or f"token {token}")
        return tuple(found)

    def whole(self, text: str) -> list[int]:
        """A text from its beginning, with the token in front that the checkpoint was trained with, if any.

        Bridges put one in front of every text that they are given; they are given tokens instead.
        """
        return self._opened(text)["input_ids"]

    def part(self, text: str) -> list[int]:
        """A text that goes on, such as an answer, with the blank before it."""
        return self._opened(text, add_special_tokens=False)["input_ids"]
