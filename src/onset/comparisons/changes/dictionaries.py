"""Dictionaries of the states of one model or of several side by side, learnt with the house's own trainer.

A crosscoder (Lindsey et al. 2024, "Sparse crosscoders for cross-layer features and model diffing") has one
set of latents and a decoder for each model. Here it is a dictionary of both models' states in a row: the
two halves of a latent's direction are what it means in either model. With BatchTopK (Minder et al. 2025,
arXiv:2504.02922), no price on activity pushes latents to belong to one model alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary, build
from onset.models.dictionary.settings import Settings
from onset.tasks.vectors import VectorDataset, VectorSplit
from onset.training.loop import train
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState

OPTIONS = {"latents": 256, "active": 4, "updates": 500}
"""of all comparisons that learn a dictionary: its width, latents per sequence, and how long it learns"""

_BATCH, _RATE = 256, 1e-2
_OWN = 1 << 20  # seeds of dictionaries are other ones than those of any run


@dataclass(frozen=True, eq=False)
class Learned:
    """A dictionary of states, which are centred and scaled for it, model by model."""

    model: Dictionary
    parameters: Parameters
    centres: Float[Tensor, " d_in"]
    scales: Float[Tensor, " d_in"]

    def put(self, states: Float[Tensor, "sequences d_in"]) -> Float[Tensor, "sequences d_in"]:
        """As the dictionary takes them."""
        return (states - self.centres) / self.scales

    def latents(
        self, states: Float[Tensor, "sequences d_in"]
    ) -> Float[Tensor, "sequences latents"]:
        return self.model.latents(self.parameters, self.put(states))[0]

    def directions(self, n_models: int = 1) -> Float[Tensor, "models latents d_model"]:
        """What each latent writes, by model."""
        its = self.model.directions(self.parameters)[0]
        return torch.stack(its.chunk(n_models, dim=1))

    def reconstructed(
        self, latents: Float[Tensor, "sequences latents"]
    ) -> Float[Tensor, "sequences d_in"]:
        """Centred and scaled."""
        return self.model.reconstructed(self.parameters, latents[None])[0]


def side_by_side(
    states: Sequence[Float[Tensor, "sequences d_model"]],
) -> Float[Tensor, "sequences d_in"]:
    """Those of several models on the same sequences, in a row."""
    return torch.cat([its.float() for its in states], dim=1)


def learned(
    states: Float[Tensor, "sequences d_in"],
    seed: int,
    options: Mapping[str, int],
    n_models: int = 1,
    start: Learned | None = None,
) -> Learned:
    """A BatchTopK dictionary of these states.

    Args:
        states: of one model, or of several side by side.
        seed: of the run; the dictionary's own follows from it.
        options: `latents`, `active`, `updates`.
        n_models: whose states stand side by side. Each one's are centred, and scaled to a mean square of 1.
        start: a dictionary to go on from, with its centres and scales; None: a new one.
    """
    with torch.inference_mode(False), torch.enable_grad():
        states = states.clone()
        model = _model(states.shape[1], options)
        if start is None:
            centres, scales = states.mean(0), _scales(states, n_models)
            begun = model.initial_parameters(_OWN + seed)
        else:
            centres, scales = start.centres, start.scales
            begun = {name: its.clone() for name, its in start.parameters.items()}
        inputs = ((states - centres) / scales).numpy(force=True).astype(np.float32)
        training = TrainingSettings(
            steps=options["updates"],
            batch_size=_BATCH,
            mixture={"states": 1.0},
            learning_rate=_RATE if start is None else _RATE / 3,
            betas=(0.9, 0.99),
            warmup_steps=min(20, options["updates"] // 4),
            decay_fraction=0.3,
        )
        end = train(
            model,
            VectorDataset({"states": VectorSplit(inputs)}),
            training,
            (),
            _OWN + seed,
            TrainingState(0, begun),
            on_checkpoint=lambda state: None,
        )
        found = {name: its.detach().clone() for name, its in end.parameters.items()}
    return Learned(model, found, centres, scales)


def _model(size: int, options: Mapping[str, int]) -> Dictionary:
    settings = Settings(
        name="dictionary",
        kind="batch_topk",
        n_latents=options["latents"],
        sparsities=(float(options["active"]),),
        revival=0.1,
    )
    return build(settings, size, size)


def _scales(states: Float[Tensor, "sequences d_in"], n_models: int) -> Float[Tensor, " d_in"]:
    return torch.cat(
        [its.std().clamp(min=1e-8).expand(its.shape[1]) for its in states.chunk(n_models, dim=1)]
    )


def belonging(
    directions: Float[Tensor, "models latents d_model"],
) -> Float[Tensor, "models latents"]:
    """Which part of a latent's norm is each model's: 1, if it is that model's alone."""
    norms = directions.norm(dim=2)
    return norms / norms.sum(0).clamp(min=1e-8)


def explained(its: Learned, states: Float[Tensor, "sequences d_in"]) -> float:
    """The variance of the states that the dictionary tells."""
    wanted = its.put(states)
    missed = (its.reconstructed(its.latents(states)) - wanted).square().sum()
    return 1 - (missed / (wanted - wanted.mean(0)).square().sum()).item()
