"""Thoughts that a reader begins or changes, and what a model makes of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from onset.measures.residual.reading_off import read_off
from onset.models.rollouts import rollout
from onset.runs.run import Run


def question(run: Run, number: int = 0) -> str:
    """A held-out question by its names, up to where the model begins to write.

    Args:
        run: whose world.
        number: of the question, in `test`.
    """
    split = run.dataset.splits["test"]
    n_given = int(split.truth["written"][number].argmax())
    return " ".join(run.dataset.vocabulary[token] for token in split.tokens[number, :n_given])


def goes_on(run: Run, text: str, step: int | None = None) -> str:
    """A sequence as a model goes on with it, up to the longest that it can read.

    It says what it thinks most likely. To see what follows from a step of a thought, change that step and
    leave out what comes after it.

    Args:
        run: whose model.
        text: names (`run.dataset.vocabulary`) with spaces between, from the beginning.
        step: of the checkpoint, by default the last.

    Raises:
        ValueError: the world has no token of such a name, or the sequence is too long.
    """
    given = run.tokens(text).numpy()
    length = run.dataset.length
    tokens = np.zeros((1, length), np.int64)
    tokens[:, : given.shape[1]] = given
    written = np.arange(length)[None] >= given.shape[1]
    found = rollout(run.model, run.parameters(step), tokens, written)
    return " ".join(run.dataset.vocabulary[token] for token in found[0])


def read_along(run: Run, layer: int, number: int = 0) -> pd.DataFrame:
    """A held-out question with the thought that a model writes, and what a probe reads beside each token.

    The probe is that of the analysis `state_probe`: a ridge regression from the state at a place to the
    answer's one-hot vector, fitted on `train`.

    Args:
        run: at its last checkpoint.
        layer: block applications done.
        number: of the question, in `test`.

    Returns:
        token, `by` (the question or the model), `answer read off`, and `right`, "yes" where it is: a row
        for each token but the last.
    """
    trained, asked = (run.dataset.splits[name] for name in ("train", "test"))
    parameters, names = run.parameters(), run.dataset.vocabulary
    written = asked.truth["written"][number : number + 1]
    found = rollout(run.model, parameters, asked.tokens[number : number + 1], written)
    tokens = np.concatenate([trained.tokens, found])[:, :-1]
    states = run.model.residual_stream(parameters, torch.from_numpy(tokens))[layer]
    answers = np.append(trained.truth["answer"], asked.truth["answer"][number])
    wanted = F.one_hot(torch.from_numpy(answers)).double()
    fitted, tested = torch.arange(len(tokens)).split([len(trained), 1])
    rows = []
    for place, token in enumerate(found[0, :-1]):
        read = int(read_off(states[:, place], wanted, fitted, tested)[0].argmax())
        rows.append(
            {
                "token": names[token],
                "by": "model" if written[0, place] else "question",
                "answer read off": names[read],
                "right": "yes" if read == answers[-1] else "",
            }
        )
    return pd.DataFrame(rows)
