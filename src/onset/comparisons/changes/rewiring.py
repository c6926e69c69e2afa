"""Does a training make new circuits, or turn up and down those that there are?

What parts write before and after, on the same sequences; whether neurons still answer to the same places;
and whether weights have directions that the old ones hadn't (intruder dimensions: Shuttleworth et al. 2024,
arXiv:2410.21228).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import ReadableModel
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
NEEDS = ("residual_stream", "heads", "neurons", "changed")
OPTIONS = {"most_sequences": 1000}
QUANTITIES = {
    "attention_cosine": {"kind": "cosine", "label": "what attention writes, before and after"},
    "mlp_cosine": {"kind": "cosine", "label": "what MLPs write, before and after"},
    "attention_scale": {"kind": "ratio", "label": "norm of what attention writes, after over before"},
    "mlp_scale": {"kind": "ratio", "label": "norm of what MLPs write, after over before"},
    "attention_overlap": {"kind": "share", "label": "variance in the old subspace, attention"},
    "mlp_overlap": {"kind": "share", "label": "variance in the old subspace, MLPs"},
    "same_places": {"kind": "share", "label": "top sequences that a neuron keeps"},
    "same_places_by_chance": {"kind": "share", "label": "the same, of another neuron"},
    "overwritten": {"kind": "share", "label": "neurons that keep no more than others share"},
    "intruders": {"kind": "count", "label": "intruder dimensions of a matrix, of ten"},
    "intruders_by_chance": {"kind": "count", "label": "the same, change of shuffled entries"},
}  # fmt: skip

_DIRECTIONS = 8  # of the old subspace
_PLACES = 20  # that a neuron is most active on
_LARGEST = 10  # singular vectors
_NEW = 0.6  # a cosine with every old singular vector below this is an intruder's
_NULL = 7_937

Outputs = Mapping[tuple[str, int], Float[Tensor, "sequences _width"]]
"""by kind and block application: `attention`, `mlp`, and `neurons` behind their activation"""


def compare(
    members: Sequence[Member[ReadableModel, Dataset]], most_sequences: int
) -> Iterator[Compared]:
    """Of the first and the last checkpoint, on at most so many sequences; at the last position, by block
    application (`layer`):

    * `attention_cosine`, `mlp_cosine`: of what is written before and after, mean; `attention_scale`,
      `mlp_scale`: norm after over before, all together;
    * `attention_overlap`, `mlp_overlap`: how much of the variance of what is written now lies in the eight
      directions in which that of before varied most, over how much of its own did;
    * `same_places`: of the twenty sequences on which a neuron was most active, those that are still among
      its twenty, mean over the neurons that were active on so many; `same_places_by_chance`: among those of
      another of them; `overwritten`: fraction of the neurons that keep no more than 95 % of such pairs have
      in common;

    and of matrices of the blocks, mean:

    * `intruders`: of the ten largest singular vectors after training, those whose cosine with every one of
      before is below .6; `intruders_by_chance`: if the entries of the change are shuffled.
    """
    for run in members:
        old, new = (Version.of(run, step) for step in (run.steps[0], run.steps[-1]))
        rng = np.random.Generator(np.random.Philox(key=[run.seed, _NULL]))
        asked = Asked.of(run.dataset.splits).at_most(most_sequences, run.seed)
        before, after = _outputs(old, asked), _outputs(new, asked)
        for (kind, layer), was in before.items():
            now = after[kind, layer]
            found = _of_neurons(was, now, rng) if kind == "neurons" else _of_outputs(kind, was, now)
            for name, value in found:
                yield Compared(Measurement(name, value, layer=layer, n_examples=len(was)), run)
        for name, value in _intruders(old, new, rng):
            yield Compared(Measurement(name, value), run)


def _outputs(its: Version, asked: Asked) -> Outputs:
    """At the last position of all sequences that get so far."""
    found: dict[tuple[str, int], list[Tensor]] = {}
    for group in asked.questions:
        depth = its.model.depth(group.hops)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            bridge = inspection.open_bridge(its.model, its.parameters, depth)
        hooks = {
            f"blocks.{layer}.{name}": (kind, layer)
            for layer in range(depth)
            for kind, name in (
                ("attention", "hook_attn_out"),
                ("mlp", "hook_mlp_out"),
                ("neurons", "mlp.hook_post"),
            )
        }
        tokens = torch.from_numpy(group.tokens)
        _, cache = bridge.run_with_cache(tokens, names_filter=list(hooks))
        for name, place in hooks.items():
            found.setdefault(place, []).append(cache[name][:, group.scored[-1]])
    return {place: torch.cat(parts) for place, parts in found.items()}


def _of_outputs(kind: str, was: Tensor, now: Tensor) -> Iterator[tuple[str, float]]:
    yield f"{kind}_cosine", F.cosine_similarity(was, now, dim=1).clamp(-1, 1).double().mean().item()
    yield f"{kind}_scale", (now.norm() / was.norm()).item()
    directions = torch.linalg.svd(was - was.mean(0), full_matrices=False).Vh[:_DIRECTIONS]
    own, others = _within(was, directions), _within(now, directions)
    if own > 0:
        yield f"{kind}_overlap", min(others / own, 1.0)


def _within(written: Tensor, directions: Tensor) -> float:
    """How much of the variance lies along some directions."""
    centred = written - written.mean(0)
    total = centred.square().sum().item()
    return (centred @ directions.T).square().sum().item() / total if total else 0.0


def _of_neurons(
    was: Float[Tensor, "sequences neurons"],
    now: Float[Tensor, "sequences neurons"],
    rng: np.random.Generator,
) -> Iterator[tuple[str, float]]:
    if kept := places_kept(was, now, rng):
        shared, by_chance = kept
        yield "same_places", shared.mean().item()
        yield "same_places_by_chance", by_chance.mean().item()
        yield "overwritten", (shared <= np.quantile(by_chance, 0.95)).mean().item()


def places_kept(
    was: Float[Tensor, "sequences units"],
    now: Float[Tensor, "sequences units"],
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, " alive"], Float[np.ndarray, " alive"]] | None:
    """Of the twenty sequences on which each unit was most active, the fraction that is still among its
    twenty; and that is among those of another unit. Units that were active on fewer are left out; None,
    where fewer than two are left, or there are no more than twenty sequences."""
    alive = (was > 0).sum(0) >= _PLACES
    n = int(alive.sum())
    if n < 2 or len(was) <= _PLACES:
        return None
    places = [
        torch.zeros_like(its).scatter(0, its.topk(_PLACES, dim=0).indices, 1.0) * (its > 0)
        for its in (was[:, alive], now[:, alive])
    ]
    shared = (places[0] * places[1]).sum(0).numpy(force=True) / _PLACES
    # Of each the next one in a random circle, so that none stands beside itself.
    circle = rng.permutation(n)
    other = np.empty(n, int)
    other[circle] = np.roll(circle, 1)
    by_chance = (places[0] * places[1][:, other]).sum(0).numpy(force=True) / _PLACES
    return shared, by_chance


def _intruders(old: Version, new: Version, rng: np.random.Generator) -> Iterator[tuple[str, float]]:
    counts: list[tuple[float, float]] = []
    for name, was in old.parameters.items():
        now = new.parameters[name]
        if was.ndim != 2 or "layers." not in name or torch.equal(was, now):
            continue
        change = (now - was).ravel()
        shuffled = change[torch.from_numpy(rng.permutation(len(change)))].view(was.shape)
        counts.append((_n_new(was, now), _n_new(was, was + shuffled)))
    if counts:
        own, null = np.mean(counts, axis=0).tolist()
        yield "intruders", own
        yield "intruders_by_chance", null


def _n_new(was: Float[Tensor, "outputs inputs"], now: Float[Tensor, "outputs inputs"]) -> float:
    """Of the largest left singular vectors, those that are near none of the old ones."""
    vectors = torch.linalg.svd(now, full_matrices=False).U[:, :_LARGEST]
    cosines = (torch.linalg.svd(was, full_matrices=False).U.T @ vectors).abs()
    return float((cosines.amax(0) < _NEW).sum())
