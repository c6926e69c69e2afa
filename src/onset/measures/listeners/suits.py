"""Do replies suit the listener, as well as the best reader's could? Do they follow what he believes?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from onset.measures.listeners.turns import (
    by_turn,
    places_said,
    said_in_replies,
    shares,
    suiting,
    turns_of,
)
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset, Split
from onset.tasks.language.dialogues import BEFORE_WORD, CONTRAST, PLACE, REPLIED
from onset.tasks.language.listener_words import AGAIN, MATTERS

NEEDS = ("age", "dialect", "knowledge", "mood", "ideal_age", "believed", "asks_where", "floor")
SPLITS = ("test", "composed")
QUANTITIES = {
    "suits_*": {"kind": "share", "label": "replies that suit the listener: *"},
    "could_suit_*": {"kind": "share", "label": "the same of the best reader: *"},
    "calibrated_*": {"kind": "nats", "label": "divergence from the best reader: * (nats)"},
    "reply_above_floor": {"kind": "logits", "label": "loss above the best reader's (nats)"},
    "seek_believed": {"kind": "share", "label": "seek, false belief: the believed place is said"},
    "seek_true": {"kind": "share", "label": "seek, false belief: the true place is said"},
    "where_true": {"kind": "share", "label": "where, false belief: the true place is said"},
    "where_believed": {"kind": "share", "label": "where, false belief: the believed place is said"},
    "put_right": {"kind": "share", "label": "where, false belief: it is put right"},
    "again_said": {"kind": "share", "label": "told before: nothing is repeated"},
    "again_wrong": {"kind": "share", "label": "not told before: `again` is said"},
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """In `test` and `composed`, with what the true dialogue says before each place:

    * `suits_ATTRIBUTE`: replies in which, where a word of the attribute may come next for the first time,
      the one that suits the true value is the likeliest of the attribute's words; also by turn
      (`component`); `could_suit_ATTRIBUTE`: those in which that value is the likeliest for the best reader;
    * `calibrated_ATTRIBUTE`: Kullback-Leibler divergence of the model's shares of the attribute's words
      from the best reader's probabilities of its values;
    * `reply_above_floor`: loss at words of replies, less that of the best reader;
    * `seek_believed`, `seek_true`, `where_true`, `where_believed`: of the questions with this word whose
      speaker believes something false, those in which the likeliest token names that place;
    * `put_right`: of the latter, those in which the place that the speaker believed in is said in the end;
    * `again_said`, `again_wrong`: of the questions `where` of which the answer has been told, or hasn't,
      those that are answered `again`.
    """
    of_values = suiting(dataset)
    for name, logs in said_in_replies(model, parameters, dataset).items():
        split = dataset.splits[name]
        for attribute in MATTERS:
            here = logs[:, :, BEFORE_WORD[attribute] - REPLIED[0]]
            its = shares(here, of_values[attribute]).double().numpy()
            true = turns_of(split, attribute)
            ideal = by_turn(split.truth[f"ideal_{attribute}"])[:, :, REPLIED[0]].astype(float)
            for way, chances in (("suits", its), ("could_suit", ideal)):
                right = chances.argmax(-1) == true
                yield Measurement(f"{way}_{attribute}", float(right.mean()), name)
                for turn, value in enumerate(right.mean(0).tolist()):
                    yield Measurement(f"{way}_{attribute}", value, name, component=turn)
            apart = np.where(ideal > 0, ideal * np.log(np.maximum(ideal, 1e-12) / its), 0).sum(-1)
            yield Measurement(f"calibrated_{attribute}", max(float(apart.mean()), 0.0), name)
        targets = torch.from_numpy(split.targets).reshape(logs.shape[:-1])
        loss = -logs.gather(-1, targets[..., None]).double().mean().item()
        yield Measurement("reply_above_floor", loss - _floor(split), name)
        yield from _places(logs.argmax(-1).numpy(), split, name, dataset)


def _floor(split: Split) -> float:
    """Mean over the words of replies."""
    return float(split.truth_of_next("floor").mean())


def _places(said: np.ndarray, split: Split, name: str, dataset: Dataset) -> Iterator[Measurement]:
    """Those of which there are no questions are missing."""
    true, believed, told, where = (
        turns_of(split, fact) for fact in ("place", "believed", "told", "asks_where")
    )
    first = REPLIED[0] + 1  # what comes after a place is said at it
    token = said[:, :, PLACE - first]
    place, last = (places_said(said[:, :, at - first], dataset) for at in (PLACE, CONTRAST))
    again = token == dataset.vocabulary.index(AGAIN)
    false = true != believed
    for measured, of, right in (
        ("seek_believed", ~where & false, place == believed),
        ("seek_true", ~where & false, place == true),
        ("where_true", where & false, place == true),
        ("where_believed", where & false, place == believed),
        ("put_right", where & false, last == believed),
        ("again_said", where & told, again),
        ("again_wrong", where & ~told, again),
    ):
        if n := int(of.sum()):
            yield Measurement(measured, float(right[of].mean()), name, n_examples=n)
