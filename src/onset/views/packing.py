"""Arrays as short text: attention and probabilities need only one byte each."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, Shaped

SHARE, NUMBER = np.dtype("u1"), np.dtype("<u2")


def pack_shares(shares: Float[np.ndarray, "*shape"]) -> str:
    """Numbers from 0 to 1, each rounded to the nearest of 256."""
    return _text(np.rint(255 * shares).astype(SHARE))


def pack_numbers(numbers: Int[np.ndarray, "*shape"]) -> str:
    """Whole numbers below 65 536."""
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < 1 << 16:
        raise ValueError("whole numbers of two bytes are meant")
    return _text(numbers.astype(NUMBER))


def unpack_shares(text: str, shape: Sequence[int]) -> Float[np.ndarray, "*shape"]:
    return np.frombuffer(b64decode(text), SHARE).reshape(shape) / 255


def unpack_numbers(text: str, shape: Sequence[int]) -> Int[np.ndarray, "*shape"]:
    return np.frombuffer(b64decode(text), NUMBER).reshape(shape).astype(int)


def triangle(
    patterns: Shaped[np.ndarray, "*some length length"],
) -> Shaped[np.ndarray, "*some cells"]:
    """What each position may see: itself and those before it, row by row."""
    return patterns[..., *np.tril_indices(patterns.shape[-1])]


def cells(length: int) -> int:
    """Of the triangle of a sequence of so many tokens."""
    return length * (length + 1) // 2


def _text(array: np.ndarray) -> str:
    return b64encode(array.tobytes()).decode("ascii")
