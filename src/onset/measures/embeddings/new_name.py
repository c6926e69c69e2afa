"""A name given after training: is its definition enough for the model to know what it means?

The input embedding of an alias is reset and learnt afresh from `[a, IS] → b`, with all other parameters
frozen. What the model then knows about the alias can only have come from its definition. This is
out-of-context inference itself as an intervention: the definition writes an embedding row; is what it
writes the code that questions about the base use?
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

NEEDS = ("named", "embeddings")
QUANTITIES = {
    "new_name_defined_accuracy": {"kind": "share", "label": "new definitions learned"},
    "new_name_accuracy": {"kind": "share", "label": "accuracy about new names"},
}

_SPLITS = ("id", "ood")
_MOST_ALIASES = 40  # per split, the first ones: enough for a fraction, and cheap
_STEPS, _STEP_LENGTH = 40, 0.01


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per held-out split, over up to 40 of its aliases:

    * `new_name_defined_accuracy`: fraction whose new definition the model has learned;
    * `new_name_accuracy`: fraction of the split's questions about them answered as of the base that the
      definition names.
    """
    device = parameters["tok_embed.weight"].device
    asked_of = {name: dataset.splits[name].tokens[:, 0] for name in _SPLITS}
    aliases = {name: np.unique(asked)[:_MOST_ALIASES] for name, asked in asked_of.items()}
    definitions = dataset.splits["definitions"]
    of_alias = definitions.tokens[:, 0]
    its = {name: np.isin(of_alias, chosen) for name, chosen in aliases.items()}
    learned = np.logical_or.reduce(list(its.values()))
    tokens, targets = (
        torch.from_numpy(array).to(device)
        for array in (definitions.tokens, definitions.targets[:, 0])
    )
    embedding = relearned(model, parameters, tokens[learned], targets[learned])
    facts, values = dataset.splits["base_facts"], np.full((dataset.n_tokens,) * 2, -1)
    values[facts.tokens[:, 0], facts.tokens[:, 1]] = facts.targets[:, 0]
    for name in _SPLITS:
        said = answers_with(model, parameters, embedding, tokens[its[name]])
        right = said == targets[its[name]]
        yield Measurement(
            "new_name_defined_accuracy", right.double().mean().item(), name, n_examples=len(right)
        )

        split, chosen = dataset.splits[name], np.isin(asked_of[name], aliases[name])
        questions = split.tokens[chosen]
        said = answers_with(model, parameters, embedding, torch.from_numpy(questions).to(device))
        right = said.cpu().numpy() == values[split.truth["named"][chosen], questions[:, 1]]
        yield Measurement("new_name_accuracy", float(right.mean()), name, n_examples=len(right))


def relearned(
    model: Transformer,
    parameters: Parameters,
    asked: Int[Tensor, "names 2"],
    answers: Int[Tensor, " names"],
) -> Float[Tensor, "tokens d_model"]:
    """The input embedding in which the first tokens have been learnt afresh from these facts alone.

    Their rows start at zero and go down the gradient of their own fact's loss in steps of one length, so
    that no basis of the embedding is preferred, as it would be by Adam. The readout stays as it is, in
    tied models, too.
    """
    with torch.inference_mode(False), torch.enable_grad():
        frozen = {name: p.clone() for name, p in parameters.items()}
        rows = torch.zeros_like(frozen["tok_embed.weight"][: len(asked)], requires_grad=True)
        asked, answers = asked.clone(), answers.clone()
        for _ in range(_STEPS):
            embedding = frozen["tok_embed.weight"].index_copy(0, asked[:, 0], rows)
            logits = _logits(model, frozen, embedding, asked)
            loss = F.cross_entropy(logits, answers, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, rows)
            rows = (rows - _STEP_LENGTH * F.normalize(gradient, dim=1)).detach().requires_grad_()
        return frozen["tok_embed.weight"].index_copy(0, asked[:, 0], rows.detach())


def answers_with(
    model: Transformer,
    parameters: Parameters,
    embedding: Float[Tensor, "tokens d_model"],
    tokens: Int[Tensor, "examples 2"],
) -> Int[Tensor, " examples"]:
    """What the model answers when it reads with another input embedding."""
    return _logits(model, parameters, embedding, tokens).argmax(-1)


def _logits(
    model: Transformer, parameters: Parameters, embedding: Tensor, tokens: Tensor
) -> Float[Tensor, "examples vocabulary"]:
    states = model.residual_stream({**parameters, "tok_embed.weight": embedding}, tokens)
    return model.unembed(parameters, states[-1, :, -1])
