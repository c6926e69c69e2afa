"""How many tokens are learnt suddenly, and whether any is learnt at the pace of the whole.

The smooth curve of a language model's loss may be a sum of many small phase changes (Michaud et al. 2023,
arXiv:2303.13506, "Monogenic versus polygenic scaling curves", by size instead of time). Here: the loss on
each token of the text along one training, against curves that are smooth and have the same noise, and
against each token's own changes in another order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch.nn.functional as F
from jaxtyping import Float
from sklearn.cluster import KMeans

from onset.comparisons.member import Compared, Member
from onset.measures.answers.asking import logits_of_splits, targets_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Model
from onset.statistics import sudden
from onset.statistics.sudden import Curves
from onset.tasks.dataset import VALIDATION, Dataset

TOGETHER = "checkpoints"
OPTIONS = {"least": 1.0, "window": 0.1, "draws": 100, "most": 3000, "explained": 0.9, "shapes": 4}
QUANTITIES = {
    "falls": {"kind": "share", "label": "tokens whose loss falls by enough"},
    "sudden": {"kind": "share", "label": "of these, sudden beyond both nulls"},
    "sudden_beyond_smooth": {"kind": "share", "label": "of these, sudden beyond smooth curves"},
    "sudden_beyond_shuffled": {"kind": "share", "label": "of these, sudden beyond shuffled changes"},
    "sudden_if_smooth": {"kind": "share", "label": "smooth curves called sudden"},
    "sudden_if_shuffled": {"kind": "share", "label": "shuffled changes called sudden"},
    "at_the_pace": {"kind": "share", "label": "of these, explained by the pace of the mean"},
    "at_the_pace_if_smooth": {"kind": "share", "label": "smooth curves explained by the pace"},
    "concentration": {"kind": "share", "label": "most of a fall within a window"},
    "concentration_if_smooth": {"kind": "share", "label": "most of a smooth fall within a window"},
    "concentration_of_decay": {"kind": "share", "label": "most of an exponential decay in a window"},
    "shape_share": {"kind": "share", "label": "tokens with such a curve"},
    "shape": {"kind": "real", "label": "part of the fall still to come"},
}  # fmt: skip


def compare(
    members: Sequence[Member[Model, Dataset]],
    least: float,
    window: float,
    draws: int,
    most: int,
    explained: float,
    shapes: int,
) -> Iterator[Compared]:
    """Per split, but for validation parts, of its scored tokens, at most so many of them (`most`):

    * `falls`: of all, those whose loss falls by so many nats (`least`) from the first checkpoint after 0;
    * `sudden`: of those, the ones whose fall lies within a part `window` of the checkpoints by more than in
      95 % of so many `draws` from both nulls (`onset.statistics.sudden`); `sudden_beyond_…` one of them;
    * `sudden_if_…`: the same of curves that are drawn from a null, which tells how often it is wrong;
    * `at_the_pace`: of those that fall, the ones of which the pace of the mean explains as much as
      `explained`, and that aren't sudden: what smooth learning would look like; `at_the_pace_if_smooth`, of
      smooth curves with the same noise;
    * `concentration`: how much of a fall lies within the window, mean; `…_if_smooth`; `…_of_decay`: of an
      exponential decay on a logarithmic schedule;
    * `shape`: mean curve, from 1 to 0, of each of so many clusters (`component`) at each `step`, the one
      that falls first in front; `shape_share`: how many of the tokens that fall are in it.
    """
    for run in members:
        steps = [step for step in run.steps if step]
        n = max(1, round(window * (len(steps) - 1)))
        if len(steps) < 4:
            continue
        for name, curves in _curves(run, steps).items():
            rng = np.random.default_rng(run.seed)
            chosen = curves[rng.permutation(len(curves))[:most]]
            falling = chosen[chosen[:, 0] - chosen[:, -1] >= least]
            share = len(falling) / len(chosen)
            yield _row(run, steps, "falls", share, name, len(chosen))
            if len(falling) < shapes:
                continue
            for quantity, value in _numbers(falling, n, draws, explained, rng):
                yield _row(run, steps, quantity, value, name, len(falling))
            decay = sudden.of_decay(n, len(steps), steps[-1] / steps[0])
            yield _row(run, steps, "concentration_of_decay", decay, name, None)
            for cluster, (size, mean) in enumerate(_shapes(falling, shapes, run.seed)):
                yield _row(run, steps, "shape_share", size, name, len(falling), cluster)
                for step, value in zip(steps, mean.tolist(), strict=True):
                    found = Measurement("shape", value, name, component=cluster)
                    yield Compared(found, run, step=step)


def _row(
    run: Member, steps: Sequence[int], quantity: str, value: float, split: str, n: int | None,
    component: int | None = None,
) -> Compared:  # fmt: skip
    found = Measurement(quantity, float(value), split, component=component, n_examples=n)
    return Compared(found, run, step=steps[-1])


def _curves(run: Member[Model, Dataset], steps: Sequence[int]) -> dict[str, Curves]:
    """The loss of each scored token (nats), checkpoint by checkpoint."""
    targets = targets_of_splits(run.dataset)
    found = []
    for step in steps:
        logits = logits_of_splits(run.model, run.parameters(step), run.dataset)
        losses = F.cross_entropy(logits, targets.to(logits.device), reduction="none")
        found.append(losses.double().numpy(force=True))
    sizes = [split.targets.size for split in run.dataset.splits.values()]
    by_split = np.split(np.stack(found, 1), np.cumsum(sizes)[:-1])
    named = zip(run.dataset.splits, by_split, strict=True)
    return {name: its for name, its in named if not name.endswith(VALIDATION)}


def _numbers(
    falling: Curves, window: int, draws: int, explained: float, rng: np.random.Generator
) -> Iterator[tuple[str, float]]:
    its = sudden.judged(falling, window, draws, rng)
    smooth = sudden.noisy(sudden.smooth_like(falling), sudden.noise(falling), rng)
    yield "sudden", its.is_sudden.mean()
    yield "sudden_beyond_smooth", its.beyond_smooth.mean()
    yield "sudden_beyond_shuffled", its.beyond_shuffled.mean()
    for null, curves in (("smooth", smooth), ("shuffled", sudden.shuffled(falling, rng))):
        yield f"sudden_if_{null}", sudden.judged(curves, window, draws, rng).is_sudden.mean()
    at_the_pace = sudden.explained_by_pace(falling) >= explained
    yield "at_the_pace", (at_the_pace & ~its.is_sudden).mean()
    yield "at_the_pace_if_smooth", (sudden.explained_by_pace(smooth) >= explained).mean()
    yield "concentration", its.concentration.clip(0, 1).mean()
    yield "concentration_if_smooth", its.smooth.clip(0, 1).mean()


def _shapes(
    falling: Curves, n: int, seed: int
) -> list[tuple[float, Float[np.ndarray, " checkpoints"]]]:
    """Share and mean of each cluster of curves from 1 to 0, the one that falls first in front."""
    scaled = (falling - falling[:, -1:]) / (falling[:, :1] - falling[:, -1:])
    labels = KMeans(n, n_init=3, random_state=seed).fit(scaled.clip(-1, 2)).labels_
    found = [(float((labels == its).mean()), scaled[labels == its].mean(0)) for its in range(n)]
    return sorted(found, key=lambda cluster: cluster[1].mean())
