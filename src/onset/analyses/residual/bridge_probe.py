"""Can a probe that has seen other people find the bridge of a question of two hops?

A fact is learnt of each person by itself, so that a probe which may learn who is who reads any label off a
person's state. This one learns a weight per axis, from some people and their bridges: how far it tells
whether a state and the code of a bridge belong together that they agree along this axis. It is tested on
people and bridges that it wasn't fitted on. If states hold their bridges in one form for all people, they
are found, whatever axes the form has, and where the logit lens can't read it. As a control task (Hewitt &
Liang 2019, arXiv:1909.03368), probes are fitted to bridges that are shuffled among people, and tested on
these: what they reach needs no knowledge in the model. Beside it stands the question about the bridge
itself, which is answered: there, the probe must find it.

Fitted by ridge regression, of whether a pair belongs together, on the products of both states along each
axis: with states X and codes B, over all pairs, its matrix is XᵀX ∘ BᵀB.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset, Split

NEEDS = ("bridge", "entity", "person_place", "residual_stream")
SPLITS = ("boss", "city")
QUANTITIES = {
    "probed_as_*": {"kind": "share", "label": "bridge first by probe, code: *"},
    "control_as_*": {"kind": "share", "label": "the same, bridges shuffled, code: *"},
    "probed_rank_as_*": {"kind": "rank", "label": "rank of the bridge by probe, code: *"},
    "control_rank_as_*": {"kind": "rank", "label": "the same, bridges shuffled, code: *"},
}

_EVERY = 2  # blocks
_FOLDS = 5
_FEWEST = 2  # people in a fold
_CONTROLS = 20  # ways to shuffle
_RIDGE = 1.0  # on products of standardised states


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split with bridges whose facts are told (a question about the bridge is in `city`), and of the
    first hop itself (`boss`), by blocks applied (`layer`), at the person's `position` and the last:

    * `probed_as_CODE`, `probed_rank_as_CODE`: fraction in which the bridge comes first among those of the
      split, and its mean rank. Codes are `question`, the bridge's state after as many blocks in a
      question about it, and `token`, what the first block is given for it;
    * `control_as_CODE`, `control_rank_as_CODE`: the same with shuffled bridges, mean over
      several ways to shuffle them.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    first_hop, known = SPLITS
    about = dataset.splits[known]
    codes = _stream(model, parameters, about)[:, range(len(about)), about.truth["person_place"]]
    row_of = {int(token): row for row, token in enumerate(about.truth["entity"])}
    wanted = {first_hop: dataset.splits[first_hop].targets[:, -1]}
    wanted |= {
        name: its.truth["bridge"] for name, its in dataset.splits.items() if "bridge" in its.truth
    }
    for name, bridges in wanted.items():
        split = dataset.splits[name]
        rows = [row for row, token in enumerate(bridges) if int(token) in row_of]
        if len(rows) < 2 * _FEWEST:
            continue
        at = [row_of[int(token)] for token in bridges[rows]]
        stream = _stream(model, parameters, split)[:, rows]
        for place in (int(split.truth["person_place"][0]), stream.shape[2] - 1):
            for layer in range(0, len(stream), _EVERY):
                for code, of in (("question", layer), ("token", 0)):
                    found = probed(stream[layer, :, place], codes[of, at], rng)
                    for kind, value in found.items():
                        where = {"layer": layer, "position": place, "n_examples": len(rows)}
                        yield Measurement(kind.format(code), value, name, **where)


def probed(
    states: Float[Tensor, "people d_model"],
    codes: Float[Tensor, "people d_model"],
    rng: np.random.Generator,
) -> dict[str, float]:
    """How bridges rank by probes that were fitted on other people and bridges.

    Args:
        states: where a bridge is looked for.
        codes: of each person's bridge, in the same order.
        rng: decides who is fitted on, and how bridges are shuffled.
    """
    n, ranks, firsts = len(states), [], []
    n_folds = min(_FOLDS, n // _FEWEST)
    for tested in np.array_split(rng.permutation(n), n_folds):
        fitted = np.setdiff1d(np.arange(n), tested)
        x, b = (_standardised(its.double(), fitted) for its in (states, codes))
        partners = _partners(fitted, rng)
        weights = _weights(x[fitted], b[partners])
        scores = torch.einsum("kd,td,nd->ktn", weights, x[tested], b)
        right = torch.from_numpy(_partners(tested, rng))[..., None].to(scores.device)
        right_scores = scores.gather(2, right)
        before = (scores > right_scores).sum(2).double()
        alike = (scores == right_scores).sum(2).double()  # all, where all states are the same
        ranks.append(before + (alike + 1) / 2)
        firsts.append((before == 0) / alike)
    found = {}
    for name, values in (("{}_as_", torch.cat(firsts, 1)), ("{}_rank_as_", torch.cat(ranks, 1))):
        found[name.format("probed") + "{}"] = values[0].mean().item()
        found[name.format("control") + "{}"] = values[1:].mean().item()
    return found


def _partners(
    people: Int[np.ndarray, " people"], rng: np.random.Generator
) -> Int[np.ndarray, "ways people"]:
    """Whose bridge each is told to have: first their own, then in several ways nobody their own."""
    ways = [people]
    for _ in range(_CONTROLS):
        order = rng.permutation(len(people))
        given = np.empty_like(people)
        given[order] = people[np.roll(order, 1)]
        ways.append(given)
    return np.stack(ways)


def _weights(
    x: Float[Tensor, "people d_model"], b: Float[Tensor, "ways people d_model"]
) -> Float[Tensor, "ways d_model"]:
    """Of each axis, by ridge regression over all pairs; all ways have the same pairs."""
    n_pairs = len(x) ** 2
    gram = (x.T @ x) * (b[0].T @ b[0]) / n_pairs
    gram += _RIDGE * torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    together = (x * b).sum(1) / n_pairs
    return torch.linalg.solve(gram, together.T).T


def _standardised(
    states: Float[Tensor, "people d_model"], fitted: Int[np.ndarray, " fitted"]
) -> Float[Tensor, "people d_model"]:
    its = states[fitted]
    return (states - its.mean(0)) / (its.std(0) + 1e-6)


def _stream(
    model: ReadableModel, parameters: Parameters, split: Split
) -> Float[Tensor, "layers questions length d_model"]:
    """All questions of a split end at the same place."""
    tokens = torch.from_numpy(split.tokens[:, : split.positions.max() + 1])
    return model.residual_stream(parameters, tokens.to(device_of(parameters)))
