"""Does the circuit that feeds a latent tell where its description fails, better than its top examples do?

A latent of a text model is described as people do it, from the examples on which it is most active: by the
tokens that they stand on. At other places with these tokens it may be silent; there the description fails,
since something earlier in the sequence decides, too (the interpretability illusion, Bolukbasi et al. 2021,
arXiv:2104.07143). What decides can be guessed in several ways, all as weights of earlier tokens, each by
itself and right before the place:

* `circuit`: what the token's embedding adds to the latent before its activation, to first order
  (attribution patching through all heads and MLPs in between, from the mean embedding);
* `top_examples`: how much more often the token comes before top examples than before other described
  places;
* `all_examples`: how much more often it comes where the latent is active than where it is silent; this
  needs no circuit, and every described place has to be looked at;
* `chance`: the circuit's weights, each given to another token.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.models.transformer.wiring import Wiring
from onset.runs.source import Source
from onset.statistics.prediction import auc
from onset.tasks.dataset import VALIDATION
from onset.tasks.vectors import VectorDataset

NEEDS = ("token", "dictionary")
QUANTITIES = {
    "description_holds": {"kind": "share", "label": "described places at which the latent is active"},
    "failures_told_by_*": {"kind": "share", "label": "AUC of where descriptions fail: *"},
}  # fmt: skip
N_LATENTS = 3
N_TOP = 20
_SPLITS = (f"test{VALIDATION}", "test")  # to describe latents on, and to try descriptions on
_MOST = 128  # sequences
_FEWEST = 40  # described places, of each kind
Places = Bool[np.ndarray, "sequences length"]
Weights = Float[np.ndarray, "ways vocabulary"]
"""of a token anywhere before a place, and of one right before it"""


def analyse(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset, seed: int, parent: Source
) -> Iterator[Measurement]:
    """Of the three latents (`component`) of the first dictionary whose descriptions leave most open, on
    held-out texts of the parent; described, and all weights found, on the validation part:

    * `description_holds`: share of the places with one of the description's tokens at which it is active;
    * `failures_told_by_WAY`: how well WAY tells those places from the others (area under the ROC curve).

    Raises:
        ValueError: the parent's world has no such texts.
    """
    layer = int(dataset.truth["place"][0])
    if lacking := [its for its in _SPLITS if its not in parent.dataset.splits]:
        said = f"latents are described on texts of the parent's split {lacking[0]!r}; there are"
        raise ValueError(f"{said} {', '.join(parent.dataset.splits)}")
    with torch.inference_mode(False), torch.enable_grad():
        told = model, parameters, dataset, parent, layer
        seen, tried = (_Texts(*told, its) for its in _SPLITS)
        for place, latent in enumerate(_most_open(seen)):
            its = seen.described(latent)
            there = tried.places_of(its)
            active = tried.active(latent)[there]
            if not 0 < active.sum() < active.size:
                continue
            n = active.size
            yield Measurement("description_holds", active.mean(), component=place, n_examples=n)
            for way, weights in _ways(seen, latent, its, seed).items():
                value = auc(tried.scores(weights)[there], active)
                name = f"failures_told_by_{way}"
                yield Measurement(name, float(value), component=place, n_examples=n)


@dataclass(eq=False)
class _Texts:
    """Sequences of a split, and what the latents are at every place in them."""

    model: Dictionary
    parameters: Parameters
    dataset: VectorDataset
    parent: Source
    layer: int
    split: str

    def __post_init__(self) -> None:
        with torch.inference_mode(False):
            its = {name: p.detach().clone() for name, p in self.parent.parameters().items()}
            self._own = {name: p.detach().clone() for name, p in self.parameters.items()}
        self._wiring = Wiring.of(self.parent.model, its)
        self.tokens = self.parent.dataset.splits[self.split].tokens[:_MOST]
        self._embedding = its["tok_embed.weight"]
        with torch.no_grad():
            states = self._states(self._embedding[torch.from_numpy(self.tokens)])
            flat = self.model.latents(self._own, self._scaled(states).flatten(0, 1))[0]
        self.latents = flat.unflatten(0, self.tokens.shape).numpy()

    def active(self, latent: int) -> Places:
        return self.latents[..., latent] > 0

    def described(self, latent: int) -> Int[np.ndarray, " tokens"]:
        """The tokens of the places at which the latent is most active."""
        return np.unique(self.tokens[self.top(latent)])

    def top(self, latent: int) -> Places:
        values = self.latents[..., latent]
        return (values >= np.sort(values, axis=None)[-N_TOP]) & (values > 0)

    def places_of(self, tokens: Int[np.ndarray, " tokens"]) -> Places:
        """Where one of these stands, but for the first places, which hardly anything comes before."""
        found = np.isin(self.tokens, tokens)
        found[:, :2] = False
        return found

    def counts(self, places: Places) -> Weights:
        """At how many of these places each token comes anywhere before, and right before."""
        n_tokens = self.parent.model.n_tokens
        found = np.zeros((2, n_tokens))
        for row, place in np.argwhere(places):
            found[0, np.unique(self.tokens[row, :place])] += 1
            found[1, self.tokens[row, place - 1]] += 1
        return found

    def scores(self, weights: Weights) -> Float[np.ndarray, "sequences length"]:
        """Of every place: the weights of all different tokens before it, and of the one right before."""
        new = np.zeros(self.tokens.shape)
        for row, tokens in enumerate(self.tokens):
            _, first = np.unique(tokens, return_index=True)
            new[row, first] = weights[0, tokens[first]]
        before = np.zeros_like(new)
        before[:, 1:] = new.cumsum(1)[:, :-1] + weights[1][self.tokens[:, :-1]]
        return before

    def attributed(self, latent: int, places: Places) -> Weights:
        """What embeddings of earlier tokens add to the latent at these places, mean by token."""
        n_tokens = len(self._embedding)
        tokens = torch.from_numpy(self.tokens)
        embedded = self._embedding[tokens].clone().requires_grad_()
        states = self._scaled(self._states(embedded))
        own = self._own
        encoded = (states - own["decoder.bias"][0]) @ own["encoder.weight"][0, :, latent]
        total, often = np.zeros((2, n_tokens)), np.zeros((2, n_tokens))
        differs = (embedded - embedded.mean((0, 1))).detach()
        for place in np.flatnonzero(places.any(0)):
            rows = np.flatnonzero(places[:, place])
            (slope,) = torch.autograd.grad(encoded[rows, place].sum(), embedded, retain_graph=True)
            adds = (slope * differs).sum(-1)[rows, :place].numpy()
            before = self.tokens[rows, :place]
            for way, some in enumerate((slice(None), slice(place - 1, None))):
                np.add.at(total[way], before[:, some], adds[:, some])
                np.add.at(often[way], before[:, some], 1)
        return total / np.maximum(often, 1)

    def _states(self, embedded: Float[Tensor, "sequences length d_model"]) -> Tensor:
        """Before the dictionary's layer, of embeddings that gradients can pass through."""
        its, wiring = self._wiring, self._wiring
        written = [embedded]
        if its.model.settings.positions == "learned":
            written.append(wiring.parameters["pos.weight"][: embedded.shape[1]].expand_as(embedded))
        state = sum(written)
        tokens = torch.from_numpy(self.tokens)
        for layer in range(self.layer):
            block = its.model._block(wiring.parameters, layer)
            read = state.expand(1, 3 * its.model.settings.n_heads, *state.shape)
            heads = sum(out[0] for out in wiring.heads(layer, read, tokens))
            state = state + heads + block["attn.o.bias"]
            if its.model.settings.d_mlp:
                state = state + wiring.mlp(layer, state[None])[0]
        return state

    def _scaled(self, states: Tensor) -> Tensor:
        truth = self.dataset.truth
        return (states - torch.from_numpy(truth["centre"])) / torch.from_numpy(truth["scale"])


