"""An attribute that is read at one place is changed at others: do answers become those for somebody else?

The mean state of another value minus that of the listener's own, both taken where the probe reads
(difference of means, as in Marks & Tegmark 2023, arXiv:2310.06824), is added at all places of each
reply, at several doses. Beside it a random direction of the same norm. The other attributes, the place that
is named and the grammar should stay as they are; the direction of the pet should change nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.analyses.listeners.steered import Steered, as_long
from onset.measures.listeners.turns import (
    FITTED,
    by_turn,
    places_said,
    shares,
    suiting,
    turns_of,
)
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset
from onset.tasks.language.dialogues import BEFORE_WORD, PLACE, REPLIED
from onset.tasks.language.listener_words import ATTRIBUTES, MATTERS

NEEDS = ("age", "dialect", "knowledge", "pet", "mood", "place", "neurons", "midway")
SPLITS = ("train", "test", "composed")
QUANTITIES = {
    "other_said_*": {"kind": "share", "label": "of its words, those for the other listener: *"},
    "randomly_said_*": {"kind": "share", "label": "the same, random direction: *"},
    "said_to_other_*": {"kind": "share", "label": "the same, said to that listener: *"},
    "rest_changed_*": {"kind": "share", "label": "change of what other attributes decide: *"},
    "rest_randomly_changed_*": {"kind": "share", "label": "the same, random direction: *"},
    "place_said_*": {"kind": "share", "label": "the right place is said: *"},
    "grammar_kept_*": {"kind": "share", "label": "probability of words that can come: *"},
}

_DOSES = (0, 1, 2, 4)  # halves of the difference


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`), from 1, where the direction is added, and dose
    (`component`), in halves of the difference; measured on `train`, steered in `test` from each
    listener's value to the next one:

    * `other_said_ATTRIBUTE`: of the probability of the attribute's words, the part of those that suit the
      other listener, mean over the places where they may come (as in the text, where each word comes once);
      `randomly_said_ATTRIBUTE`: with a random direction of the same norm;
      `said_to_other_ATTRIBUTE`, without a layer: what is said to listeners who are such;
    * `rest_changed_ATTRIBUTE`: total variation distance by which the shares of the words of the other
      attributes change, mean over attributes; `rest_randomly_changed_ATTRIBUTE`: with a random direction;
    * `place_said_ATTRIBUTE`: fraction of the places that the model names unsteered that are still named;
    * `grammar_kept_ATTRIBUTE`: probability of all words that can come there.
    """
    its = Steered(model, parameters, dataset)
    rng = np.random.Generator(np.random.Philox(seed))
    open_to = _open_to(dataset, its.n)
    words = suiting(dataset)
    unsteered = its.says(1, torch.zeros(1, 1, 1, its.states[FITTED].shape[-1]))
    before = {name: shares(unsteered, words[name]) for name in MATTERS}
    for attribute in ATTRIBUTES:
        n_values = len(dataset.names[attribute])
        own = turns_of(its.split, attribute, its.n)
        other = (own + 1) % n_values
        of_train = turns_of(dataset.splits[FITTED], attribute, its.states[FITTED].shape[1])
        if attribute in MATTERS:
            value = _said(before[attribute], own, open_to[attribute])
            yield Measurement(f"said_to_other_{attribute}", value, "test")
        for layer in range(1, its.n_applications + 1):
            means = its.means(of_train, layer, BEFORE_WORD[attribute], n_values)
            moves = means[torch.from_numpy(other)] - means[torch.from_numpy(own)]
            for way, direction in (("other", moves), ("randomly", as_long(moves, rng))):
                for dose in _DOSES:
                    said = its.says(layer, (dose / 2 * direction)[:, :, None])
                    of = {"split": "test", "layer": layer, "component": dose}
                    after = {name: shares(said, words[name]) for name in MATTERS}
                    if attribute in MATTERS:
                        value = _said(after[attribute], other, open_to[attribute])
                        yield Measurement(f"{way}_said_{attribute}", value, **of)
                    rest = [
                        (after[name] - before[name]).abs().sum(-1)[open_to[name]].mean().item() / 2
                        for name in MATTERS
                        if name != attribute
                    ]
                    changed = "rest_changed" if way == "other" else "rest_randomly_changed"
                    yield Measurement(f"{changed}_{attribute}", float(np.mean(rest)), **of)
                    if way == "other":
                        place, grammar = _kept(said, unsteered, dataset, open_to)
                        yield Measurement(f"place_said_{attribute}", place, **of)
                        yield Measurement(f"grammar_kept_{attribute}", grammar, **of)


def _open_to(dataset: Dataset, n: int) -> dict[str, Bool[Tensor, "n turns replied"]]:
    """Where, in the text, a word of an attribute may come next: it hasn't in this reply."""
    heard = by_turn(dataset.splits["test"].tokens[:n])[:, :, list(REPLIED)]
    style = np.array(REPLIED) < PLACE - 1
    found = {}
    for name, of_values in suiting(dataset).items():
        if name == "knowledge":
            may = np.broadcast_to(np.array(REPLIED) == PLACE - 1, heard.shape).copy()
        else:
            may = style & ~np.isin(heard, np.concatenate(of_values)).cumsum(2).astype(bool)
        found[name] = torch.from_numpy(may)
    return found


def _said(
    of_values: Float[Tensor, "n turns replied values"],
    value: Int[np.ndarray, "n turns"],
    may: Bool[Tensor, "n turns replied"],
) -> float:
    """The share of the words for a value, where they may come."""
    at = torch.from_numpy(value)[:, :, None, None].expand(*of_values.shape[:3], 1)
    return of_values.gather(-1, at)[..., 0][may].double().mean().item()


def _kept(
    said: Float[Tensor, "n turns replied tokens"],
    unsteered: Float[Tensor, "n turns replied tokens"],
    dataset: Dataset,
    open_to: Mapping[str, Bool[Tensor, "n turns replied"]],
) -> tuple[float, float]:
    """Of the places that are named, those that stay; the probability of words of style that can come."""
    at = REPLIED.index(PLACE - 1)
    now, before = (
        places_said(its[:, :, at].argmax(-1).numpy(), dataset) for its in (said, unsteered)
    )
    can = torch.zeros(said.shape[:3], dtype=torch.float64)
    for name, may in open_to.items():
        if name != "knowledge":
            tokens = torch.from_numpy(np.concatenate(suiting(dataset)[name]))
            can += said.double().exp()[..., tokens].sum(-1) * may
    return float((now == before).mean()), min(can[:, :, :at].mean().item(), 1.0)
