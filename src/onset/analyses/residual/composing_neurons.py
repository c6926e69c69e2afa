"""Where do topic and part of speech compose: in one neuron, in several, or in none?

What MLPs write to a word that only one topic has, where its topic and its slot come together, beyond what
each of the two brings by itself: the *interaction*. It is a sum over neurons.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int

from onset.analyses.residual.topics import SPLIT, Told, told
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, Questions
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

NEEDS = ("topic", "slot", "neurons")
SPLITS = ("test",)
QUANTITIES = {
    "interaction": {"kind": "logits", "label": "written to a word for its topic and slot together (nats)"},
    "interaction_shuffled": {"kind": "logits", "label": "the same, with shuffled topics (nats)"},
    "of_one_neuron": {"kind": "share", "label": "of what raises it, what one neuron writes"},
    "neurons_for_half": {"kind": "count", "label": "neurons that write half of what raises it"},
}  # fmt: skip
_EPS = 1e-5  # of layer norms


class Parts(NamedTuple):
    """Means over topics and slots."""

    whole: float
    largest: float
    n_for_half: float


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Of `test`, over words that only one topic has, mean over topics and slots; at the final norm's scale:

    * `interaction`: by how much more all neurons raise a word with its topic than with others where its
      slot comes next, less the same where another slot does; `interaction_shuffled`: with texts' topics
      exchanged among texts, a null;
    * `of_one_neuron`: of what neurons add to it, those that lower it left out, the part of the strongest;
      `neurons_for_half`: how many it takes to have half of that.

    Nothing, if too few words are known to be of one topic alone.
    """
    its = told(dataset)
    if not its.at_content.any():
        return
    values = _scaled(model, parameters, its.tokens)
    written = _directly(model, parameters)
    found = _parts(values, written, its, its.topic)
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(its.topic))
    null = _parts(values, written, its, its.topic[order])
    yield Measurement("interaction", found.whole, SPLIT)
    yield Measurement("interaction_shuffled", null.whole, SPLIT)
    yield Measurement("of_one_neuron", found.largest, SPLIT)
    yield Measurement("neurons_for_half", found.n_for_half, SPLIT)


def _parts(
    values: Float[np.ndarray, "all_places neurons"],
    written: Float[np.ndarray, "tokens neurons"],
    its: Told,
    topic: Int[np.ndarray, "texts places"],
) -> Parts:
    slot, at_content = its.slot.ravel(), np.isin(its.slot, its.content).ravel()
    found = []
    for number in its.content:
        here = slot == number
        for of_topic in range(its.words.shape[1]):
            words, with_topic = its.words[number, of_topic], (topic == of_topic).ravel()
            places = [
                where & kind
                for where in (here, ~here & at_content)
                for kind in (with_topic, ~with_topic)
            ]
            if not words.any() or not all(where.any() for where in places):
                continue
            own, others, own_else, others_else = (values[where].mean(0) for where in places)
            each = ((own - others) - (own_else - others_else)) * written[words].mean(0)
            raising = np.sort(each[each > 0])[::-1]
            whole = raising.sum()
            n_for_half = 1 + np.searchsorted(raising.cumsum(), whole / 2)
            largest = raising[0] / whole if whole > 0 else 0.0
            found.append((each.sum(), largest, n_for_half))
    return Parts(*np.mean(found, axis=0).tolist()) if found else Parts(0.0, 0.0, 0.0)


def _scaled(
    model: Transformer, parameters: Parameters, tokens: Int[np.ndarray, "texts length"]
) -> Float[np.ndarray, "all_places neurons"]:
    """What all neurons are at each place but the last of a text, over the final norm's scale there."""
    everywhere = Questions(tokens, tuple(range(tokens.shape[1])))
    layers = range(model.settings.n_applications)
    neurons = torch.cat([model.neurons(parameters, everywhere, layer) for layer in layers], -1)
    if model.settings.norm == "layer":
        last = model.residual_stream(parameters, torch.from_numpy(tokens))[-1].flatten(0, 1)
        neurons = neurons / (last.var(-1, correction=0, keepdim=True) + _EPS).sqrt()
    return neurons.unflatten(0, tokens.shape)[:, :-1].flatten(0, 1).double().cpu().numpy()


def _directly(model: Transformer, parameters: Parameters) -> Float[np.ndarray, "tokens neurons"]:
    """What each neuron, when it is 1, adds to each logit, less the mean over tokens, before the scale."""
    s = model.settings
    written = torch.cat(
        [parameters[f"layers.{i % s.n_layers}.mlp.fc_out.weight"] for i in range(s.n_applications)],
        1,
    )
    if s.norm == "layer":
        written = (written - written.mean(0)) * parameters["ln_out.weight"][:, None]
    logits = parameters.get("head.weight", parameters["tok_embed.weight"]) @ written
    return (logits - logits.mean(0)).double().cpu().numpy()
