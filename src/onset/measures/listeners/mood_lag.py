"""How long does a change of mood take to be noticed: by a probe, by what is said, by the best reader?

The best reader needs several words, too: a change shows no more clearly than anything else. What a model
lags behind it is the model's own.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Int

from onset.measures.listeners.turns import (
    FITTED,
    by_turn,
    said_in_replies,
    shares,
    states_of,
    suiting,
    turns_of,
)
from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import read_off
from onset.models.batch import Parameters, ReadableModel
from onset.tasks.dataset import Dataset
from onset.tasks.language.dialogues import REPLY

NEEDS = ("mood", "ideal_mood", "residual_stream")
SPLITS = ("train", "test", "composed")
QUANTITIES = {
    "new_mood_*": {"kind": "share", "label": "the new mood is taken for the present one: *"},
    "mood_lag_*": {"kind": "count", "digits": 2, "label": "turns until the new mood is noticed: *"},
}

_LONGEST = 2  # turns that a mood stays after the one in which it has changed


def measure(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> Iterator[Measurement]:
    """In `test`, where a reply begins, of changes of the mood after which it stays for two turns or more,
    as `read` by a ridge regression on the residual stream, fitted on `train`, by number of block
    applications done (`layer`); as `said`, the likeliest of the words for moods; and by the best reader,
    `ideal`:

    * `new_mood_WAY`: by turns since the change (`component`, 0: in the same), those in which the new mood
      is the likeliest;
    * `mood_lag_WAY`: turns until it is for the first time, 3 if it isn't in any.

    Nothing, if there is no such change.
    """
    split = dataset.splits["test"]
    mood = turns_of(split, "mood")
    changes = _changes(mood)
    if not len(changes):
        return
    ideal = by_turn(split.truth["ideal_mood"])[:, :, REPLY].argmax(-1)
    logs = said_in_replies(model, parameters, dataset)["test"][:, :, 0]
    said = shares(logs, suiting(dataset)["mood"]).argmax(-1).numpy()
    yield from _lags("ideal", ideal, mood, changes)
    yield from _lags("said", said, mood, changes)
    states = states_of(model, parameters, dataset)
    known = turns_of(dataset.splits[FITTED], "mood", states[FITTED].shape[1])
    labels = torch.from_numpy(np.concatenate([known, mood]).ravel())
    fitted, tested = torch.arange(len(labels)).split([known.size, mood.size])
    for layer in range(len(states[FITTED])):
        rows = torch.cat(
            [states[its][layer][:, :, REPLY].flatten(0, 1) for its in (FITTED, "test")]
        )
        read = read_off(rows, F.one_hot(labels).double(), fitted, tested).argmax(-1).numpy()
        yield from _lags("read", read.reshape(mood.shape), mood, changes, layer)


def _changes(mood: Int[np.ndarray, "n turns"]) -> Int[np.ndarray, "changes two"]:
    """Dialogue and turn of each change after which the mood stays."""
    n_turns = mood.shape[1]
    stays = [
        (mood[:, turn] != mood[:, turn - 1])
        & (mood[:, turn : turn + _LONGEST + 1] == mood[:, turn, None]).all(1)
        for turn in range(1, n_turns - _LONGEST)
    ]
    found = np.argwhere(np.array(stays).T) if stays else np.empty((0, 2), np.int64)
    return found + np.array([0, 1])


def _lags(
    way: str,
    taken: Int[np.ndarray, "n turns"],
    mood: Int[np.ndarray, "n turns"],
    changes: Int[np.ndarray, "changes two"],
    layer: int | None = None,
) -> Iterator[Measurement]:
    rows, turns = changes.T
    since = turns[:, None] + np.arange(_LONGEST + 1)
    new = taken[rows[:, None], since] == mood[rows, turns][:, None]
    for n, value in enumerate(new.mean(0).tolist()):
        of = {"component": n, "n_examples": len(changes)}
        yield Measurement(f"new_mood_{way}", value, "test", layer, **of)
    lag = np.where(new.any(1), new.argmax(1), _LONGEST + 1)
    yield Measurement(f"mood_lag_{way}", float(lag.mean()), "test", layer, n_examples=len(changes))
