"""Are the tallies that can be read also used? What a probe reads of an arm is raised: is it pulled more?

The state at each reward is moved by the shortest way that makes the ridge regression of `tally_probe` read
a mean that is higher by a half for one arm (or so many pulls more), and the rest of the model runs on from
there. Null: a random direction of the same length.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.analyses.learning.tally_probe import tallies
from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import ridge_weights
from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import Dataset

NEEDS = ("luck", "chances", "residual_stream", "heads")
SPLITS = ("train", "test")
QUANTITIES = {
    "raised_mean": {"kind": "real", "label": "change of the arm's chance, its mean raised"},
    "raised_pulls": {"kind": "real", "label": "change of the arm's chance, its pulls raised"},
    "raised_mean_random": {"kind": "real", "label": "the same in a random direction, as far"},
    "raised_pulls_random": {"kind": "real", "label": "the same in a random direction, as far"},
}

_MOST_FITTED, _MOST_ASKED = 256, 96  # games
_RAISED = {"mean": 0.5, "pulls": 3.0}
_FIRST = 3  # pulls of each arm on average, before states are moved


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`), from 1; fitted on `train`, on `test` from the time on
    when each arm has been pulled three times on average:

    * `raised_mean`: by how much the chance of an arm's next pull changes, of those that the model says,
      when its mean is made to read a half higher, over all arms; `raised_pulls`: when it is made to read
      three pulls more. Who seeks what was pulled little pulls it less;
    * `raised_mean_random`, `raised_pulls_random`: the same in a random direction, as far.
    """
    trained, tested = (dataset.splits[name] for name in SPLITS)
    n_arms = trained.truth["chances"].shape[1]
    fitted, asked = trained.tokens[:_MOST_FITTED], tested.tokens[:_MOST_ASKED, :-1]
    bridge = inspection.open_bridge(model, parameters, model.depth(tested.hops))
    of_fitted, of_asked = (
        torch.from_numpy(numbers(model, its)).to(bridge.W_E.device) for its in (fitted, asked)
    )
    names = [f"blocks.{i}.hook_resid_post" for i in range(bridge.cfg.n_layers)]
    _, cache = bridge.run_with_cache(of_fitted, names_filter=names)
    places = torch.arange(2 * _FIRST * n_arms, asked.shape[1], 2, device=of_asked.device)
    before = bridge(of_asked)[:, places].softmax(-1)
    pulls, means = tallies(fitted, n_arms, dataset.n_tokens)
    rng = np.random.Generator(np.random.Philox(seed))
    for layer, name in enumerate(names, 1):
        states = cache[name][:, 2::2].flatten(0, 1)
        for kind, its in (("mean", means), ("pulls", pulls)):
            around = its - its.mean(0)
            moves = shortest_moves(states, torch.from_numpy(around.reshape(-1, n_arms)))
            moves = _RAISED[kind] * moves.to(states)
            # Not by PyTorch's generator, whose first numbers are the model's initial embeddings.
            noise = torch.from_numpy(rng.normal(size=moves.shape)).to(moves)
            noise *= moves.norm(dim=-1, keepdim=True) / noise.norm(dim=-1, keepdim=True)
            for suffix, directions in (("", moves), ("_random", noise)):
                changes = []
                for arm, direction in enumerate(directions):
                    hook = partial(_moved, places=places, by=direction)
                    said = bridge.run_with_hooks(of_asked, fwd_hooks=[(name, hook)])
                    after = said[:, places].softmax(-1)
                    changes.append((after - before)[..., arm].double().mean().item())
                value = float(np.mean(changes))
                yield Measurement(f"raised_{kind}{suffix}", value, SPLITS[1], layer=layer)


def shortest_moves(
    states: Float[Tensor, "states d_model"], values: Float[Tensor, "states arms"]
) -> Float[Tensor, "arms d_model"]:
    """For each arm the shortest move that raises what is read of it by one, and of no other."""
    x = states.double() - states.double().mean(0)
    weights = ridge_weights(x, values.double())
    return torch.linalg.pinv(weights)


def _moved(
    value: Float[Tensor, "games length d_model"],
    hook: object,
    places: Tensor,
    by: Float[Tensor, " d_model"],
) -> Tensor:
    value = value.clone()
    value[:, places] += by
    return value
