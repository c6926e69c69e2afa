"""Can a model's intermediate entity be swapped through the latents that stand for it?

A dictionary has been trained on the parent's residual stream at the place that holds the bridge entity.
On questions and donors as in `patching`, the state there is moved, and the parent runs on. What it is
moved by:

* `whole`: the donor's state minus its own;
* `latents`: of that, what the latents write that stand for either bridge entity (those whose activity
  has an F1 of more than a half for it, on the dictionary's training states);
* `all_latents`: what all latents write;
* `other_latents`: what as many others write of those that are active in one of the two, a null control;
* `probe`: the weights for the donor's bridge entity minus those for its own, of a linear probe on the
  same states (ridge regression), and `means`: the difference of these entities' mean states. They need
  no dictionary;
* `random`: a random direction, a null control.

Each is given the same norm, so that directions compete and not sizes: some parts of that of `whole`, and
`natural`, the norm that `latents` has by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.analyses.components.questions import Exchange, exchanges
from onset.measures.dictionaries.labels import one_hot
from onset.measures.dictionaries.matching import detection_by_all, inputs_of
from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import ridge_weights
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.runs.source import Source
from onset.statistics.chance import own_stream
from onset.tasks.vectors import VectorDataset

NEEDS = ("bridge", "one_place", "dictionary")
QUANTITIES = {
    "n_standing": {"kind": "count", "label": "latents that stand for an entity"},
    "moved_*_*_follows": {"kind": "share", "label": "answered like the donor: * (*)"},
    "natural_norm": {"kind": "ratio", "label": "norm of the latents' change / whole change"},
}

DOSES = (0.25, 0.5, 0.75, 1.0, 1.5)
"""parts of the norm of `whole`"""
_STANDS_FOR = 0.5  # F1

Moves = Float[Tensor, "questions d_model"]


def analyse(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset, seed: int, parent: Source
) -> Iterator[Measurement]:
    """Per dictionary (`component`): `n_standing`, latents that stand for a bridge entity, per entity;
    and per split of the parent's questions with a bridge

    * `moved_KIND_DOSE_follows`: fraction of them then answered as the donor is, DOSE being the norm in per
      cent of that of `whole`, or `natural`;
    * `natural_norm`: mean norm of `latents`, as a part of that of `whole`.
    """
    layer, position = dataset.truth["place"].tolist()
    known = _Known.of(model, parameters, dataset)
    for dictionary, standing in enumerate(known.standing):
        per_entity = standing.float().sum(1)[known.there].mean().item()
        yield Measurement("n_standing", per_entity, component=dictionary)
    for exchange in exchanges(parent.model, parent.parameters(), parent.dataset, seed):
        place = f"blocks.{layer}.hook_resid_pre"
        states = [
            exchange.bridge.run_with_cache(tokens, names_filter=place)[1][place][:, position]
            for tokens in (exchange.tokens, exchange.donors)
        ]
        bridges = own_bridges(exchange, parent), exchange.donor_bridge
        for dictionary in range(len(known.standing)):
            moves = known.moves(dictionary, states, bridges, seed)
            whole = moves["whole"].norm(dim=1)
            natural = moves["latents"].norm(dim=1)
            yield Measurement(
                "natural_norm",
                (natural / whole).mean().item(),
                exchange.split,
                component=dictionary,
            )
            doses = {f"{dose:.0%}".rstrip("%"): dose * whole for dose in DOSES}
            for kind, move in moves.items():
                for dose, norm in {**doses, "natural": natural}.items():
                    moved = states[0] + F.normalize(move, dim=1) * norm[:, None]
                    value = _follows(exchange, place, position, moved)
                    yield Measurement(
                        f"moved_{kind}_{dose}_follows",
                        value,
                        exchange.split,
                        component=dictionary,
                        n_examples=len(exchange.tokens),
                    )


def own_bridges(exchange: Exchange, parent: Source) -> Int[Tensor, " questions"]:
    """The bridge entities of the questions themselves, by their tokens."""
    split = parent.dataset.splits[exchange.split]
    by_tokens = {
        tuple(t): b
        for t, b in zip(split.tokens.tolist(), split.truth["bridge"].tolist(), strict=True)
    }
    return torch.tensor([by_tokens[tuple(tokens)] for tokens in exchange.tokens.tolist()])


def _follows(exchange: Exchange, place: str, position: int, moved: Moves) -> float:
    def put(state: Tensor, hook: object) -> Tensor:
        state = state.clone()
        state[:, position] = moved
        return state

    logits = exchange.bridge.run_with_hooks(exchange.tokens, fwd_hooks=[(place, put)])
    return (logits[:, exchange.scored].argmax(-1) == exchange.donor_target).float().mean().item()


class _Known(NamedTuple):
    """What is known of bridge entities from the states that dictionaries were trained on."""

    model: Dictionary
    parameters: Parameters
    centre: Float[Tensor, " d_model"]
    scale: Float[Tensor, ""]
    standing: Bool[Tensor, "dictionaries entities latents"]
    probe: Float[Tensor, "entities d_model"]
    means: Float[Tensor, "entities d_model"]
    there: Bool[Tensor, " entities"]
    """entities of which there are states"""

    @classmethod
    def of(cls, model: Dictionary, parameters: Parameters, dataset: VectorDataset) -> _Known:
        train = dataset.splits["train"]
        n = int(max(split.truth["bridge"].max() for split in dataset.splits.values())) + 1
        x, entities = inputs_of(train), one_hot(train.truth["bridge"], n)
        latents = model.latents(parameters, x)
        standing = (
            torch.stack([detection_by_all(entities, its > 0).f1 for its in latents]) > _STANDS_FOR
        )
        return cls(
            model=model,
            parameters=parameters,
            centre=torch.from_numpy(dataset.truth["centre"]),
            scale=torch.from_numpy(dataset.truth["scale"])[0],
            standing=standing,
            probe=ridge_weights(x, entities.float() - entities.float().mean(0)).T,
            means=(entities.float().T @ x) / entities.sum(0).clamp(min=1)[:, None],
            there=entities.any(0),
        )

    def moves(
        self,
        dictionary: int,
        states: list[Float[Tensor, "questions d_model"]],
        bridges: tuple[Int[Tensor, " questions"], Int[Tensor, " questions"]],
        seed: int,
    ) -> dict[str, Moves]:
        """By kind, from the question's state towards the donor's, in units of the residual stream."""
        rng = own_stream(seed)
        own, donor = (
            self.model.latents(self.parameters, (its - self.centre) / self.scale)[dictionary]
            for its in states
        )
        standing = self.standing[dictionary]
        # A bridge entity that no state was trained on has no latents.
        stands = _rows(standing, bridges[0]) | _rows(standing, bridges[1])
        others = ((own > 0) | (donor > 0)) & ~stands
        drawn = torch.from_numpy(rng.random(others.shape, dtype="f4")) * others
        ranks = drawn.argsort(1, descending=True).argsort(1)
        wanted = (stands & ((own > 0) | (donor > 0))).sum(1, keepdim=True)
        directions = self.scale * self.model.directions(self.parameters)[dictionary]
        change = donor - own
        return {
            "whole": states[1] - states[0],
            "all_latents": change @ directions,
            "latents": (change * stands) @ directions,
            "other_latents": (change * (others & (ranks < wanted))) @ directions,
            "probe": _rows(self.probe, bridges[1]) - _rows(self.probe, bridges[0]),
            "means": _rows(self.means, bridges[1]) - _rows(self.means, bridges[0]),
            "random": torch.from_numpy(rng.standard_normal(states[0].shape, dtype="f4")),
        }


def _rows(table: Tensor, rows: Int[Tensor, " questions"]) -> Tensor:
    """Zeros for rows beyond the table."""
    return F.embedding(rows, F.pad(table, (0, 0, 0, int(rows.max()) + 1)))
