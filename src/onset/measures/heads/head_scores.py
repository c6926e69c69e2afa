"""Where attention heads look and what they copy: previous tokens, duplicates, what came after a duplicate.

Which places a kind of head should look at is TransformerLens's word (`head_detector`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.head_detector import (
    get_duplicate_token_head_detection_pattern,
    get_induction_head_detection_pattern,
    get_previous_token_head_detection_pattern,
)

from onset.measures.measurement import Measurement, by_head
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset, Split

NEEDS = ("repeats", "heads")
QUANTITIES = {
    "previous_token_score": {"kind": "share", "label": "attention to the previous token"},
    "duplicate_token_score": {"kind": "share", "label": "attention to duplicates"},
    "induction_score": {"kind": "share", "label": "attention to what came after duplicates"},
    "attention_entropy": {"kind": "nats", "label": "entropy of attention (nats)"},
    "copying_score": {"kind": "signed_share", "label": "copying score"},
    "strongest_*_score": {"kind": "share", "label": "attention of the head that pays most to: *"},
    "clear_induction_heads": {
        "kind": "share",
        "label": "heads with most attention after duplicates",
    },
    "previous_token_below": {
        "kind": "share",
        "label": "strongest previous-token head in an earlier layer than the strongest induction head",
    },
}

_SPLIT = "test"
_N_SEQUENCES = 32
_CLEARLY = 0.5
_KINDS = {
    "previous_token": get_previous_token_head_detection_pattern,
    "duplicate_token": get_duplicate_token_head_detection_pattern,
    "induction": get_induction_head_detection_pattern,
}


def measure(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> Iterator[Measurement]:
    """By block application (`layer`) and `head`, on held-out sequences:

    * `previous_token_score`, `duplicate_token_score`, `induction_score`: share of its attention that a
      head pays to the token before; to earlier tokens that are the same; to those that came after such
      ones (prefix matching, Olsson et al. 2022, arXiv:2209.11895); mean over positions that have any;
    * `attention_entropy`: of what a head pays attention to, in nats, mean over positions;
    * `strongest_previous_token_score`, `strongest_duplicate_token_score`, `strongest_induction_score`: of
      the head with the largest; `clear_induction_heads`: share of heads with an induction score above .5;
      `previous_token_below`: 1 where the head that looks most at previous tokens is in an earlier layer
      than the one that looks most after duplicates, else 0;
    * `copying_score`: Σλ / Σ|λ| over the eigenvalues of the head's map from tokens to logits: near 1,
      what it attends to becomes more likely (Elhage et al. 2021, "A mathematical framework"). Of models
      whose heads' weights can be told apart.
    """
    split = dataset.splits[_SPLIT]
    tokens = torch.from_numpy(split.tokens[:_N_SEQUENCES]).to(device_of(parameters))
    attention = model.attention(parameters, tokens).cpu()
    found = {f"{kind}_score": seen(attention, its) for kind, its in _places(split).items()}
    for name, scores in found.items():
        yield Measurement(f"strongest_{name}", scores.max().item())
    induction = found["induction_score"]
    clear = (induction > _CLEARLY).double().mean().item()
    yield Measurement("clear_induction_heads", clear, n_examples=induction.numel())
    of_previous, of_induction = (
        int(found[f"{kind}_score"].argmax()) // induction.shape[1]
        for kind in ("previous_token", "induction")
    )
    yield Measurement("previous_token_below", float(of_previous < of_induction))
    found["attention_entropy"] = entropy(attention)
    if "layers.0.attn.o.weight" in parameters:
        found["copying_score"] = copying(model, parameters)
    for name, scores in found.items():
        yield from by_head(name, scores.tolist())


@lru_cache(maxsize=8)
def _places(split: Split) -> dict[str, Float[Tensor, "sequences length length"]]:
    return wanted(split.tokens[:_N_SEQUENCES])


def wanted(
    tokens: Int[np.ndarray, "sequences length"],
) -> dict[str, Float[Tensor, "sequences length length"]]:
    """The places that each kind of head should look at: 1 there, 0 elsewhere."""
    each = [torch.from_numpy(sequence)[None] for sequence in tokens]
    return {kind: torch.stack([at(one) for one in each]) for kind, at in _KINDS.items()}


def seen(
    attention: Float[Tensor, "layers sequences heads length length"],
    places: Float[Tensor, "sequences length length"],
) -> Float[Tensor, "layers heads"]:
    """Attention to the places, mean over the positions for which there are any; NaN if there are none."""
    paid = torch.einsum("lshqk,sqk->lh", attention, places)
    return paid / (places.sum(-1) > 0).sum()


def entropy(
    attention: Float[Tensor, "layers sequences heads queries keys"],
) -> Float[Tensor, "layers heads"]:
    return torch.special.entr(attention).sum(-1).mean((1, 3))


def copying(model: Transformer, parameters: Parameters) -> Float[Tensor, "applications heads"]:
    """Norms are ignored, except for their gains."""
    s = model.settings
    readout = parameters["tok_embed.weight" if s.tied_embeddings else "head.weight"]
    if s.norm == "layer":
        readout = readout * parameters["ln_out.weight"]
    found = []
    for i in range(s.n_applications):
        value, output = value_and_output(model, parameters, i)
        found.append(copies(parameters["tok_embed.weight"], value, output, readout))
    return torch.stack(found).cpu()


def copies(
    embedding: Float[Tensor, "tokens d_model"],
    value: Float[Tensor, "heads d_model d_head"],
    output: Float[Tensor, "heads d_head d_model"],
    readout: Float[Tensor, "tokens d_model"],
) -> Float[Tensor, " heads"]:
    """Σλ / Σ|λ| of each head's map from tokens to logits; NaN of a head that writes nothing."""
    # The eigenvalues of (tokens → head) (head → logits) are those of the product the other way round.
    small = output @ (readout.T @ embedding) @ value
    eigenvalues = torch.linalg.eigvals(small.double())
    return eigenvalues.sum(-1).real / eigenvalues.abs().sum(-1)


def value_and_output(
    model: Transformer, parameters: Parameters, application: int
) -> tuple[Float[Tensor, "heads d_model d_head"], Float[Tensor, "heads d_head d_model"]]:
    """W_V and W_O of each head, for states as rows; the norm's gain is in the first."""
    return (
        input_weights(model, parameters, application, "v"),
        parameters[f"layers.{application % model.settings.n_layers}.attn.o.weight"].T.unflatten(
            0, (model.settings.n_heads, -1)
        ),
    )


def input_weights(
    model: Transformer, parameters: Parameters, application: int, which: str
) -> Float[Tensor, "heads d_model d_head"]:
    """W_Q, W_K or W_V of each head, for states as rows; the norm's gain is in them."""
    layer = f"layers.{application % model.settings.n_layers}"
    weight = parameters[f"{layer}.attn.{which}.weight"].T
    if model.settings.norm == "layer":
        weight = parameters[f"{layer}.ln1.weight"][:, None] * weight
    return weight.unflatten(1, (model.settings.n_heads, -1)).transpose(0, 1)
