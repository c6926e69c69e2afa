"""Would a step towards a definition also be a step towards the answers that follow from it?

Compares the gradients of two losses with respect to the embedding of an alias: the loss of its
definition, and that of questions about it, answered as the definition implies. If they point the same
way, learning the definition by gradient descent improves the answers. Krasheninnikov et al. 2023
(arXiv:2310.15047) suggest such an alignment as an explanation of implicit meta-learning; here it is
measured before the second stage (the checkpoint of step 0) and later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, Questions
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset, Split

NEEDS = ("alias", "embeddings")
QUANTITIES = {
    "gradient_cosine": {"kind": "cosine", "label": "cosine of gradients"},
    "gradient_cosine_null": {"kind": "cosine", "label": "cosine of gradients, another alias"},
}

_EMBEDDING = "tok_embed.weight"
_DEFINITIONS = ("new_definitions_1", "new_definitions_2")


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split of questions about aliases that have definitions, averaged over these aliases:

    * `gradient_cosine`: cosine of the gradients of the definition's loss and of the mean loss of the
      questions;
    * `gradient_cosine_null`: the same with the questions of another alias of the split, the next
      one: what any two gradients of these kinds have in common.
    """
    defined = _together([dataset.splits[name] for name in _DEFINITIONS])
    for name, split in dataset.splits.items():
        about = split.truth.get("alias", ()) if name not in _DEFINITIONS else ()
        aliases = np.intersect1d(about, defined.truth["alias"])
        if len(aliases) == 0:
            continue
        definition, answers = (
            gradients(model, parameters, its, aliases) for its in (defined, split)
        )
        own = F.cosine_similarity(definition, answers, dim=1)
        others = F.cosine_similarity(definition, answers.roll(1, dims=0), dim=1)
        yield Measurement("gradient_cosine", own.double().mean().item(), name)
        yield Measurement("gradient_cosine_null", others.double().mean().item(), name)


def gradients(
    model: Transformer,
    parameters: Parameters,
    split: Split,
    aliases: Int[np.ndarray, " aliases"],
) -> Float[Tensor, "aliases d_model"]:
    """The gradient of the summed loss of each alias's examples by its embedding, for all at once.

    Each alias gets its own embedding in addition to the model's, used only by its own examples. Tied
    embeddings are also read out: there, the alias's own embedding replaces the alias's column.

    Args:
        model: the architecture.
        parameters: the weights; they may be inference tensors.
        split: whose truth `alias` says which alias an example is about; others are left out.
        aliases: tokens, in order.
    """
    chosen = np.isin(split.truth["alias"], aliases)
    alias, tokens = split.truth["alias"][chosen], split.tokens[chosen]
    own = model.n_tokens + np.searchsorted(aliases, alias)
    tokens = np.where(tokens == alias[:, None], own[:, None], tokens)
    larger = replace(model, n_tokens=model.n_tokens + len(aliases))

    with torch.inference_mode(False), torch.enable_grad():
        frozen = {name: p.detach().clone() for name, p in parameters.items()}
        table = frozen[_EMBEDDING]
        device = table.device
        embedding = table[torch.from_numpy(aliases).to(device)].requires_grad_()
        given = {**frozen, _EMBEDDING: torch.cat([table, embedding])}
        logits = larger.logits(given, [Questions(tokens, split.scored, split.hops)])
        n_scored = len(split.scored)
        if model.settings.tied_embeddings:
            column, its_own = (
                torch.from_numpy(np.repeat(which, n_scored)[:, None]).to(device)
                for which in (alias, own)
            )
            logits = logits.scatter(1, column, logits.gather(1, its_own))
        targets = torch.from_numpy(split.targets[chosen].ravel()).to(device)
        loss = F.cross_entropy(logits[:, : model.n_tokens], targets, reduction="sum")
        return torch.autograd.grad(loss, embedding)[0]


def _together(splits: Sequence[Split]) -> Split:
    """Splits of one form as one."""
    first = splits[0]
    return Split(
        np.concatenate([split.tokens for split in splits]),
        np.concatenate([split.targets for split in splits]),
        first.scored,
        first.hops,
        {"alias": np.concatenate([split.truth["alias"] for split in splits])},
    )
