"""Which of two algorithms a model uses to add modulo p: the Clock or the Pizza.

The Clock multiplies waves of a and b; the Pizza averages the two embeddings and takes absolute values.
After Zhong et al. 2023 (arXiv:2306.17844): gradient symmetricity (section 4.1: near 1 for a Pizza, whose
inputs are added first) and distance irrelevance (section 4.2: near 1 for a Clock, whose right logits do
not depend on a − b, near 0 for a Pizza).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.measures.fourier import spectrum
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

NEEDS = ("numbers", "embeddings")
QUANTITIES = {
    "gradient_symmetricity": {"kind": "cosine", "label": "gradient symmetricity"},
    "distance_irrelevance": {"kind": "share", "label": "distance irrelevance"},
}

_N_TRIPLES = 100  # as in the paper
_SEED = 0  # of their choice
_EMBEDDING = "tok_embed.weight"


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Over all pairs, and 100 random triples of two numbers and an answer:

    * `gradient_symmetricity`: mean cosine of the gradients of the answer's logit with respect to the
      embeddings of the two numbers;
    * `distance_irrelevance`: mean over d of the standard deviation of the right logit over pairs with
      a − b = d, relative to that over all pairs.
    """
    yield Measurement("gradient_symmetricity", gradient_symmetricity(model, parameters, dataset))
    logits = spectrum.logits_of_pairs(model, parameters, dataset)
    right = logits.gather(-1, spectrum.answers_of(dataset)[..., None])[..., 0]
    yield Measurement("distance_irrelevance", distance_irrelevance(right))


def gradient_symmetricity(model: Transformer, parameters: Parameters, dataset: Dataset) -> float:
    p = spectrum.modulus(dataset)
    triples = np.random.Generator(np.random.Philox(_SEED)).integers(p, size=(3, _N_TRIPLES))
    a, b, answers = torch.from_numpy(triples).to(parameters[_EMBEDDING].device)
    with torch.inference_mode(False), torch.enable_grad():
        frozen = {name: tensor.clone() for name, tensor in parameters.items()}
        table = frozen[_EMBEDDING]
        # Every question reads rows of its own, so that one backward gives all gradients apart.
        rows = torch.cat([table[a.clone()], table[b.clone()], table[p:]]).requires_grad_()
        own = torch.arange(_N_TRIPLES, device=rows.device)
        tokens = torch.stack([own, own + _N_TRIPLES, torch.full_like(own, 2 * _N_TRIPLES)], 1)
        reading = {**frozen, _EMBEDDING: rows}
        states = model.states_of_sequences(reading, tokens, scored=[2], hops=1)
        chosen = model.unembed(frozen, states).gather(1, answers.clone()[:, None])
        (gradient,) = torch.autograd.grad(chosen.sum(), rows)
    of_a, of_b = gradient[:_N_TRIPLES], gradient[_N_TRIPLES : 2 * _N_TRIPLES]
    return F.cosine_similarity(of_a, of_b).mean().item()


def distance_irrelevance(right: Float[Tensor, "p p"]) -> float:
    """Of the right answers' logits by a and b."""
    p = len(right)
    a = torch.arange(p)
    by_distance = right[a[:, None], (a[:, None] - a) % p]  # row a, column d: the pair (a, a − d)
    return (by_distance.std(0, correction=0).mean() / right.std(correction=0)).item()
