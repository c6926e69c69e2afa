"""Do topic and part of speech compose, and where: is a topic's word raised only where its slot comes?

The logit of a word is compared over four kinds of places: with its topic or another, and before its slot or
another. If a model adds a part for the topic and a part for the slot, the topic raises the word by as much
where another slot comes; if it multiplies them, not at all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.analyses.residual.topics import SPLIT, Told, by_mlps, told
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

NEEDS = ("topic", "slot", "neurons")
SPLITS = ("test",)
QUANTITIES = {
    "topic_in_slot": {"kind": "logits", "label": "raised by its topic, where its slot comes (nats)"},
    "topic_elsewhere": {"kind": "logits", "label": "raised by its topic, where another comes (nats)"},
    "slot_alone": {"kind": "logits", "label": "raised by its slot, in other topics (nats)"},
    "topic_in_slot_by_mlps": {"kind": "logits", "label": "the same, by MLPs alone (nats)"},
    "topic_elsewhere_by_mlps": {"kind": "logits", "label": "elsewhere, by MLPs alone (nats)"},
    "topic_in_slot_shuffled": {"kind": "logits", "label": "the same, with shuffled topics (nats)"},
    "added": {"kind": "share", "label": "of what topics raise, what they raise everywhere"},
}  # fmt: skip
_EPS = 1e-5  # of layer norms


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Of `test`, over words that only one topic has, mean over topics and slots. Logits are less their mean
    over all tokens:

    * `topic_in_slot`: by how much a word's logit is larger with its topic than with others, where a word of
      its slot comes next; `topic_elsewhere`: where a word of another of these slots does;
    * `slot_alone`: by how much it is larger where its slot comes, with other topics;
    * `…_by_mlps`: the same, of what all MLPs write directly, through the final norm with the scale that it
      has in the run;
    * `topic_in_slot_shuffled`: with texts' topics exchanged among texts: a null;
    * `added`: `topic_elsewhere` as a part of `topic_in_slot`, between 0 and 1: 1 if parts are added, 0 if
      a topic raises its words only where they can come.

    Nothing, if too few words are known to be of one topic alone.
    """
    its = told(dataset)
    if not its.at_content.any():
        return
    tokens = torch.from_numpy(its.tokens)
    stream = model.residual_stream(parameters, tokens)[-1][:, :-1]
    logits = _centred(model.unembed(parameters, stream))
    mlps = by_mlps(model, parameters, its.tokens).sum(0)[:, :-1]
    of_mlps = _centred(_directly(model, parameters, mlps, stream))
    whole = _raised(logits, its, its.topic)
    found = {name: whole[name] for name in ("topic_in_slot", "topic_elsewhere", "slot_alone")}
    direct = _raised(of_mlps, its, its.topic)
    found |= {f"{name}_by_mlps": direct[name] for name in ("topic_in_slot", "topic_elsewhere")}
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(its.topic))
    found["topic_in_slot_shuffled"] = _raised(logits, its, its.topic[order])["topic_in_slot"]
    part = found["topic_elsewhere"] / found["topic_in_slot"] if found["topic_in_slot"] > 0 else 0.0
    found["added"] = float(np.clip(part, 0, 1))
    for name, value in found.items():
        yield Measurement(name, value, SPLIT)


def _raised(
    logits: Float[Tensor, "texts places tokens"], its: Told, topic: Int[np.ndarray, "texts places"]
) -> dict[str, float]:
    """Mean over slots and topics of the differences between kinds of places."""
    found: dict[str, list[float]] = {"topic_in_slot": [], "topic_elsewhere": [], "slot_alone": []}
    flat = logits.flatten(0, 1).double().cpu().numpy()
    at_content = np.isin(its.slot, its.content).ravel()
    for slot in its.content:
        here = (its.slot == slot).ravel()
        for number in range(its.words.shape[1]):
            words, with_topic = its.words[slot, number], (topic == number).ravel()
            if not words.any():
                continue
            own, others = _means(flat[:, words].mean(1), here & at_content, with_topic)
            own_elsewhere, others_elsewhere = _means(
                flat[:, words].mean(1), ~here & at_content, with_topic
            )
            found["topic_in_slot"].append(own - others)
            found["topic_elsewhere"].append(own_elsewhere - others_elsewhere)
            found["slot_alone"].append(others - others_elsewhere)
    known = {name: [its for its in values if np.isfinite(its)] for name, values in found.items()}
    return {name: float(np.mean(its)) if its else 0.0 for name, its in known.items()}


def _means(
    values: Float[np.ndarray, " places"],
    there: Bool[np.ndarray, " places"],
    with_topic: Bool[np.ndarray, " places"],
) -> tuple[float, float]:
    """With the topic, and without; NaN where there are no such places."""
    parts = (values[there & with_topic], values[there & ~with_topic])
    return tuple(float(its.mean()) if len(its) else np.nan for its in parts)


def _centred(logits: Float[Tensor, "*places tokens"]) -> Float[Tensor, "*places tokens"]:
    return logits - logits.mean(-1, keepdim=True)


def _directly(
    model: Transformer,
    parameters: Parameters,
    written: Float[Tensor, "texts places d_model"],
    stream: Float[Tensor, "texts places d_model"],
) -> Float[Tensor, "texts places tokens"]:
    """The logits that something in the last states gives, at the scale of the final norm there."""
    if model.settings.norm == "layer":
        scale = (stream.var(-1, correction=0, keepdim=True) + _EPS).sqrt()
        away = written - written.mean(-1, keepdim=True)
        written = away / scale * parameters["ln_out.weight"]
    readout = parameters.get("head.weight", parameters["tok_embed.weight"])
    return F.linear(written, readout)
