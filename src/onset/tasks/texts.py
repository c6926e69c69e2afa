"""Questions in words, which the tokenizer of a pretrained model makes tokens of.

A task of texts has `TextSettings`, and `generate(settings, seed, tokenizer)`; its
`n_tokens` is 0, as the tokens are the model's, and `length` the longest that its texts may be in them.
Texts differ in length: an example is filled up behind its last scored position, which a causal model can't
see from there, so that positions count from the first token and nothing needs a mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from jaxtyping import Int

from onset.settings import Settings
from onset.tasks.dataset import Split

_FILLED_WITH = 0  # any token


class Tokenizer(Protocol):
    """What a task asks of a model's tokenizer."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of all tokens: the text that each stands for, or what the tokenizer calls it."""
        ...

    def whole(self, text: str) -> list[int]:
        """A text from its beginning, with the token in front that the model was trained with, if any."""
        ...

    def part(self, text: str) -> list[int]:
        """A text that goes on, such as an answer, with the blank before it."""
        ...


class TextSettings(Settings):
    """Of a task whose examples are texts: its tokens are the model's. It has a `length` as well. Unless it
    says otherwise, nothing is trained, and one step leads to an answer."""

    texts: ClassVar[bool] = True

    @property
    def n_tokens(self) -> int:
        return 0

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def trained(self) -> tuple[str, ...]:
        return ()


def single_tokens(words: Iterable[str], tokenizer: Tokenizer) -> dict[str, int]:
    """Those of some words that are one token each within a sentence, with that token; none twice."""
    found: dict[str, int] = {}
    for word in words:
        tokens = tokenizer.part(f" {word}")
        if len(tokens) == 1 and tokens[0] not in found.values():
            found[word] = tokens[0]
    return found


def split_of(
    prompts: Sequence[str],
    answers: Int[np.ndarray, " prompts"],
    tokenizer: Tokenizer,
    length: int,
    **known: Any,
) -> Split:
    """Prompts that are to be continued by one token each.

    Args:
        prompts: texts from their beginning, without a blank at the end.
        answers: the right token after each.
        tokenizer: of the model.
        length: that all are filled up to.
        known: what else the split has (`truth`, `candidates`).

    Raises:
        ValueError: a prompt is longer.
    """
    asked = [tokenizer.whole(prompt) for prompt in prompts]
    longest = max(asked, key=len)
    if len(longest) > length:
        said = prompts[asked.index(longest)]
        raise ValueError(f"length: {said!r} has {len(longest)} tokens, and length is {length}")
    tokens = np.full((len(asked), length), _FILLED_WITH, np.int64)
    for row, its in zip(tokens, asked, strict=True):
        row[: len(its)] = its
    ends = np.array([[len(its) - 1] for its in asked])
    return Split(tokens, answers[:, None], scored=(), scored_at=ends, **known)


def places_of(
    split: Split, marked: Mapping[str, Int[np.ndarray, " examples"]], last: bool = False
) -> dict[str, Int[np.ndarray, " examples"]]:
    """Where in its prompt an example has a token: the first place, or the last.

    Args:
        split: of texts.
        marked: a token of each example, by name.
        last: whether the last place is meant.

    Raises:
        ValueError: an example hasn't got it.
    """
    columns = np.arange(split.tokens.shape[1])
    within = columns <= split.positions[:, -1:]
    found = {}
    for name, tokens in marked.items():
        there = (split.tokens == tokens[:, None]) & within
        if not there.any(1).all():
            raise ValueError(f"{name}: its token isn't in the prompt")
        found[name] = np.where(there, columns, -1).max(1) if last else there.argmax(1)
    return found
