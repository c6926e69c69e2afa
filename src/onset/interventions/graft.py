"""Adds what another run's training changed to a model, or takes it back.

Feng et al. 2024 (arXiv:2412.04614) undo the changes of some layers, and graft what a model changes when it
learns to compose facts.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from onset.interventions.settings import GraftSettings
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.runs.source import Source
from onset.settings import fits
from onset.training.interventions import Altered


def altered(
    settings: GraftSettings,
    model: Transformer,
    parameters: Parameters,
    sources: Sequence[Source],
    seed: int,
) -> Altered:
    """The parameters that the settings choose, with their change; in the null, its entries are shuffled."""
    before, after = sources[0].parameters(0), sources[0].parameters()
    drawing = torch.Generator().manual_seed(seed)
    found = {}
    for name in (its for its in sorted(parameters) if fits(its, settings.parameters)):
        change = after[name] - before[name]
        if settings.null:
            order = torch.randperm(change.numel(), generator=drawing).to(change.device)
            change = change.ravel()[order].view(change.shape)
        own = parameters[name].detach()
        found[name] = own + (-1 if settings.taken_back else 1) * change.to(own)
    return Altered(found)
