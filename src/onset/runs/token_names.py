"""Token names: what a person types and reads, for the token numbers that a model's bridge uses."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.batch import Model


def numbers(model: Model, tokens: Int[np.ndarray, "*shape"]) -> Int[np.ndarray, "*shape"]:
    """The task's tokens as the model's bridge numbers them: a pretrained vocabulary has its own order."""
    number = getattr(model, "in_vocabulary", None)
    return tokens if number is None else number(tokens)


def tokens_of(text: str, model: Model, vocabulary: Sequence[str]) -> Int[Tensor, "1 length"]:
    """A sequence of names with spaces between, as the model's bridge takes it.

    Args:
        text: such as `e3 r1`; of a world of texts, any text from its beginning.
        model: that will be asked; it was built for sequences of some length.
        vocabulary: the name of each of the task's tokens.

    Raises:
        ValueError: the task has no token of such a name (the message has the nearest that it has), or
            there are none, or more than the model takes.
    """
    if reads_texts(model, vocabulary):
        return _of_text(text, model)
    names = text.split()
    place = {name: token for token, name in enumerate(vocabulary)}
    for name in names:
        if name not in place:
            near = difflib.get_close_matches(name, vocabulary, n=3, cutoff=0.3) or vocabulary[:3]
            raise ValueError(f"no token is called {name!r}; the nearest are: {', '.join(near)}")
    if not 0 < len(names) <= model.length:
        raise ValueError(f"{len(names)} tokens; the model takes 1 to {model.length}")
    return torch.from_numpy(numbers(model, np.array([[place[name] for name in names]])))


def reads_texts(model: Model, vocabulary: Sequence[str]) -> bool:
    """Whether the task's tokens are all those of a pretrained vocabulary: what people type is then text."""
    return hasattr(model, "tokenizer") and len(vocabulary) == model.config.vocab_size


def _of_text(text: str, model: Any) -> Int[Tensor, "1 length"]:
    tokens = model.tokenizer.whole(text)
    if not 0 < len(tokens) <= model.longest:
        raise ValueError(f"{len(tokens)} tokens; the model takes 1 to {model.longest}")
    return torch.tensor([tokens])


def likeliest(
    logits: Float[Tensor, " tokens"], model: Model, vocabulary: Sequence[str], most: int = 5
) -> pd.DataFrame:
    """What is answered, the most likely first: `answer` and `probability`.

    Args:
        logits: of the model's bridge at one position.
        model: that was asked.
        vocabulary: the name of each of the task's tokens; those that are not the task's aren't listed.
        most: answers to list.
    """
    own = torch.from_numpy(numbers(model, np.arange(len(vocabulary)))).to(logits.device)
    top = logits.detach().softmax(-1)[own].topk(min(most, len(vocabulary)))
    names = [vocabulary[token] for token in top.indices.tolist()]
    return pd.DataFrame({"answer": names, "probability": top.values.tolist()})


def names_of(
    tokens: Int[np.ndarray, " tokens"], model: Model, vocabulary: Sequence[str], tokenizer: Any
) -> list[str]:
    """What a bridge's tokens are called: by the task, else by the tokenizer of a pretrained model.

    Args:
        tokens: as the bridge numbers them.
        model: that the bridge is of.
        vocabulary: the name of each of the task's tokens.
        tokenizer: of the bridge; None where all tokens are the task's.
    """
    own = dict(zip(numbers(model, np.arange(len(vocabulary))).tolist(), vocabulary, strict=True))
    found = []
    for token in tokens.tolist():
        name = own.get(token) or tokenizer.convert_ids_to_tokens(token)
        found.append(name or f"token {token}")  # the rows of a matrix may be more than the words
    return found
