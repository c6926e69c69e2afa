"""Are the tallies that can be read also used? The state is moved as it changes with an arm's tally: is the
arm pulled more?

How the state at a reward changes with the mean of an arm, and with its pulls, all other means and pulls
being the same, is a linear regression of the state on them: of a player that learns, arms with a higher
mean are pulled more, and a move of one would else be a move of both. All states are moved as if the mean of
one arm were higher by a half (or so many pulls of it more; as pulls sum to their number, of the others
fewer), and the rest of the model runs on from there. Null: random directions of the same length.
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
_DRAWS = 4  # for each arm
_LEAST = 1e-6
"""of singular values, over the largest: pulls sum to their number"""
_FIRST = 3  # pulls of each arm on average, before states are moved


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`), from 1; fitted on `train`, on `test` from the time on
    when each arm has been pulled three times on average:

    * `raised_mean`: by how much the chance of an arm's next pull changes, of those that the model says,
      when the state is moved as if its mean were higher by a half, over all arms; `raised_pulls`: as if
      it had been pulled three times more. Who seeks what was pulled little pulls it less;
    * `raised_mean_random`, `raised_pulls_random`: the same in random directions, as far; mean over four.
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
        around = [its - its.mean(0) for its in (means, pulls)]
        values = torch.from_numpy(np.concatenate(around, -1).reshape(-1, 2 * n_arms))
        of_tallies = changes_with(values, states).split(n_arms)
        for kind, its in zip(_RAISED, of_tallies, strict=True):
            moves = _RAISED[kind] * its.to(states)
            for suffix, n in (("", 1), ("_random", _DRAWS)):
                changes = []
                for direction in moves.repeat(n, 1):
                    by = direction if not suffix else _as_far(direction, rng)
                    hook = partial(_moved, places=places, by=by)
                    said = bridge.run_with_hooks(of_asked, fwd_hooks=[(name, hook)])
                    arm = len(changes) % n_arms
                    after = said[:, places].softmax(-1)
                    changes.append((after - before)[..., arm].double().mean().item())
                value = float(np.mean(changes))
                yield Measurement(f"raised_{kind}{suffix}", value, SPLITS[1], layer=layer)


def changes_with(
    values: Float[Tensor, "states tallies"], states: Float[Tensor, "states d_model"]
) -> Float[Tensor, "tallies d_model"]:
    """How states change with each tally, all others being the same; if tallies depend on each other, the
    shortest way to say so.

    Args:
        values: the tallies, around 0.
        states: of the residual stream.
    """
    around = states.double() - states.double().mean(0)
    return torch.linalg.pinv(values.double(), rtol=_LEAST) @ around


def _as_far(move: Float[Tensor, " d_model"], rng: np.random.Generator) -> Float[Tensor, " d_model"]:
    """In a random direction. Not by PyTorch's generator, whose first numbers are the model's initial
    embeddings."""
    noise = torch.from_numpy(rng.normal(size=move.shape)).to(move)
    return noise * move.norm() / noise.norm()


def _moved(
    value: Float[Tensor, "games length d_model"],
    hook: object,
    places: Tensor,
    by: Float[Tensor, " d_model"],
) -> Tensor:
    value = value.clone()
    value[:, places] += by
    return value
