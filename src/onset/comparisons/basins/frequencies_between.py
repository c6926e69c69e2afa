"""Which neurons does a matching of two models of modular addition pair, and what adds up in the middle?

Neurons are waves of one frequency each (Nanda et al. 2023, arXiv:2301.05217), at some phase of a and of b.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.basins.matched import Matched
from onset.comparisons.basins.matching import order_of
from onset.comparisons.basins.repair import repaired
from onset.comparisons.basins.tunings import Tunings, alike, within_frequency
from onset.comparisons.changes.straight_way import between
from onset.comparisons.member import Compared, Member
from onset.measures.answers.asking import is_right
from onset.measures.fourier import spectrum
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.models.symmetries import moved, of_family
from onset.tasks.dataset import Dataset
from onset.training.losses import cross_entropy

TOGETHER = "two runs"
NEEDS = ("numbers", "symmetries")
ALIKE = ("model.name", "task.name")
QUANTITIES = {
    "frequencies": {"kind": "count", "label": "frequencies, as if all had as many neurons"},
    "neurons_per_frequency": {"kind": "size", "label": "neurons per frequency"},
    "shared": {"kind": "share", "label": "neurons that could be paired by frequency"},
    "same_frequency": {"kind": "share", "label": "pairs of one frequency, matched by weights"},
    "same_frequency_at_random": {"kind": "share", "label": "pairs of one frequency, at random"},
    "tuning": {"kind": "cosine", "label": "cosine of tunings, matched by weights"},
    "tuning_in_frequency": {"kind": "cosine", "label": "the same, shuffled within frequencies"},
    "tuning_at_random": {"kind": "cosine", "label": "the same, in a random order"},
    "tuning_untrained": {"kind": "cosine", "label": "the same, matched to an untrained model"},
    "phase": {"kind": "cosine", "label": "cosine of phases, matched by weights"},
    "phase_in_frequency": {"kind": "cosine", "label": "the same, shuffled within frequencies"},
    "kept_of_shared": {"kind": "ratio", "label": "waves in the middle over the ends', of both"},
    "kept_of_single": {"kind": "ratio", "label": "waves in the middle over the ends', of one"},
    "kept_unmoved": {"kind": "ratio", "label": "waves in the middle over the ends', unmoved"},
    "circle_at_ends": {"kind": "share", "label": "variance of logits on circles, at the ends"},
    "circle_between": {"kind": "share", "label": "variance of logits on circles, in the middle"},
    "circle_unmoved": {"kind": "share", "label": "variance of logits on circles, unmoved"},
    "middle_accuracy": {"kind": "share", "label": "accuracy in the middle"},
    "without_first": {"kind": "share", "label": "the same, without the first model's frequencies"},
    "without_second": {"kind": "share", "label": "the same, without the second model's frequencies"},
    "without_others": {"kind": "share", "label": "the same, without as many other frequencies"},
    "middle_loss": {"kind": "nats", "label": "loss in the middle (nats)"},
    "middle_loss_enlarged": {"kind": "nats", "label": "loss in the middle, logits enlarged (nats)"},
    "middle_loss_repaired": {"kind": "nats", "label": "loss in the middle, repaired (nats)"},
}  # fmt: skip
_SHUFFLED = 7_459
_SPLIT = "test"
_SCALES = tuple(2 ** (step / 2) for step in range(9))


def compare(members: Sequence[Member[Model, Dataset]]) -> Iterator[Compared]:
    """Of two runs, whose last neurons are matched by weights:

    * `frequencies`, `neurons_per_frequency`: one over the sum of squares of the shares that frequencies
      have of a model's neurons, and neurons over it, mean of both models;
    * `shared`: the most neurons that could be paired with one of the same frequency;
    * `same_frequency`, `tuning`, `phase`: as `tunings.alike` has them, with nulls: in a random order,
      shuffled `in_frequency`, and matched to the second model as it was untrained;
    * `kept_…`: amplitudes of cos w(a + b − c) in the logits of the middle over the mean of both ends, of
      frequencies that are both models' keys or one's; `circle_…`: the share of the variance that is such;
    * `middle_accuracy`, `without_…`: accuracy in the middle, and without some frequencies in the logits;
    * `middle_loss`: and with logits enlarged as is best on trained pairs, or with neurons repaired.
    """
    for name, value in _found(members).items():
        if np.isfinite(value):  # there are pairs of one frequency, or waves of that kind
            yield Compared(Measurement(name, value), *members)


def _found(members: Sequence[Member[Model, Dataset]]) -> dict[str, float]:
    one, other = members
    matched = Matched.of(one, other)
    moves = matched.by_weights()
    there = moved(matched.other, matched.symmetries, moves)
    middle = between(matched.one, there, 0.5)
    ends = (matched.one, there)
    fixed = repaired(matched.model, middle, ends, 0.5, matched.questions)
    unmoved = between(matched.one, matched.other, 0.5)
    logits = {
        name: spectrum.logits_of_pairs(matched.model, its, one.dataset)
        for name, its in {
            "first": matched.one,
            "second": there,
            "between": middle,
            "unmoved": unmoved,
            "repaired": fixed,
        }.items()
    }
    return _of_neurons(matched, other, moves) | _of_middle(logits, one.dataset, one.seed)


def _of_neurons(matched: Matched, other: Member, moves: dict) -> dict[str, float]:
    p, last = spectrum.modulus(other.dataset), matched.symmetries[-1]
    n, rng = (p - 1) // 2, np.random.Generator(np.random.Philox(key=[other.seed, _SHUFFLED]))
    untrained = Matched(matched.model, matched.one, other.parameters(0), matched.questions)
    first, theirs, before = (
        Tunings.of(_neurons(matched, its, p))
        for its in (matched.one, matched.other, untrained.other)
    )
    second = theirs.moved(order_of(moves[last.name][0], last))
    shuffled = second.moved(rng.permutation(last.n_units))
    found = alike(first, second)
    random = alike(first, shuffled)
    inside = alike(first, second.moved(within_frequency(second, rng)))
    its_moves = untrained.by_weights()[last.name]
    of_untrained = alike(first, before.moved(order_of(its_moves[0], last)))
    shares = first.shares(n), second.shares(n)
    used = [1 / its.square().sum().clamp(min=1e-9).item() for its in shares]
    return found | {
        "frequencies": float(np.mean(used)),
        "neurons_per_frequency": float(np.mean([last.n_units / its for its in used])),
        "shared": torch.minimum(*shares).sum().item(),
        "same_frequency_at_random": random["same_frequency"],
        "tuning_at_random": random["tuning"],
        "tuning_in_frequency": inside["tuning"],
        "tuning_untrained": of_untrained["tuning"],
        "phase_in_frequency": inside["phase"],
    }


def _neurons(matched: Matched, parameters: Parameters, p: int) -> Float[Tensor, "pairs neurons"]:
    family = of_family(matched.model.settings.name)
    its = family.readings(matched.model, parameters, spectrum.all_pairs(p))
    return its[matched.symmetries[-1].name][0]


def _of_middle(
    logits: dict[str, Float[Tensor, "p p answers"]], dataset: Dataset, seed: int
) -> dict[str, float]:
    keys = [set(spectrum.key_frequencies(logits[name])) for name in ("first", "second")]
    waves = {name: amplitudes(its) for name, its in logits.items()}
    ends = (waves["first"] + waves["second"]) / 2

    def kept(name: str, of: set[int]) -> float:
        its = [k - 1 for k in sorted(of)]
        return (waves[name][its].sum() / ends[its].sum()).item() if its else float("nan")

    middle, asked = logits["between"], spectrum.pairs_of(dataset, _SPLIT)
    answers = spectrum.answers_of(dataset)
    trained = spectrum.pairs_of(dataset, "train")
    losses = [cross_entropy(middle[trained] * by, answers[trained]).item() for by in _SCALES]
    by = _SCALES[int(np.argmin(losses))]
    n = len(ends)
    free = np.array(sorted(set(range(1, n + 1)) - keys[0] - keys[1]), int)
    rng = np.random.Generator(np.random.Philox(key=[seed, _SHUFFLED + 1]))
    others = rng.permutation(free)[: len(keys[0])].tolist()

    def right(without: set[int]) -> float:
        part = spectrum.mean_by_sum(middle)
        left = middle - spectrum.by_sum(spectrum.part_of(part, sorted(without)))
        return is_right(left[asked], answers[asked]).mean().item()

    def circle(name: str) -> float:
        return spectrum.shares_on_the_circle(logits[name]).sum().item()

    return {
        "kept_of_shared": kept("between", keys[0] & keys[1]),
        "kept_of_single": kept("between", keys[0] ^ keys[1]),
        "kept_unmoved": kept("unmoved", keys[0] | keys[1]),
        "circle_at_ends": (circle("first") + circle("second")) / 2,
        "circle_between": circle("between"),
        "circle_unmoved": circle("unmoved"),
        "middle_accuracy": is_right(middle[asked], answers[asked]).mean().item(),
        "without_first": right(keys[0]),
        "without_second": right(keys[1]),
        "without_others": right(set(others)),
        "middle_loss": cross_entropy(middle[asked], answers[asked]).item(),
        "middle_loss_enlarged": cross_entropy(middle[asked] * by, answers[asked]).item(),
        "middle_loss_repaired": cross_entropy(logits["repaired"][asked], answers[asked]).item(),
    }


def amplitudes(logits: Float[Tensor, "p p answers"]) -> Float[Tensor, " frequencies"]:
    """How much of cos w(a + b − c) logits have, by frequency; less than 0 where they have its negative."""
    p = len(logits)
    table = spectrum.mean_by_sum(logits - logits.mean(-1, keepdim=True))
    by_distance = table.view(-1, 1)[spectrum.pairs_by(p, 1, -1)].mean((1, 2))
    return (spectrum.waves(p)[:, 0] @ by_distance) * (2 / p) ** 0.5
