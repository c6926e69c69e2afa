"""Does a crosscoder of the model before and after say what was changed?

Its latents that belong to the new model alone should be the change. Some that look so aren't: a latent may
be split in two, or its old half shrunk. Latent scaling tells them (Minder et al. 2025, arXiv:2504.02922):
if the old model's states can be told with the new half of a latent, scaled, it was there before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from onset.comparisons.changes import dictionaries
from onset.comparisons.changes.dictionaries import Learned, belonging, learned, side_by_side
from onset.comparisons.changes.find_change import ALARM, judged
from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import ReadableModel
from onset.tasks.dataset import Dataset

TOGETHER = "runs"
NEEDS = ("residual_stream", "changed")
OPTIONS = {"latents": 256, "active": 4, "updates": 500}
QUANTITIES = {
    "crosscoder_recall": {"kind": "share", "label": "changed ones among the k, crosscoder"},
    "crosscoder_auc": {"kind": "share", "label": "changed before kept, crosscoder"},
    "crosscoder_found": {"kind": "share", "label": "changed ones above the null's, crosscoder"},
    "crosscoder_flagged": {"kind": "share", "label": "false alarms, crosscoder"},
    "halves_recall": {"kind": "share", "label": "changed ones among the k, halves apart"},
    "halves_auc": {"kind": "share", "label": "changed before kept, halves apart"},
    "halves_found": {"kind": "share", "label": "changed ones above the null's, halves apart"},
    "halves_flagged": {"kind": "share", "label": "false alarms, halves apart"},
    "dictionary_recall": {"kind": "share", "label": "changed ones among the k, dictionary"},
    "dictionary_auc": {"kind": "share", "label": "changed before kept, dictionary"},
    "dictionary_found": {"kind": "share", "label": "changed ones above the null's, dictionary"},
    "dictionary_flagged": {"kind": "share", "label": "false alarms, dictionary"},
    "explained_by_crosscoder": {"kind": "explained", "label": "variance that the crosscoder tells"},
    "live_latents": {"kind": "count", "label": "latents that are ever active"},
    "exclusive_latents": {"kind": "count", "label": "latents of the new model alone"},
    "lost_latents": {"kind": "count", "label": "latents of the old model alone"},
    "confirmed_latents": {"kind": "count", "label": "exclusive ones that latent scaling confirms"},
    "exclusive_about_change": {"kind": "share", "label": "exclusive ones active on what changed"},
    "confirmed_about_change": {"kind": "share", "label": "confirmed ones active on what changed"},
    "latents_about_change": {"kind": "share", "label": "all latents active on what changed"},
}  # fmt: skip

EXCLUSIVE = 0.9
"""the part of a latent's norm that is one model's, above which it is that model's alone"""
_SCALED = 0.5  # β of the old model over β of the new, below which scaling confirms a latent


def compare(
    members: Sequence[Member[ReadableModel, Dataset]], latents: int, active: int, updates: int
) -> Iterator[Compared]:
    """Of the first and the last checkpoint, on all sequences of which it is known whether they changed:

    * `crosscoder_recall`, `…_auc`, `…_found`, `…_flagged`: as of other tools
      (`onset.comparisons.changes.find_change`); the score of a sequence is how active those latents are on
      it that are more one model's than the other's, each counted by how much;
    * `halves_…`: the same where each latent counts by how far apart its two halves are, in length or in
      direction: it can tell that an answer is exchanged for another which both models know;
    * `dictionary_…`: the same of a dictionary of the new model alone; the score is by how much its latents
      differ between the two models' states;
    * `explained_by_crosscoder`: of both models' states; `live_latents`; `exclusive_latents`,
      `lost_latents`: those of which more than .9 of the norm is the new, or the old, model's;
      `confirmed_latents`: those of the new model's that latent scaling confirms, for what the dictionary
      reconstructs and for what it misses;
    * `exclusive_about_change`, `confirmed_about_change`, `latents_about_change`: those that are active on
      more changed sequences than kept ones, of the exclusive, the confirmed, and all live ones (which is
      what the first two would be by chance). Missing where there is none.

    The null that alarms are measured by is the first of the runs in which nothing is changed, with a
    crosscoder of its own.
    """
    options = {"latents": latents, "active": active, "updates": updates}
    null = _first_null(members)
    of_null = _looked(null, options)
    borders = {name: np.quantile(its, ALARM) for name, its in of_null.scores.items()}
    for run in members:
        here = of_null if run is null else _looked(run, options)
        for tool, its in here.scores.items() if run is not null else ():
            for name, value in judged(its, here.changed, borders[tool]).items():
                yield Compared(Measurement(f"{tool}_{name}", value, n_examples=len(its)), run)
        for name, value in _of_latents(here):
            yield Compared(Measurement(name, value), run)


