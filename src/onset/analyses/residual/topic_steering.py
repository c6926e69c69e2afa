"""Is the topic of a text linearly readable in what the first attention moves, and is it used?

Where one topic is, another one's direction is written: the difference of what attention writes, on average,
at places of the two topics. If the model uses it, it says words of the other topic, and its grammar stays
(difference-in-means steering: Turner et al. 2023, arXiv:2308.10248; Marks & Tegmark 2023,
arXiv:2310.06824).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor

from onset.analyses.residual.topics import SPLIT, Told, moved, told
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

NEEDS = ("topic", "slot", "neurons")
SPLITS = ("test",)
QUANTITIES = {
    "topic_readable": {"kind": "share", "label": "places whose topic is read off what attention moves"},
    "topic_readable_in_token": {"kind": "share", "label": "the same, off the last token alone"},
    "topic_readable_shuffled": {"kind": "share", "label": "the same, with shuffled topics"},
    "other_topic_said": {"kind": "share", "label": "of two topics' words, those of the other"},
    "other_topic_steered": {"kind": "share", "label": "the same, with its direction written"},
    "other_topic_random": {"kind": "share", "label": "the same, with a random direction as long"},
    "slot_said": {"kind": "share", "label": "words of the right slot"},
    "slot_steered": {"kind": "share", "label": "the same, with another topic's direction written"},
}  # fmt: skip
_ATTENTION = "layers.0.attn.o.bias"


class Said(NamedTuple):
    """Means over places before a word of the slots that topics have words in."""

    other_topic: float
    """of the probability of words that one of the two topics alone has, in the right slot: the other's"""
    slot: float
    """probability of all words that come in the right slot"""


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Of `test`, what the first block's attention writes being looked at and changed:

    * `topic_readable`: the share of places whose topic a linear discriminant tells, fitted to one half of
      the texts and asked of the other; `…_in_token`: from the embedding alone, so from the last token;
      `…_shuffled`: with texts' topics exchanged, a null;
    * `other_topic_said`, `other_topic_steered`, `other_topic_random`: at places of one topic, of the
      probability of its own words and of another's in the slot that comes, the part of the other's: as the
      model is; with the difference of the two topics' means added to what attention writes, everywhere;
      and with a random direction of the same norm, a null. Each topic is steered to the next;
    * `slot_said`, `slot_steered`: the probability of all words of that slot, without and with it.
    """
    its = told(dataset)
    written = moved(model, parameters, its.tokens)[:, :-1].cpu()
    stream = model.residual_stream(parameters, torch.from_numpy(its.tokens))
    rng = np.random.Generator(np.random.Philox(seed))
    for name, states, topic in (
        ("topic_readable", written, its.topic),
        ("topic_readable_in_token", stream[0][:, :-1].cpu(), its.topic),
        ("topic_readable_shuffled", written, its.topic[rng.permutation(len(its.topic))]),
    ):
        yield Measurement(name, _readable(states, topic), SPLIT)
    of_slots = _words_of_slots(dataset)
    means = _means(written, its.topic, its.words.shape[1])
    found: dict[str, list[float]] = {}
    there = np.unique(its.topic).tolist()  # few texts may lack one
    for topic, other in zip(there, there[1:] + there[:1], strict=True):
        direction = means[other] - means[topic]
        drawn = torch.from_numpy(rng.standard_normal(len(direction))).to(direction)
        as_long = drawn * direction.norm() / drawn.norm()
        for name, added in (
            ("said", 0 * direction), ("steered", direction), ("random", as_long)
        ):  # fmt: skip
            told_ = _said(model, parameters, its, of_slots, topic, other, added)
            if told_ is not None:
                found.setdefault(f"other_topic_{name}", []).append(told_.other_topic)
                found.setdefault(f"slot_{name}", []).append(told_.slot)
    for name in (name for name in QUANTITIES if name in found):
        yield Measurement(name, float(np.mean(found[name])), SPLIT)


def _readable(
    states: Float[Tensor, "texts places d_model"], topic: Int[np.ndarray, "texts places"]
) -> float:
    half = len(states) // 2
    one, other = states[:half].flatten(0, 1).numpy(), states[half:].flatten(0, 1).numpy()
    fitted = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.01).fit(
        one, topic[:half].ravel()
    )
    return float(fitted.score(other, topic[half:].ravel()))


def _means(
    states: Float[Tensor, "texts places d_model"], topic: Int[np.ndarray, "texts places"], n: int
) -> Float[Tensor, "topics d_model"]:
    where = torch.from_numpy(topic)
    return torch.stack([states[where == its].mean(0) for its in range(n)])


def _words_of_slots(dataset: Dataset) -> Float[Tensor, "slots tokens"]:
    """1 for the tokens that come in a slot."""
    found = torch.zeros(len(dataset.names["slot"]), dataset.n_tokens)
    for split in dataset.splits.values():
        slots = torch.from_numpy(split.truth["slot"].astype(np.int64))
        found[slots, torch.from_numpy(split.tokens.astype(np.int64))] = 1
    return found


def _said(
    model: Transformer,
    parameters: Parameters,
    its: Told,
    of_slots: Float[Tensor, "slots tokens"],
    topic: int,
    other: int,
    added: Float[Tensor, " d_model"],
) -> Said | None:
    """What the model says at places of a topic with something added to what attention writes; None if
    there are no places at which both topics have words."""
    changed = {**parameters, _ATTENTION: parameters[_ATTENTION] + added.to(parameters[_ATTENTION])}
    has_both = its.words[:, [topic, other]].any(2).all(1)
    where = its.at_content & (its.topic == topic) & has_both[its.slot]
    texts = np.flatnonzero(where.any(1))
    if not len(texts):
        return None
    stream = model.residual_stream(changed, torch.from_numpy(its.tokens[texts]))[-1][:, :-1]
    here = torch.from_numpy(where[texts])
    logs = model.unembed(changed, stream[here.to(stream.device)]).log_softmax(-1).cpu()
    slot = its.slot[texts][where[texts]]
    # Of logarithms, since both may be too small to be told from 0.
    own, others = (
        logs.masked_fill(torch.from_numpy(~its.words[slot, number]), -torch.inf).logsumexp(1)
        for number in (topic, other)
    )
    right = (logs.exp() * of_slots[slot]).sum(1)
    return Said((others - own).sigmoid().mean().item(), right.mean().item())
