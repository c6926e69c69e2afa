"""Surgery whose result is known, and that an interruption leaves no trace of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from onset import interventions
from onset.interventions import heads
from onset.interventions.settings import InterventionSettings
from onset.measures.heads.circuit import Head, Scores, circuit
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings
from onset.runs.source import Source
from onset.tasks import induction
from onset.training.interventions import Altered
from onset.training.loop import train
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState

TASK = induction.Settings(
    name="induction", n_symbols=12, length=16, segment=(4, 7), n_train=32, n_test=16
)
WORLD = induction.generate(TASK, seed=0)
MODEL = Transformer(
    Settings(name="transformer", n_layers=2, d_model=24, n_heads=3, d_mlp=0, tied_embeddings=False),
    TASK.n_tokens,
    TASK.length,
)
OWN = MODEL.initial_parameters(0)


class Known(Source):
    """A run of which we make up the checkpoints."""

    dataset = WORLD

    def __init__(self, seed: int = 1) -> None:
        object.__setattr__(self, "seed", seed)

    def parameters(self, step=None):
        """Untrained at step 0; at the end, embeddings are positions' alone, and one head looks back."""
        found = MODEL.initial_parameters(self.seed)
        return found if step == 0 else looking_back(found, Head(0, self.seed % 3))


def looking_back(parameters: dict[str, Tensor], head: Head) -> dict[str, Tensor]:
    """A head made to look at the token before: positions on a circle, keys turned by one place."""
    place = heads.places(MODEL, head)
    n, d = TASK.length, MODEL.settings.d_head
    angles = 2 * torch.pi * torch.arange(n)[:, None] * torch.arange(1, d // 2 + 1) / n
    parameters["pos.weight"] = torch.zeros(n, 24)
    parameters["pos.weight"][:, : 2 * (d // 2)] = torch.cat([angles.cos(), angles.sin()], 1)
    turn = 2 * torch.pi * torch.arange(1, d // 2 + 1) / n
    q, k = torch.zeros(d, 24), torch.zeros(d, 24)
    for i in range(d // 2):
        j = d // 2 + i
        q[i, i] = q[j, j] = k[i, i] = k[j, j] = 30.0
        cos, sin = turn[i].cos(), turn[i].sin()
        k[i, i], k[i, j], k[j, i], k[j, j] = 30 * cos, -30 * sin, 30 * sin, 30 * cos
    layer = f"layers.{head.layer}.attn"
    parameters[f"{layer}.q.weight"][place[f"{layer}.q.weight"]] = q
    parameters[f"{layer}.k.weight"][place[f"{layer}.k.weight"]] = k
    return parameters


def altered(settings: dict, *sources: Source, seed: int = 0, own=OWN) -> Altered:
    its = TypeAdapter(InterventionSettings).validate_python(
        {"source": {"condition": "base"}, **settings}, strict=False
    )
    return interventions.load(its.name).altered(its, MODEL, own, list(sources), seed)


def differing(found: dict[str, Tensor], head: Head) -> bool:
    """Whether a head's part of some parameter isn't the own one."""
    return any(
        not torch.equal(found[name][place], OWN[name][place])
        for name, place in heads.places(MODEL, head).items()
    )


ALL = [Head(*place) for place in np.ndindex(2, 3)]


class TestHeads:
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_the_one_that_looks_back_is_found(self, seed):
        scores = heads.scores_of(MODEL, Known(seed=seed))
        assert circuit(scores, "previous_token") == [Head(0, seed % 3)]
        assert scores.previous_token[0, seed % 3] > 0.9

    def test_a_pair_is_of_two_layers(self):
        scores = Scores(
            torch.tensor([[0.1, 0.2, 0.0], [0.9, 0.0, 0.0]]),
            torch.tensor([[0.1, 0.0, 0.0], [0.1, 0.5, 0.7]]),
        )
        assert circuit(scores, "pair") == [Head(0, 1), Head(1, 2)]

    def test_others_are_others_of_the_same_layers(self):
        for seed in range(20):
            others = heads.others([Head(0, 1), Head(1, 2)], 3, seed)
            assert [head.layer for head in others] == [0, 1]
            assert Head(0, 1) not in others
            assert Head(1, 2) not in others

    def test_where_there_are_no_others_it_is_said(self):
        with pytest.raises(ValueError, match="choose others"):
            heads.others([Head(0, 0)], 1, 0)


class TestTransplant:
    def test_the_chosen_head_comes_and_nothing_else(self):
        source = Known()
        found = altered({"name": "transplant", "heads": "previous_token"}, source).parameters
        for name, place in heads.places(MODEL, Head(0, 1)).items():
            assert torch.equal(found[name][place], source.parameters()[name][place])
        assert [head for head in ALL if differing(found, head)] == [Head(0, 1)]
        assert torch.equal(found["pos.weight"], OWN["pos.weight"])

    def test_as_it_was_at_a_step(self):
        source = Known()
        given = {"name": "transplant", "heads": "previous_token", "step": 0}
        found = altered(given, source).parameters
        for name, place in heads.places(MODEL, Head(0, 1)).items():
            assert torch.equal(found[name][place], source.parameters(0)[name][place])

    def test_embeddings_come_too_if_asked(self):
        given = {"name": "transplant", "heads": "previous_token", "embeddings": True}
        found = altered(given, Known()).parameters
        for name in ("tok_embed.weight", "pos.weight", "head.weight"):
            assert torch.equal(found[name], Known().parameters()[name])

    def test_the_null_is_another_head_of_the_layer(self):
        given = {"name": "transplant", "heads": "previous_token", "null": True}
        chosen = set()
        for seed in range(10):
            found = altered(given, Known(), seed=seed).parameters
            (head,) = [head for head in ALL if differing(found, head)]
            chosen.add(head)
        assert chosen == {Head(0, 0), Head(0, 2)}

    def test_the_least_inductive_fill_all_places_from_several_runs(self):
        sources = [Known(seed=seed) for seed in (1, 2)]
        found = altered({"name": "transplant", "heads": "least_inductive"}, *sources).parameters
        assert all(differing(found, head) for head in ALL)
        # The heads that look back are none of them.
        for seed in (1, 2):
            place = heads.places(MODEL, Head(0, seed % 3))["layers.0.attn.q.weight"]
            theirs = Known(seed=seed).parameters()["layers.0.attn.q.weight"][place]
            for head in ALL[:3]:
                here = heads.places(MODEL, head)["layers.0.attn.q.weight"]
                assert not torch.equal(found["layers.0.attn.q.weight"][here], theirs)


class TestRemoval:
    def test_the_pair_is_zero_and_held(self):
        found = altered({"name": "removal", "what": "pair"}, Known())
        assert {name for name, mask in found.held.items() if mask.any()} == {
            f"layers.{layer}.attn.{part}" for layer in (0, 1)
            for part in ("q.weight", "q.bias", "k.weight", "k.bias", "v.weight", "v.bias", "o.weight")
        }  # fmt: skip
        for name, mask in found.held.items():
            assert (found.parameters[name][mask] == 0).all()
            assert torch.equal(found.parameters[name][~mask], OWN[name][~mask])
        assert found.held["layers.0.attn.q.weight"][8:16].all()  # head 1
        assert found.held["layers.0.attn.q.weight"].sum() == 8 * 24

    def test_the_largest_are_those_at_the_end(self):
        found = altered({"name": "removal", "what": "largest", "fraction": 0.1}, Known())
        last = Known().parameters()["layers.0.attn.q.weight"].abs()
        mask = found.held["layers.0.attn.q.weight"]
        assert mask.sum() == round(0.1 * mask.numel())
        assert last[mask].min() >= last[~mask].max()
        assert all(found.parameters[name].ndim > 1 for name in found.held)

    def test_the_null_has_the_same_size_and_norm(self):
        given = {"name": "removal", "what": "largest", "fraction": 0.2}
        one = altered(given, Known())
        other = altered({**given, "null": True}, Known())
        for name, mask in one.held.items():
            null = other.held[name]
            assert not (mask & null).any()
            assert null.sum() == mask.sum()
            assert OWN[name][null].norm() == pytest.approx(OWN[name][mask].norm().item(), rel=0.1)

    @pytest.mark.parametrize(
        "wrong", [{"what": "largest"}, {"what": "pair", "fraction": 0.1}, {"what": "none"}]
    )
    def test_a_fraction_goes_with_the_largest(self, wrong):
        with pytest.raises(ValidationError):
            altered({"name": "removal", **wrong}, Known())


class TestGraft:
    def change(self, source: Source) -> dict[str, Tensor]:
        first, last = source.parameters(0), source.parameters()
        return {name: last[name] - first[name] for name in first}

    def test_a_change_is_added(self):
        found = altered({"name": "graft"}, Known()).parameters
        assert found.keys() == OWN.keys()
        for name, change in self.change(Known()).items():
            assert torch.equal(found[name], OWN[name] + change)

    def test_taken_back_from_the_end_it_leaves_the_beginning(self):
        settings = {"name": "graft", "taken_back": True, "parameters": ["layers.0.*"]}
        found = altered(settings, Known(), own=Known().parameters()).parameters
        assert set(found) == {name for name in OWN if name.startswith("layers.0.")}
        for name, values in found.items():
            torch.testing.assert_close(values, Known().parameters(0)[name])

    def test_the_null_is_as_large(self):
        found = altered({"name": "graft", "null": True}, Known(), seed=3).parameters
        again = altered({"name": "graft", "null": True}, Known(), seed=3).parameters
        for name, change in self.change(Known()).items():
            its = found[name] - OWN[name]
            torch.testing.assert_close(its.ravel().sort()[0], change.ravel().sort()[0])
            assert torch.equal(found[name], again[name])
        assert not torch.equal(found["pos.weight"], OWN["pos.weight"] + change_of_positions())


def change_of_positions() -> Tensor:
    return Known().parameters()["pos.weight"] - Known().parameters(0)["pos.weight"]


class TestInTraining:
    SETTINGS = TrainingSettings(
        steps=12, batch_size=8, mixture={"fresh": 1.0}, learning_rate=1e-2, weight_decay=0.5
    )

    def trained(self, its, start=None, keep=None) -> TrainingState:
        start = start or TrainingState(0, MODEL.initial_parameters(0))
        kept = lambda state: keep.append(copy(state)) if keep is not None else None  # noqa: E731
        return train(
            MODEL, WORLD, self.SETTINGS, (0, 4, 6, 9), 0, start, kept, interventions=its
        )  # fmt: skip

    def removal(self, parameters) -> Altered:
        return altered({"name": "removal", "what": "pair"}, Known(), own=parameters)

    def test_what_is_removed_before_a_step_stays_away_from_then_on(self):
        kept: list[TrainingState] = []
        end = self.trained({6: [self.removal]}, keep=kept)
        name, mask = "layers.0.attn.q.weight", self.removal(OWN).held["layers.0.attn.q.weight"]
        for state in kept:  # the checkpoint at its own step is from before
            assert (state.parameters[name][mask] == 0).all() == (state.step > 6)
        assert (end.parameters[name][mask] == 0).all()
        assert (end.parameters[name][~mask] != kept[0].parameters[name][~mask]).any()

    def test_the_first_checkpoint_is_from_after_surgery_at_initialisation(self):
        kept: list[TrainingState] = []
        self.trained({0: [self.removal]}, keep=kept)
        mask = self.removal(OWN).held["layers.0.attn.o.weight"]
        assert (kept[0].parameters["layers.0.attn.o.weight"][mask] == 0).all()

    def test_none_is_none(self):
        one, other = self.trained({}), self.trained({20: [self.removal]})
        assert all(torch.equal(p, other.parameters[n]) for n, p in one.parameters.items())


def copy(state: TrainingState) -> TrainingState:
    moments = {n: {k: m.clone() for k, m in its.items()} for n, its in state.moments.items()}
    log = {column: list(values) for column, values in state.log.items()}
    parameters = {n: p.detach().clone() for n, p in state.parameters.items()}
    return TrainingState(state.step, parameters, moments, log)