def _most_open(texts: _Texts) -> list[int]:
    """The latents whose descriptions hold and fail most often, whichever is rarer."""
    found = {}
    for latent in range(texts.latents.shape[-1]):
        if (texts.latents[..., latent] > 0).sum() < 2 * N_TOP:
            continue
        active = texts.active(latent)[texts.places_of(texts.described(latent))]
        rarer = int(min(active.sum(), (~active).sum()))
        if rarer >= _FEWEST:
            found[latent] = rarer
    return sorted(found, key=found.__getitem__, reverse=True)[:N_LATENTS]


def _ways(
    texts: _Texts, latent: int, described: Int[np.ndarray, " tokens"], seed: int
) -> dict[str, Weights]:
    places, active = texts.places_of(described), texts.active(latent)
    circuit = texts.attributed(latent, places)
    shuffled = np.random.Generator(np.random.Philox(seed)).permuted(circuit, axis=1)
    top, on, off = places & texts.top(latent), places & active, places & ~active
    return {
        "circuit": circuit,
        "top_examples": _more_often(texts, top, places & ~top),
        "all_examples": _more_often(texts, on, off),
        "chance": shuffled,
    }


def _more_often(texts: _Texts, some: Places, others: Places) -> Weights:
    """The logarithm of how much more often tokens come before some places than before others."""
    rates = [(texts.counts(its) + 0.5) / (its.sum() + 1) for its in (some, others)]
    return np.log(rates[0] / rates[1])
