"""Does the model use the intermediate entity of a question, and can another be written into it?

Activation patching (Vig et al. 2020, arXiv:2004.12265; Meng et al. 2022, arXiv:2202.05262) with
TransformerLens's `get_act_patch_resid_pre`: the residual stream before a block application, at one
position, is replaced, and the rest of the model runs on. What it is replaced by:

* `donor`: the state at that place on a question that ends in the same token and has another answer;
* `written`: the output embedding (row of the unembedding) of the donor's bridge entity;
* `random`: a random direction, the null control.

The last two are given the norm of the state that they replace.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor
from transformer_lens import patching

from onset.analyses.components.questions import Exchange, exchanges
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, ReadableModel
from onset.statistics.chance import own_stream
from onset.tasks.dataset import Dataset

NEEDS = ("bridge", "residual_stream")
QUANTITIES = {
    "patch_*_follows": {"kind": "share", "label": "answered like the donor: *"},
    "patch_*_keeps": {"kind": "share", "label": "still answered right: *"},
}

States = dict[str, Float[Tensor, "questions length d_model"]]
"""the residual stream before each block application, by TransformerLens's name"""


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split with bridge entities, block application (`layer`) and position, for each kind:

    * `patch_KIND_follows`: fraction of questions then answered with the donor's answer;
    * `patch_KIND_keeps`: fraction still answered with their own.
    """
    for exchange in exchanges(model, parameters, dataset, seed):
        for kind, states in _replacements(exchange, seed).items():
            found = patching.get_act_patch_resid_pre(
                exchange.bridge,
                exchange.tokens,
                states,
                {
                    "follows": lambda logits, e=exchange: _answers(logits, e) == e.donor_target,
                    "keeps": lambda logits, e=exchange: _answers(logits, e) == e.target,
                },
                reduce="mean",
            )
            for metric in found.metric_names:
                for layer, of_layer in enumerate(found[metric].values.tolist()):
                    for position, value in enumerate(of_layer):
                        yield Measurement(
                            f"patch_{kind}_{metric}",
                            value,
                            exchange.split,
                            layer=layer,
                            position=position,
                            n_examples=len(exchange.tokens),
                        )


def _answers(logits: Float[Tensor, "questions length tokens"], exchange: Exchange) -> Tensor:
    return logits[:, exchange.scored].argmax(-1)


def _replacements(exchange: Exchange, seed: int) -> dict[str, States]:
    names = [f"blocks.{i}.hook_resid_pre" for i in range(exchange.bridge.cfg.n_layers)]
    _, own = exchange.bridge.run_with_cache(exchange.tokens, names_filter=names)
    _, donor = exchange.bridge.run_with_cache(exchange.donors, names_filter=names)
    written = exchange.bridge.W_U.T[exchange.donor_bridge][:, None]
    drawn = own_stream(seed).standard_normal(own[names[0]].shape, dtype="f4")
    noise = torch.from_numpy(drawn).to(written.device)
    return {
        "donor": {name: donor[name] for name in names},
        "written": {name: _with_norm_of(own[name], written) for name in names},
        "random": {name: _with_norm_of(own[name], noise) for name in names},
    }


def _with_norm_of(state: Tensor, direction: Tensor) -> Tensor:
    unit = direction / direction.norm(dim=-1, keepdim=True)
    return unit * state.norm(dim=-1, keepdim=True)
