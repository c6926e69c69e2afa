"""What each attention head and MLP is needed for.

The output of one head, or of one MLP, is replaced on all positions (TransformerLens's patching
functions do it) by zeros, by its mean over the questions, or by its output on another question
("resample"); compared in Zhang & Nanda 2023 (arXiv:2309.16042). A part that still matters under
resampling carries what differs between questions; one that matters only under zeros is a constant
that others rely on.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from transformer_lens import patching

from onset.analyses.components.questions import Exchange, exchanges
from onset.measures.measurement import Measurement, by_head
from onset.models.batch import Parameters, ReadableModel
from onset.tasks.dataset import Dataset

NEEDS = ("bridge", "heads")
QUANTITIES = {
    "with_all_accuracy": {"kind": "share", "label": "accuracy with all parts"},
    "without_head_*_accuracy": {"kind": "share", "label": "accuracy without the head: *"},
    "without_mlp_*_accuracy": {"kind": "share", "label": "accuracy without the MLP: *"},
}

_KINDS = {
    "zero": lambda own, other: torch.zeros_like(own),
    "mean": lambda own, other: own.mean(0, keepdim=True).expand_as(own),
    "resample": lambda own, other: other,
}


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split with bridge entities and kind (zero, mean, resample), accuracy that is left without a part:

    * `without_head_KIND_accuracy` by block application (`layer`) and `head`;
    * `without_mlp_KIND_accuracy` by block application, the MLP's output replaced on all positions;
    * `with_all_accuracy`: nothing replaced, on the same questions.
    """
    for exchange in exchanges(model, parameters, dataset, seed):
        n = len(exchange.tokens)
        yield Measurement("with_all_accuracy", _accuracy(exchange), exchange.split, n_examples=n)
        n_layers = exchange.bridge.cfg.n_layers
        heads = [f"blocks.{i}.attn.hook_z" for i in range(n_layers)]
        has_mlp = not exchange.bridge.cfg.attn_only
        mlps = [f"blocks.{i}.hook_mlp_out" for i in range(n_layers)] if has_mlp else []
        _, own = exchange.bridge.run_with_cache(exchange.tokens, names_filter=heads + mlps)
        _, other = exchange.bridge.run_with_cache(exchange.donors, names_filter=heads + mlps)
        for kind, replace in _KINDS.items():
            states = {name: replace(own[name], other[name]) for name in heads + mlps}
            left = patching.get_act_patch_attn_head_out_all_pos(
                exchange.bridge, exchange.tokens, states, _right(exchange), reduce="mean"
            )
            name = f"without_head_{kind}_accuracy"
            yield from by_head(name, left.tolist(), exchange.split, n_examples=n)
            for layer, name in enumerate(mlps):
                hook = (name, lambda _, hook, s=states[name]: s)
                logits = exchange.bridge.run_with_hooks(exchange.tokens, fwd_hooks=[hook])
                value = _right(exchange)(logits).double().mean().item()
                name = f"without_mlp_{kind}_accuracy"
                yield Measurement(name, value, exchange.split, layer, n_examples=n)


def _right(exchange: Exchange):
    return lambda logits: logits[:, exchange.scored].argmax(-1) == exchange.target


def _accuracy(exchange: Exchange) -> float:
    logits: Tensor = exchange.bridge(exchange.tokens)
    return _right(exchange)(logits).double().mean().item()
