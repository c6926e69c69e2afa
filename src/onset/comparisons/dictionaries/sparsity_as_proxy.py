"""Does sparsity go with what one wants dictionaries for?

Dictionaries of trained models are judged by how few latents are active at how much variance, as nobody
knows the true features. Here they are known: all dictionaries of one world are ranked by sparsity and
by what they are wanted for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.stats import rankdata
from torch import Tensor

from onset.comparisons.member import Compared, Member
from onset.measures.dictionaries.matching import latents_of
from onset.measures.dictionaries.reconstruction import measure as reconstruction
from onset.measures.dictionaries.recovery import RECOVERED, of_features
from onset.measures.measurement import Measurement
from onset.models.dictionary.model import Dictionary
from onset.statistics.prediction import auc
from onset.tasks.vectors import VectorDataset

TOGETHER = "runs"
NEEDS = ("dictionary", "amounts")
QUANTITIES = {
    "with_sparsity_*": {"kind": "cosine", "label": "rank correlation with sparsity: *"},
    "held_with_sparsity_*": {
        "kind": "cosine", "label": "the same, among dictionaries that explain as much: *"
    },
    "with_explained_*": {"kind": "cosine", "label": "rank correlation with variance explained: *"},
    "best_l0_*": {"kind": "count", "label": "active latents where it is largest: *"},
}  # fmt: skip

_N_LABELS = 64
_LEAST = 2 * _N_LABELS  # examples with a feature

Values = Float[np.ndarray, " dictionaries"]


def compare(members: Sequence[Member[Dictionary, VectorDataset]]) -> Iterator[Compared]:
    """Over all dictionaries of the runs, on `test`, for each thing that is WANTED:

    * `with_sparsity_WANTED`: Spearman's rank correlation of it with few active latents (L0, its sign
      turned); `held_with_sparsity_WANTED`: the partial one, with the ranks of explained variance held;
      `with_explained_WANTED`: of it with explained variance;
    * `best_l0_WANTED`: the number of active latents of the dictionary that has most of it.

    Wanted are `recovered` (the share of the features that are found), `clean` (the mean F1 of the
    matched latents as detectors) and `useful` (the mean probability that a difference of means over
    latents, from 64 labels, tells an example with a feature from one without; on unseen examples).
    `shuffled` is `recovered` of the dictionaries in a random order, a null.
    """
    found = [its for member in members for its in _of_run(member)]
    columns = {name: np.array([its[name] for its in found]) for name in found[0]}
    rng = np.random.Generator(np.random.Philox([members[0].seed, len(found)]))
    columns["shuffled"] = rng.permutation(columns["recovered"])
    sparsity, explained = -columns.pop("l0"), columns.pop("explained")
    for wanted, values in columns.items():
        numbers = {
            f"with_sparsity_{wanted}": _correlation(sparsity, values),
            f"held_with_sparsity_{wanted}": _partial(sparsity, values, explained),
            f"with_explained_{wanted}": _correlation(explained, values),
            f"best_l0_{wanted}": float(-sparsity[values.argmax()]),
        }
        for name, value in numbers.items():
            yield Compared(Measurement(name, value, "test"))


def _of_run(run: Member[Dictionary, VectorDataset]) -> Iterator[Mapping[str, float]]:
    """Of each of its dictionaries."""
    parameters = run.parameters()
    written = {
        (its.measure, its.component): its.value
        for its in reconstruction(run.model, parameters, run.dataset)
        if its.split == "test"
    }
    features = of_features(run.model, parameters, run.dataset)
    latents = latents_of(run.model, parameters, run.dataset)["test"]
    there = torch.from_numpy(run.dataset.splits["test"].truth["amounts"]) > 0
    for number, cosine in enumerate(features.cosine):
        precision, recall = (
            features.detected["test"][its][number] for its in ("precision", "recall")
        )
        f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-12)
        yield {
            "l0": written["l0", number],
            "explained": written["explained_variance", number],
            "recovered": (cosine > RECOVERED).float().mean().item(),
            "clean": f1.mean().item(),
            "useful": _useful(latents[number], there),
        }


def _useful(
    latents: Float[Tensor, "examples latents"], there: Bool[Tensor, "examples features"]
) -> float:
    """Mean over features of the area under the curve of a difference of means from few labels."""
    half = len(there) // 2
    told = []
    for of_feature in there.T:
        on, off = (of_feature[:half] == its for its in (True, False))
        if on.sum() < _LEAST or of_feature[half:].sum() < _LEAST:
            continue
        with_it, without = (latents[:half][its][: _N_LABELS // 2].mean(0) for its in (on, off))
        scores = latents[half:] @ (with_it - without)
        told.append(auc(scores.numpy(), of_feature[half:].numpy()))
    return float(np.mean(told)) if told else 0.5


def _correlation(one: Values, other: Values) -> float:
    """Spearman's; 0 where one of them is always the same."""
    return _pearson(rankdata(one), rankdata(other))


def _partial(one: Values, other: Values, held: Values) -> float:
    """Spearman's of what is left of the ranks when those of the third are taken out by regression."""
    ranks = [rankdata(its) for its in (one, other, held)]
    if _pearson(ranks[0], ranks[2]) ** 2 >= 1 or not ranks[2].std():
        return 0.0
    left = [its - np.polyval(np.polyfit(ranks[2], its, 1), ranks[2]) for its in ranks[:2]]
    return _pearson(*left)


def _pearson(one: Values, other: Values) -> float:
    if not (one.std() and other.std()):
        return 0.0
    return float(np.clip(np.corrcoef(one, other)[0, 1], -1, 1))