def _first_null(members: Sequence[Member[ReadableModel, Dataset]]) -> Member:
    nulls = [its for its in members if not Asked.of(its.dataset.splits).changed.any()]
    if not nulls:
        names = ", ".join(its.condition for its in members)
        raise ValueError(f"a run in which nothing is changed must be among them: {names}")
    return nulls[0]


class _Looked(NamedTuple):
    its: Learned
    states: tuple[Tensor, Tensor]
    changed: Bool[np.ndarray, " sequences"]
    scores: dict[str, Float[np.ndarray, " sequences"]]


def _looked(run: Member[ReadableModel, Dataset], options: dict[str, int]) -> _Looked:
    asked = Asked.of(run.dataset.splits)
    before, after = (Version.of(run, step).states(asked).float() for step in (0, run.steps[-1]))
    both = side_by_side([before, after])
    crosscoder = learned(both, run.seed, options, n_models=2)
    apart = (2 * belonging(crosscoder.directions(2))[1] - 1).abs()
    halves = crosscoder.directions(2)
    alone = learned(after, run.seed, options)
    active = crosscoder.latents(both)
    scores = {
        "crosscoder": active @ apart,
        "halves": active @ (halves[1] - halves[0]).norm(dim=1),
        "dictionary": (alone.latents(after) - alone.latents(before)).norm(dim=1),
    }
    return _Looked(
        crosscoder,
        (before, after),
        asked.changed,
        {name: its.double().numpy(force=True) for name, its in scores.items()},
    )


def _of_latents(here: _Looked) -> Iterator[tuple[str, float]]:
    both = side_by_side(here.states)
    active = here.its.latents(both)
    live = (active > 0).any(0)
    of_new = belonging(here.its.directions(2))[1]
    exclusive = live & (of_new > EXCLUSIVE)
    confirmed = exclusive & confirmed_by_scaling(here.its, both)
    yield "explained_by_crosscoder", dictionaries.explained(here.its, both)
    yield "live_latents", float(live.sum())
    yield "exclusive_latents", float(exclusive.sum())
    yield "lost_latents", float((live & (of_new < 1 - EXCLUSIVE)).sum())
    yield "confirmed_latents", float(confirmed.sum())
    if not here.changed.any():
        return
    changed = torch.from_numpy(here.changed)
    on = active > 0
    about = on[changed].sum(0) > on[~changed].sum(0)
    for name, chosen in (("exclusive", exclusive), ("confirmed", confirmed), ("latents", live)):
        if chosen.any():
            yield f"{name}_about_change", about[chosen].double().mean().item()


def confirmed_by_scaling(
    its: Learned, states: Float[Tensor, "sequences d_in"]
) -> Bool[Tensor, " latents"]:
    """Which latents' new halves, scaled, tell little of the old model's states: latent scaling.

    For each latent, β is the best factor of its new half for what is to be told: of what the dictionary
    reconstructs, and of what it misses with the latent's own part put back; in the old model, and in the
    new. A latent is confirmed if the old β is less than half the new one of both.

    Args:
        its: a crosscoder of two models.
        states: of both, side by side.
    """
    wanted, active = its.put(states), its.latents(states)
    told = its.reconstructed(active)
    missed = wanted - told
    halves = its.directions(2)
    own = halves[1]
    # β = Σ f ⟨y, d⟩ / Σ f² ‖d‖², whose denominator is the same for both models.
    betas = []
    for y in (told, missed):
        of_models = [active * (part @ own.T) for part in y.chunk(2, dim=1)]
        betas.append([part.sum(0) for part in of_models])
    squares = active.square().sum(0)
    put_back = [squares * (half * own).sum(1) for half in halves]
    (told_old, told_new), (missed_old, missed_new) = betas
    missed_old, missed_new = missed_old + put_back[0], missed_new + put_back[1]
    return (told_old.abs() < _SCALED * told_new.abs()) & (
        missed_old.abs() < _SCALED * missed_new.abs()
    )
