"""Does a model keep count? How often each arm was pulled and won, read off its states.

A ridge regression from the residual stream at each reward, fitted on some games and scored on others.
Counts rise with time whatever is pulled: what is explained is of the variance between games at the same
pull. As a control it is fitted to the counts of another game.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import read_off
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset
from onset.tasks.learning.bandits import rewards_of

NEEDS = ("luck", "chances", "residual_stream")
SPLITS = ("train", "test")
QUANTITIES = {
    "pulls_read": {"kind": "explained", "label": "R² of the pulls of each arm"},
    "means_read": {"kind": "explained", "label": "R² of the mean of each arm"},
    "pulls_read_control": {"kind": "explained", "label": "R² of the pulls in another game"},
    "means_read_control": {"kind": "explained", "label": "R² of the means in another game"},
}

_MOST_FITTED = 256  # games
_UNKNOWN = 0.5  # the mean of an arm that hasn't been pulled


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`), over all arms, fitted on `train`, scored on `test`:

    * `pulls_read`, `means_read`: R² of how often each arm was pulled, and of the share of these that won
      (a half, if there were none), among games at the same pull;
    * `pulls_read_control`, `means_read_control`: the same for those of another game.
    """
    trained, tested = (dataset.splits[name] for name in SPLITS)
    n = min(len(trained), _MOST_FITTED)
    tokens = np.concatenate([trained.tokens[:n], tested.tokens])
    n_arms = trained.truth["chances"].shape[1]
    pulls, means = tallies(tokens, n_arms, dataset.n_tokens)
    others = np.concatenate([np.roll(np.arange(n), 1), n + np.roll(np.arange(len(tested)), 1)])
    wanted = {
        "pulls_read": pulls, "means_read": means,
        "pulls_read_control": pulls[others], "means_read_control": means[others],
    }  # fmt: skip
    device = device_of(parameters)
    states = model.residual_stream(parameters, torch.from_numpy(tokens).to(device))[
        :, :, 2::2
    ].cpu()
    for name, values in wanted.items():
        for layer, of_layer in enumerate(states):
            value = _explained(of_layer, torch.from_numpy(values), n)
            yield Measurement(name, value, SPLITS[1], layer=layer)


def tallies(
    tokens: Int[np.ndarray, "games length"], n_arms: int, n_tokens: int
) -> tuple[Float[np.ndarray, "games pulls arms"], Float[np.ndarray, "games pulls arms"]]:
    """Pulls of each arm after each reward, and the mean of what they brought.

    Args:
        tokens: of whole games.
        n_arms: of each.
        n_tokens: of the world.
    """
    pulled = tokens[:, 1::2, None] == np.arange(n_arms)
    pulls = pulled.cumsum(1)
    wins = (pulled * rewards_of(tokens, n_arms, n_tokens)[..., None]).cumsum(1)
    return pulls.astype(float), np.where(pulls > 0, wins / np.maximum(pulls, 1), _UNKNOWN)


def _explained(
    states: Float[Tensor, "games pulls d_model"],
    values: Float[Tensor, "games pulls arms"],
    n_fitted: int,
) -> float:
    n_games, n_pulls, _ = values.shape
    fitted, tested = torch.arange(n_games * n_pulls).split(
        [n_fitted * n_pulls, (n_games - n_fitted) * n_pulls]
    )
    mean = values[:n_fitted].mean(0)
    said = read_off(states.flatten(0, 1), (values - mean).flatten(0, 1), fitted, tested)
    right = (values - mean)[n_fitted:].flatten(0, 1)
    around = (values[n_fitted:] - values[n_fitted:].mean(0)).square().sum()
    return 1 - ((said - right).square().sum() / around).item()
