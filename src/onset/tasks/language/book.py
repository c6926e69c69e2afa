"""A text that people wrote: nothing is known of its tokens but how often they follow each other.

The text is any file, or the reference of the Python language, which every Python has for its `help()`. Its
paragraphs of prose are kept, each once: those of at least eight words that end as sentences do and consist
of letters and common marks, so neither headings nor code. Tokens are pieces of words, and frequent words as
a whole: byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909), as `tokenizers` learns it from all of
the text. `▁` stands for the blank before a word.

A tenth of the paragraphs, drawn by the seed, is `test`, another one its validation part:

    train     the other paragraphs, one after the other, cut into rows of `length` tokens
    fresh     a stream: rows that begin anywhere in them
    test      held-out paragraphs, cut likewise, without the rows that stand in trained text, too

What is known of each token: `unigram`, `bigram`, `trigram`, −log p (nats) of models that count `train`
(`ngrams`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import Metaspace, Punctuation
from tokenizers.pre_tokenizers import Sequence as InOrder
from tokenizers.trainers import BpeTrainer

from onset.settings import Line, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split, Stream
from onset.tasks.language.ngrams import ORDERS, NGrams

_HELD_OUT = 0.1
_FEWEST_WORDS = 8
_BLANK_LINES = re.compile(r"\n\s*\n")
_COMMON = re.compile(r"[A-Za-z ,.;:!?'\"()*’“”—-]")
_NEARLY_ALL = 0.97

A_CHILD_MAY_CHANGE = ("n_test",)


class Settings(BaseSettings):
    """Which text, and how it is cut."""

    name: Literal["book"]
    text: Line | None = None
    """a file in UTF-8; left out: the reference of the Python language"""
    checksum: str | None = None
    """SHA-256 of its prose; left out, it is that of the file which is there. Part of the settings, so that
    runs are rebuilt when the text has changed"""
    n_tokens: int = Field(512, ge=32, le=2**16)
    """different ones"""
    length: int = Field(96, ge=2)
    """tokens of a row"""
    n_test: PositiveInt = 64
    """rows in `test`, and in its validation part, at most"""

    @model_validator(mode="before")
    @classmethod
    def _notice_the_text(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("checksum") is not None:
            return values
        text = values.get("text")
        if text is not None and not (isinstance(text, str) and Path(text).is_file()):
            raise ValueError(f"text: there is no file {text!r}")
        return {**values, "checksum": _checksum(paragraphs(text))}

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", "test", f"test{VALIDATION}")

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train", "fresh")

    @property
    def truth(self) -> tuple[str, ...]:
        return tuple(ORDERS)


def generate(settings: Settings, seed: int) -> Dataset:
    """The splits of one seed, and the stream.

    Raises:
        ValueError: the text isn't that which the settings were made for, or it is too short.
    """
    its = paragraphs(settings.text)
    if _checksum(its) != settings.checksum:
        raise ValueError(f"{settings.text or 'the reference of Python'} has changed since planning")
    tokenizer = _learnt(its, settings.n_tokens)
    names = tokenizer.get_vocab()
    if len(names) < settings.n_tokens:
        raise ValueError(f"the text has no more than {len(names)} different tokens")
    encoded = [each.ids for each in tokenizer.encode_batch(list(its))]
    rows = _cut(encoded, settings, np.random.Generator(np.random.Philox(seed)))
    ngrams = NGrams(rows["train"], settings.n_tokens)
    splits = {
        name: Split.of_text(
            tokens, {k: v.astype(np.float32) for k, v in ngrams.nats(tokens).items()}
        )
        for name, tokens in rows.items()
    }
    dataset = Dataset(splits, tuple(sorted(names, key=names.__getitem__)))
    return replace(dataset, streams=streams(settings, dataset))


def streams(settings: Settings, dataset: Dataset) -> dict[str, Stream]:
    """Rows of the trained text that begin anywhere, drawn afresh for every batch."""
    text = dataset.splits["train"].tokens.ravel()

    def fresh(size: int, rng: np.random.Generator) -> Split:
        first = rng.integers(len(text) - settings.length + 1, size=size)
        return Split.of_text(text[first[:, None] + np.arange(settings.length)])

    return {"fresh": fresh}


@cache
def paragraphs(text: str | None) -> tuple[str, ...]:
    """The prose of a file, or of the reference of Python.

    Raises:
        ValueError: it isn't text in UTF-8, or there is no prose in it.
    """
    if text is None:
        from pydoc_data.topics import topics

        whole = "\n\n".join(topics[name] for name in sorted(topics))
    else:
        whole = Path(text).read_text(encoding="utf-8")
    found = (" ".join(its.split()) for its in _BLANK_LINES.split(whole))
    kept = tuple(dict.fromkeys(its for its in found if _is_prose(its)))
    if not kept:
        raise ValueError(f"text: there is no paragraph of prose in {text!r}")
    return kept


def _is_prose(its: str) -> bool:
    long = len(its.split()) >= _FEWEST_WORDS
    return long and its[-1] in ".:!?" and len(_COMMON.findall(its)) >= _NEARLY_ALL * len(its)


def _checksum(its: Sequence[str]) -> str:
    return hashlib.sha256("\n\n".join(its).encode()).hexdigest()


def _learnt(its: Sequence[str], n_tokens: int) -> Tokenizer:
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = InOrder([Metaspace(), Punctuation()])
    trainer = BpeTrainer(vocab_size=n_tokens, show_progress=False)
    tokenizer.train_from_iterator(its, trainer)
    return tokenizer


def _cut(
    encoded: Sequence[Sequence[int]], settings: Settings, rng: np.random.Generator
) -> dict[str, Int[np.ndarray, "rows length"]]:
    """The rows of each split, those of `train` first."""
    order = rng.permutation(len(encoded))
    n = round(_HELD_OUT * len(encoded))
    of_splits = (np.sort(order[2 * n :]), *(np.sort(order[i * n : (i + 1) * n]) for i in (0, 1)))
    found = {}
    elsewhere = ""
    for name, numbers in zip(settings.splits, of_splits, strict=True):
        tokens = np.array([token for i in numbers for token in encoded[i]], np.int64)
        rows = tokens[: len(tokens) // settings.length * settings.length]
        found[name] = rows.reshape(-1, settings.length)
        if name not in settings.trained:
            # People repeat themselves: paragraphs differ, and sentences may not.
            apart = [_as_characters(row) not in elsewhere for row in found[name]]
            found[name] = found[name][apart][: settings.n_test]
        elsewhere += _as_characters(found[name].ravel())
        if not len(found[name]):
            raise ValueError(f"the text is too short for rows of {settings.length} tokens: {name}")
    return found


def _as_characters(tokens: Int[np.ndarray, " tokens"]) -> str:
    """One character for each token, since strings know how to look for strings."""
    return "".join(map(chr, tokens))
