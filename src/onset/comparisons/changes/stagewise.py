"""Stage-wise diffing: which latents turn when a dictionary is moved to the new model, and to the new data?

A dictionary of the old model on old data is trained on with the new model, then with new data; and in the
other order. A latent that turns with the model and with the data alike is held to be about the change
(Bricken et al. 2024, "Stage-wise model diffing", found a planted sleeper so).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.changes.dictionaries import Learned, learned
from onset.comparisons.changes.rewiring import places_kept
from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import ReadableModel
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
NEEDS = ("residual_stream", "changed")
OPTIONS = {"latents": 256, "active": 4, "updates": 500, "most_turned": 10}
QUANTITIES = {
    "turned_by_model": {"kind": "cosine", "label": "latents before and after the new model"},
    "turned_by_data": {"kind": "cosine", "label": "latents before and after the new data"},
    "turned_recall": {"kind": "share", "label": "changed ones among what turned latents name"},
    "turned_recall_random": {"kind": "share", "label": "the same of latents at random"},
    "turned_by_chance": {"kind": "share", "label": "changed ones among all sequences"},
    "latent_places": {"kind": "share", "label": "top sequences that a latent keeps"},
    "latent_places_by_chance": {"kind": "share", "label": "the same, of another latent"},
}  # fmt: skip

_NULL = 7_949


def compare(
    members: Sequence[Member[ReadableModel, Dataset]],
    latents: int,
    active: int,
    updates: int,
    most_turned: int,
) -> Iterator[Compared]:
    """Old data are the sequences whose answers are kept, new data all; old and new models those of the
    first and the last checkpoint.

    * `turned_by_model`, `turned_by_data`: the cosine of a latent's directions before and after such a step,
      mean over live latents and both orders;
    * `turned_recall`: of the sequences on which the latents that turn most are most active, as many as are
      changed, the fraction that is. A latent's turn is the smaller one of the two steps with the new model,
      since the change takes both orders to show. `turned_recall_random`: of as many others (a null);
    * `turned_by_chance`: the fraction of all sequences that is changed;
    * `latent_places`: of the twenty sequences on which a latent of the first dictionary is most active in
      the old model, those that are among its twenty in the new one, mean over its live latents;
      `latent_places_by_chance`: among those of another of them.
    """
    options = {"latents": latents, "active": active, "updates": updates}
    for run in members:
        asked = Asked.of(run.dataset.splits)
        if not asked.changed.any() or asked.changed.all():
            continue
        old, new = (
            Version.of(run, step).states(asked).float() for step in (run.steps[0], run.steps[-1])
        )
        kept = torch.from_numpy(~asked.changed)
        first = learned(old[kept], run.seed, options)
        by_model = learned(new[kept], run.seed, options, start=first)
        ends = learned(new, run.seed, options, start=by_model)
        by_data = learned(old, run.seed, options, start=first)
        other_end = learned(new, run.seed, options, start=by_data)
        live = (ends.latents(new) > 0).any(0)
        turns = {
            "model": (_turn(first, by_model), _turn(by_data, other_end)),
            "data": (_turn(by_model, ends), _turn(first, by_data)),
        }
        for name, its in turns.items():
            cosine = 1 - torch.stack(its).mean(0)[live].double().mean().item()
            yield Compared(Measurement(f"turned_by_{name}", cosine), run)
        turned = torch.minimum(*turns["model"]).masked_fill(~live, -1.0)
        order = turned.argsort(descending=True)
        n = min(most_turned, int(live.sum()))
        rng = np.random.Generator(np.random.Philox(key=[run.seed, _NULL]))
        others = live.nonzero().ravel()[torch.from_numpy(rng.permutation(int(live.sum())))]
        shown = {"turned_recall": order[:n], "turned_recall_random": others[:n]}
        active_on = ends.latents(new)
        for name, chosen in shown.items():
            score = active_on[:, chosen].amax(1).numpy(force=True)
            largest = np.argsort(-score, kind="stable")[: asked.changed.sum()]
            yield Compared(Measurement(name, asked.changed[largest].mean().item()), run)
        yield Compared(Measurement("turned_by_chance", asked.changed.mean().item()), run)
        for name, value in _places(first, old, new, rng):
            yield Compared(Measurement(name, value), run)


def _places(
    its: Learned,
    old: Float[Tensor, "sequences d_model"],
    new: Float[Tensor, "sequences d_model"],
    rng: np.random.Generator,
) -> Iterator[tuple[str, float]]:
    was, now = its.latents(old), its.latents(new)
    if kept := places_kept(was, now, rng):
        shared, by_chance = kept
        yield "latent_places", shared.mean().item()
        yield "latent_places_by_chance", by_chance.mean().item()


def _turn(before: Learned, after: Learned) -> Float[Tensor, " latents"]:
    """1 less the cosine of each latent's directions."""
    cosine = F.cosine_similarity(before.directions()[0], after.directions()[0], dim=1)
    return 1 - cosine.clamp(-1, 1)
