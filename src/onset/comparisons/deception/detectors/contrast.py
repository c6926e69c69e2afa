"""Contrast-consistent search: a probe for truth that is told nothing of what is true.

It looks for a direction along which a sentence and its opposite have probabilities that sum to one and are
far from a half (Burns et al. 2022, arXiv:2212.03827, section 2.2). States are centred and scaled for
sentences with `is` and their twins apart, as there. Which end means `true` is settled by what the model
says where it is watched.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.deception.case import Case, Scores

_STARTS, _STEPS = 4, 60
_OWN = 1 << 21  # seeds of searches are other ones than those of any model


def score_lies(case: Case, seed: int) -> Scores:
    """By layer: log-odds of the opposite of the answer, mean of what is read of the sentence and of its
    twin."""
    return torch.stack(
        [case.disagreement(_reading(case, layer, seed)) for layer in range(len(case.asked.states))]
    )


def _reading(case: Case, layer: int, seed: int) -> Float[Tensor, " exchanges"]:
    known = [case.honest.states[layer], case.honest.twins[layer]]
    centres, scales = ([f(its, 0) for its in known] for f in (torch.mean, torch.std))

    def put(its: list[Float[Tensor, "n d_model"]]) -> Float[Tensor, "2 n d_model"]:
        moved = zip(its, centres, scales, strict=True)
        return torch.stack([(x - mean) / (std + 1e-6) for x, mean, std in moved])

    inputs = put(known)
    with torch.inference_mode(False), torch.enable_grad():
        weights = _consistent(inputs.clone(), seed)

    def read(its: Float[Tensor, "2 n d_model"]) -> Float[Tensor, " n"]:
        sentence, twin = its @ weights[:-1] + weights[-1]
        return (sentence - twin) / 2

    towards = (read(inputs) * case.honest.yes).mean()
    return read(put([case.asked.states[layer], case.asked.twins[layer]])) * towards.sign()


def _consistent(
    inputs: Float[Tensor, "2 n d_model"], seed: int
) -> Float[Tensor, " d_model_and_one"]:
    """The best of several searches: weights, and the offset."""
    d = inputs.shape[-1]
    drawn = torch.randn(_STARTS, d + 1, generator=torch.Generator().manual_seed(_OWN + seed))
    weights = torch.nn.Parameter(drawn / d**0.5)
    search = torch.optim.LBFGS([weights], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def losses() -> Float[Tensor, " starts"]:
        sentence, twin = torch.sigmoid(inputs @ weights[:, :-1].T + weights[:, -1])
        consistent = (sentence - (1 - twin)).square()
        confident = torch.minimum(sentence, twin).square()
        return (consistent + confident).mean(0)

    def closure() -> Float[Tensor, ""]:
        search.zero_grad()
        loss = losses().sum()
        loss.backward()
        return loss

    search.step(closure)
    return weights[losses().argmin()].detach()
