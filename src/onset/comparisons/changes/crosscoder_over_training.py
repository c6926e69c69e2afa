"""One dictionary with a decoder for each checkpoint of a run: when do features appear, turn, vanish?

The crosscoder of `onset.comparisons.changes.dictionaries`, of as many models as there are checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F

from onset.comparisons.changes.dictionaries import explained, learned, side_by_side
from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import ReadableModel
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
NEEDS = ("residual_stream", "changed")
OPTIONS = {"latents": 256, "active": 4, "updates": 500}
QUANTITIES = {
    "strength_then": {"kind": "share", "label": "norm of latents at a step, over their largest"},
    "strength_of_changed": {"kind": "share", "label": "the same, of latents active on what changed"},
    "turned": {"kind": "cosine", "label": "direction at a step and at the end, kept"},
    "turned_of_changed": {"kind": "cosine", "label": "direction at a step and at the end, changed"},
    "appeared": {"kind": "share", "label": "latents that weren't there at the first step"},
    "vanished": {"kind": "share", "label": "latents that are no longer there at the last step"},
    "explained_over_training": {"kind": "explained", "label": "variance of all steps that is told"},
}  # fmt: skip

_GONE = 0.3  # of its largest norm, below which a latent isn't there


def compare(
    members: Sequence[Member[ReadableModel, Dataset]], latents: int, active: int, updates: int
) -> Iterator[Compared]:
    """Over the latents that are ever active, at each `step`:

    * `strength_then`: a latent's norm there, as a fraction of its largest at any step, mean over those that
      are more often active on kept sequences; `strength_of_changed`: of the others;
    * `turned`, `turned_of_changed`: the cosine of its direction there with that at the last step;

    and of all: `appeared`, `vanished`: those with less than .3 of their largest norm at the first, or last,
    step; `explained_over_training`: the variance of the states of all steps that the dictionary tells.
    """
    options = {"latents": latents, "active": active, "updates": updates}
    for run in members:
        asked = Asked.of(run.dataset.splits)
        states = side_by_side([Version.of(run, step).states(asked) for step in run.steps])
        n = len(run.steps)
        its = learned(states, run.seed, options, n_models=n)
        on = its.latents(states) > 0
        changed = torch.from_numpy(asked.changed)
        live = on.any(0)
        about = live & (on[changed].sum(0) > on[~changed].sum(0))
        directions = its.directions(n)
        norms = directions.norm(dim=2)
        strength = norms / norms.amax(0).clamp(min=1e-8)
        turned = F.cosine_similarity(directions, directions[-1:], dim=2).clamp(-1, 1)
        for place, step in enumerate(run.steps):
            for suffix, chosen in (("then", live & ~about), ("of_changed", about)):
                if not chosen.any():
                    continue
                name = "turned" if suffix == "then" else "turned_of_changed"
                for quantity, values in ((f"strength_{suffix}", strength), (name, turned)):
                    value = values[place][chosen].double().mean().item()
                    yield Compared(Measurement(quantity, value), run, step=step)
        of_all = {
            "appeared": (strength[0][live] < _GONE).double().mean().item(),
            "vanished": (strength[-1][live] < _GONE).double().mean().item(),
            "explained_over_training": explained(its, states),
        }
        for quantity, value in of_all.items():
            yield Compared(Measurement(quantity, value), run)
