"""Dictionaries: which latents are active, what is paid, what is learnt."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch.testing import assert_close

from onset.models.batch import VectorBatch
from onset.models.dictionary.activation import from_least, jump, least_of_all, top_of_each
from onset.models.dictionary.model import build
from onset.models.dictionary.planning import problems
from onset.models.dictionary.settings import Settings, shapes
from onset.training.settings import TrainingSettings
from onset.training.updater import Updater

LATENTS = torch.tensor([[[3.0, 1.0, -1.0, 2.0], [0.5, -2.0, 0.2, 0.1]]])
PRICED = {"l1": [0.1, 0.2], "jump_relu": [0.1, 0.2]}
KINDS = ("l1", "topk", "batch_topk", "jump_relu", "matryoshka")


def model(kind: str = "topk", d: int = 6, **changes):
    nested = {"nested": [2, 5]} if kind == "matryoshka" else {}
    its = {"n_latents": 8, "sparsities": PRICED.get(kind, [1, 3]), **nested, **changes}
    return build(Settings.model_validate({"name": "dictionary", "kind": kind, **its}), d, d)


def batch(n: int = 16, d: int = 6, seed: int = 0) -> VectorBatch:
    x = torch.randn(n, d, generator=torch.Generator().manual_seed(seed))
    return VectorBatch(x, x)


class TestActivation:
    def test_the_largest_of_each_example(self):
        found = top_of_each(LATENTS.expand(2, -1, -1), (1, 2))
        assert_close(found[0], torch.tensor([[3.0, 0, 0, 0], [0.5, 0, 0, 0]]))
        assert_close(found[1], torch.tensor([[3.0, 0, 0, 2.0], [0.5, 0, 0.2, 0]]))

    def test_nothing_negative_is_active_however_large_k_is(self):
        assert_close(top_of_each(LATENTS, (4,)), LATENTS.relu())
        assert least_of_all(LATENTS, (4,)).item() == 0

    def test_the_largest_of_all_examples_go_to_those_that_have_them(self):
        found = from_least(LATENTS, least_of_all(LATENTS, (2,)))
        assert_close(found[0], torch.tensor([[3.0, 1.0, 0, 2.0], [0.5, 0, 0, 0]]))

    def test_thresholds_get_the_gradient_of_the_kernel(self):
        latents = torch.tensor([[[1.0, 1.04, 2.0]]], requires_grad=True)
        thresholds = torch.tensor([[[1.02, 1.02, 1.02]]], requires_grad=True)
        active, number = jump(latents, thresholds, bandwidth=0.1)
        assert_close(active[0, 0], torch.tensor([0.0, 1.04, 2.0]))
        (active.sum() + 3 * number.sum()).backward()
        # −(θ + 3) / bandwidth where the latent is within half a bandwidth of its threshold.
        assert_close(thresholds.grad[0, 0], torch.tensor([-40.2, -40.2, 0.0]))
        assert_close(latents.grad[0, 0], torch.tensor([0.0, 1.0, 1.0]))


class TestModel:
    @pytest.mark.parametrize("kind", KINDS)
    def test_parameters_are_those_that_settings_tell(self, kind):
        its = model(kind)
        found = its.initial_parameters(0)
        assert {n: tuple(p.shape) for n, p in found.items()} == shapes(its.settings, 6, 6)
        other = its.initial_parameters(1)["decoder.weight"]
        assert not torch.equal(found["decoder.weight"], other)
        assert not torch.equal(found["decoder.weight"][0], found["decoder.weight"][1])

    @pytest.mark.parametrize("kind", KINDS)
    def test_dictionaries_have_nothing_to_do_with_each_other(self, kind):
        its = model(kind)
        parameters = {n: p.requires_grad_() for n, p in its.initial_parameters(0).items()}
        its.losses(parameters, batch().inputs)[0].backward()
        for name, p in parameters.items():
            assert not p.grad[1].any(), name
        assert parameters["decoder.weight"].grad[0].any()

    @pytest.mark.parametrize("kind", KINDS)
    def test_lengths_of_directions_count_for_nothing(self, kind):
        its = model(kind)
        parameters = its.initial_parameters(0)
        longer = {**parameters, "decoder.weight": 3 * parameters["decoder.weight"]}
        x = batch().inputs
        assert_close(its.losses(longer, x), its.losses(parameters, x))

    def test_error_and_price(self):
        its = model("l1", sparsities=[0.5])
        parameters, x = its.initial_parameters(0), batch().inputs
        latents = its.latents(parameters, x)
        error = (x - its.reconstructed(parameters, latents)[0]).square().sum(1).mean()
        assert_close(its.losses(parameters, x)[0], error + 0.5 * latents[0].sum(1).mean())

    def test_prefixes_of_a_matryoshka_reconstruct_alone(self):
        its = model("matryoshka", sparsities=[3])
        parameters, x = its.initial_parameters(0), batch().inputs
        least = least_of_all(its._encoded(parameters, x), (3,))
        parameters["threshold"] = least  # so that the batch's choice is that of the model
        latents = its.latents(parameters, x)
        errors = []
        for n in (2, 5, 8):
            first = latents * (torch.arange(8) < n)
            said = its.reconstructed(parameters, first)[0]
            errors.append((x - said).square().sum(1).mean())
        assert_close(its.losses(parameters, x)[0], torch.stack(errors).mean())

    def test_silent_latents_are_called_back_by_what_is_left(self):
        plain, reviving = model("topk", sparsities=[1]), model("topk", sparsities=[1], revival=1.0)
        parameters = {n: p.requires_grad_() for n, p in plain.initial_parameters(0).items()}
        x = batch(4).inputs
        silent = ~(plain.latents(parameters, x) > 0).any(1)[0]
        assert silent.any()
        for its, called in ((plain, False), (reviving, True)):
            (gradient,) = torch.autograd.grad(
                its.loss(parameters, VectorBatch(x, x)), parameters["decoder.weight"]
            )
            assert bool(gradient[0, silent].any()) is called

    @pytest.mark.parametrize("kind", ["batch_topk", "matryoshka"])
    def test_the_threshold_follows_that_of_batches(self, kind):
        its = model(kind, sparsities=[2], n_latents=8)
        parameters = its.initial_parameters(0)
        training = TrainingSettings(
            steps=300, batch_size=1, mixture={"train": 1.0}, learning_rate=0.01, decay_fraction=1.0
        )
        updater = Updater(parameters, its, training)
        for step in range(300):
            updater.step(its.loss(parameters, batch(64, seed=step)), step)
        number = (its.latents(parameters, batch(2000, seed=-1).inputs) > 0).float().sum(2).mean()
        assert 1.8 < number < 2.2

    @pytest.mark.parametrize("kind", KINDS[:-1])
    def test_features_at_right_angles_are_found(self, kind):
        # All but matryoshka, whose prefixes want something else than all features.
        sparsity = {"l1": 0.1, "jump_relu": 0.05}.get(kind, 1)
        its = model(kind, sparsities=[sparsity], revival=0.1)
        parameters = its.initial_parameters(0)
        training = TrainingSettings(
            steps=600, batch_size=1, mixture={"train": 1.0}, learning_rate=0.01, decay_fraction=0.3
        )
        updater = Updater(parameters, its, training)
        generator = torch.Generator().manual_seed(0)
        for step in range(600):
            active = torch.eye(6)[torch.randint(6, (64,), generator=generator)]
            x = active * (0.5 + torch.rand(64, 6, generator=generator))
            updater.step(its.loss(parameters, VectorBatch(x, x)), step)
        largest = its.directions(parameters)[0].amax(0)  # the cosine with each axis
        assert (largest > 0.97).sum() >= 5


class TestSettings:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"nested": [2]}, "belongs to the kind matryoshka"),
            ({"kind": "matryoshka"}, "belongs to the kind matryoshka"),
            ({"kind": "matryoshka", "nested": [5, 2]}, "must grow"),
            ({"kind": "matryoshka", "nested": [8]}, "must grow"),
            ({"sparsities": [1.5]}, "sparsities: 1.5: must be whole numbers"),
            ({"sparsities": [9]}, r"sparsities: 9: .* at most n_latents \(8\)"),
            ({"sparsities": []}, "at least 1"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, changes, said):
        with pytest.raises(ValidationError, match=said):
            model(**{"kind": "topk", **changes} | ({} if "nested" in changes else {"nested": []}))

    def test_targets_are_the_inputs(self):
        assert not problems(model().settings, 6, 6)
        assert "targets of 5" in problems(model().settings, 6, 5)[0]
