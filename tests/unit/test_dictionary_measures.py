"""Measures of dictionaries on dictionaries that were put together by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from onset.analyses.dictionaries import explanations, learned_features, other_dictionaries
from onset.measures.dictionaries import absorption, agreement, labels, reconstruction, recovery
from onset.measures.dictionaries.matching import (
    cosines_between,
    detection,
    detection_by_all,
    one_to_one,
)
from onset.models.dictionary.model import build
from onset.models.dictionary.settings import Settings
from onset.tasks import features
from onset.tasks.vectors import VectorDataset, VectorSplit

D = 8
"""features and dimensions: the axes"""


def world(n: int = 600, share: float = 0.2) -> VectorDataset:
    """The features are the axes; 1 and 2 are children of 0."""
    rng = np.random.default_rng(0)
    active = rng.random((n, D)) < share
    active[:, 0] |= active[:, 1] | active[:, 2]
    amounts = (active * rng.uniform(0.5, 1.5, (n, D))).astype("f4")
    truth = {
        "directions": np.eye(D, dtype="f4"),
        "frequencies": np.full(D, share),
        "magnitudes": np.ones(D, "f4"),
        "parents": np.array([-1, 0, 0, -1, -1, -1, -1, -1]),
    }
    return VectorDataset({"test": VectorSplit(amounts, truth={"amounts": amounts})}, truth=truth)


WORLD = world()
ACTIVE = WORLD.splits["test"].truth["amounts"] > 0
AMOUNTS = WORLD.splits["test"].truth["amounts"]


def model(n_latents: int = D, n: int = 1):
    settings = {"name": "dictionary", "kind": "l1", "n_latents": n_latents, "sparsities": [1.0] * n}
    return build(Settings.model_validate(settings), D, D)


def parameters(decoder: torch.Tensor, encoder: torch.Tensor | None = None) -> dict:
    """Of one dictionary; the encoder is the decoder's transpose, if it isn't given."""
    decoder = decoder.float()[None]
    return {
        "decoder.weight": decoder,
        "decoder.bias": torch.zeros(1, D),
        "encoder.weight": (decoder.mT if encoder is None else encoder.float()[None]).clone(),
        "encoder.bias": torch.zeros(1, decoder.shape[1]),
    }


def values(found) -> dict[str, float]:
    return {its.measure: its.value for its in found}


TRUE = parameters(torch.eye(D))


def absorbing() -> dict:
    """The latent of 0 is silent where 1 or 2 is active, and theirs write it, too."""
    decoder, encoder = torch.eye(D), torch.eye(D)
    decoder[1, 0] = decoder[2, 0] = 1.0
    encoder[1, 0] = encoder[2, 0] = -10.0
    return parameters(decoder, encoder)


class TestMatching:
    def test_the_largest_sum_and_not_the_largest_cosine_of_each(self):
        cosines = torch.tensor([[[0.9, 0.8, 0.0], [0.8, 0.1, 0.0]]])
        match = one_to_one(cosines)
        assert match.latents.tolist() == [[1, 0]]
        assert match.cosines.tolist() == [[pytest.approx(0.8), pytest.approx(0.8)]]

    def test_of_more_features_than_latents_some_have_none(self):
        match = one_to_one(torch.tensor([[[0.2], [0.9], [0.5]]]))
        assert match.latents.tolist() == [[-1, 0, -1]]
        assert match.cosines.tolist() == [[0, pytest.approx(0.9), 0]]

    def test_precision_and_recall(self):
        true = torch.tensor([1, 1, 1, 0, 0, 0]).bool()[:, None]
        found = torch.tensor([1, 0, 0, 1, 0, 0]).bool()[:, None]
        its, every = detection(true, found), detection_by_all(true, found)
        assert (its.precision.item(), its.recall.item()) == (0.5, pytest.approx(1 / 3))
        assert its.f1.item() == pytest.approx(0.4)
        assert every.f1.item() == pytest.approx(0.4)
        assert detection(true, ~(true | ~true)).f1.item() == 0

    def test_cosines_know_no_lengths(self):
        found = cosines_between(torch.eye(2) * 3, torch.tensor([[[2.0, 2.0]]]))
        torch.testing.assert_close(found, torch.full((1, 2, 1), 0.5**0.5))


class TestReconstruction:
    def test_the_true_dictionary_leaves_nothing(self):
        found = values(reconstruction.measure(model(), TRUE, WORLD))
        assert found["explained_variance"] == pytest.approx(1, abs=1e-5)
        assert found["l0"] == pytest.approx(ACTIVE.sum(1).mean())
        assert found["dead"] == 0
        assert found["dense"] == 1

    def test_what_is_missing_is_missing_from_the_variance(self):
        decoder = torch.eye(D)
        encoder = torch.eye(D)
        encoder[:, 3] = 0
        found = values(reconstruction.measure(model(), parameters(decoder, encoder), WORLD))
        lost = np.square(AMOUNTS[:, 3]).sum() / np.square(AMOUNTS - AMOUNTS.mean(0)).sum()
        assert found["explained_variance"] == pytest.approx(1 - lost, abs=1e-5)
        assert found["dead"] == 1 / D


class TestRecovery:
    def test_the_true_dictionary_in_another_order_has_everything(self):
        order = torch.randperm(D, generator=torch.Generator().manual_seed(0))
        found = values(recovery.measure(model(), parameters(torch.eye(D)[order]), WORLD))
        assert all(value == pytest.approx(1) for value in found.values())

    def test_a_feature_shared_by_two_latents_is_split(self):
        decoder = torch.cat([torch.eye(D), torch.eye(D)[:2]])
        found = values(recovery.measure(model(D + 2), parameters(decoder), WORLD))
        assert found["latents_per_feature"] == pytest.approx((D + 2) / D)

    def test_what_is_turned_is_told_by_its_cosine(self):
        turned = torch.eye(D)
        turned[0, 1] = 1.0
        found = values(recovery.measure(model(), parameters(turned, torch.eye(D)), WORLD))
        assert found["matched_cosine"] == pytest.approx((D - 1 + 0.5**0.5) / D)
        assert found["recovered"] == pytest.approx((D - 1) / D)

    def test_feature_by_feature(self):
        rows = list(learned_features.analyse(model(), absorbing(), WORLD, 0))
        recall = {r.component: r.value for r in rows if r.measure == "feature_recall"}
        child = ACTIVE[:, 1] | ACTIVE[:, 2]
        assert recall[0] == pytest.approx((ACTIVE[:, 0] & ~child).sum() / ACTIVE[:, 0].sum())
        assert all(recall[i] == pytest.approx(1) for i in range(3, D))


class TestAbsorption:
    def test_a_dictionary_that_absorbs(self):
        # With children that are larger than their parents, so that their latents are active, and know
        # nothing of the parent but that it is there.
        encoder = torch.eye(D)
        encoder[1, 0] = encoder[2, 0] = -10.0
        decoder = torch.eye(D)
        decoder[1, 0] = decoder[2, 0] = 1.0
        found = values(absorption.measure(model(), parameters(decoder, encoder), WORLD))
        assert found["pairs_with_latents"] == 1
        assert found["missed_with_child"] == 1
        assert found["missed_alone"] == 0
        assert found["parent_in_child"] == pytest.approx(1)
        both = ACTIVE[:, 0] & ACTIVE[:, 1]
        enough = AMOUNTS[both, 1] / 2**0.5 >= 0.4 * AMOUNTS[both, 0]
        other = ACTIVE[:, 0] & ACTIVE[:, 2]
        enough_other = AMOUNTS[other, 2] / 2**0.5 >= 0.4 * AMOUNTS[other, 0]
        wanted = (enough.mean() + enough_other.mean()) / 2
        assert found["absorption"] == pytest.approx(wanted, abs=1e-6)

    def test_the_true_dictionary_absorbs_nothing(self):
        found = values(absorption.measure(model(), TRUE, WORLD))
        assert found["absorption"] == found["missed_with_child"] == found["missed_alone"] == 0
        assert found["parent_in_child"] == pytest.approx(0, abs=1e-6)

    def test_pairs_without_latents_are_left_out(self):
        decoder = torch.eye(D)
        decoder[1] = decoder[3]
        found = values(absorption.measure(model(), parameters(decoder, torch.eye(D)), WORLD))
        assert found["pairs_with_latents"] == 0.5

    def test_coefficients(self):
        directions = torch.tensor([[1.0, 0, 0], [0.6, 0.8, 0]])
        found = absorption.coefficients(2 * directions[0] + 3 * directions[1], directions)
        torch.testing.assert_close(found, torch.tensor([2.0, 3.0]))


class TestAgreement:
    def test_twins_agree_and_random_directions_do_not(self):
        twins = {name: torch.cat([its, its]) for name, its in TRUE.items()}
        found = values(agreement.measure(model(n=2), twins, WORLD))
        assert found["agreement"] == 1
        assert found["agreement_by_chance"] < 0.7

    def test_what_is_equally_sparse_is_compared_alone(self):
        its = build(model().settings.model_copy(update={"sparsities": (1.0, 2.0)}), D, D)
        both = {name: torch.cat([tensor, tensor]) for name, tensor in TRUE.items()}
        assert not list(agreement.measure(its, both, WORLD))


class TestLabels:
    def test_a_latent_for_each_value(self):
        rng = np.random.default_rng(0)
        splits = {}
        for name in ("train", "test"):
            which = rng.integers(D, size=200)
            truth = {"token": which, "answer": np.full(200, -1)}
            splits[name] = VectorSplit(np.eye(D, dtype="f4")[which], truth=truth)
        found = values(labels.measure(model(), TRUE, VectorDataset(splits)))
        assert found["token_f1"] == 1
        assert found["token_f1_by_chance"] < 0.5
        assert "answer_f1" not in found


class TestExplanations:
    def test_the_true_dictionary_is_explained(self):
        found = values(explanations.analyse(model(), TRUE, WORLD, 0))
        assert found["explained"] == found["believed"] == 1
        assert found["false_negatives"] == found["false_negatives_with_child"] == 0
        assert found["false_negatives_by_chance"] > 0.5

    def test_a_latent_that_wants_much_of_a_feature_looks_right_and_is_not(self):
        wanting = {name: its.clone() for name, its in TRUE.items()}
        wanting["encoder.bias"][:] = -1.0
        found = values(explanations.analyse(model(), wanting, WORLD, 0))
        assert found["believed"] == 1
        assert found["false_negatives"] == pytest.approx(0.5, abs=0.1)
        assert found["false_negatives_large"] < 0.05

    def test_a_parent_that_is_absorbed_is_missed_with_a_child(self):
        found = values(explanations.analyse(model(), absorbing(), WORLD, 0))
        assert found["false_negatives_with_child"] > 0.8
        assert found["false_negatives_of_parents"] < 0.1


class TestOtherDictionaries:
    def test_independent_components_are_found_and_random_ones_are_worse(self):
        told = {"n_features": D, "n_dimensions": D, "active": 0.8, "n_parents": 0, "n_test": 4000}
        task = features.Settings(name="features", magnitude_spread=1.0, zipf_exponent=0.0, **told)
        dataset = features.generate(task, 0)
        axes = np.linalg.qr(np.random.default_rng(0).standard_normal((D, D)))[0].astype("f4")
        amounts = dataset.splits["test"].truth["amounts"].astype("f4")
        split = replace(dataset.splits["test"], inputs=amounts @ axes)
        turned = replace(
            dataset, splits={"test": split}, truth={**dataset.truth, "directions": axes}
        )
        found = list(other_dictionaries.analyse(model(), parameters(torch.eye(D)), turned, 0))
        recovered = values(found)
        assert recovered["ica_recovered"] == 1
        assert recovered["truth_recovered"] == 1
        assert recovered["random_recovered"] < 0.5
        assert recovered["ica_mean_max_cosine"] > recovered["pca_mean_max_cosine"]

    def test_all_directions_at_right_angles_explain_everything(self):
        x = np.random.default_rng(0).standard_normal((50, D)).astype("f4")
        assert other_dictionaries.explained(x, np.eye(D, dtype="f4"), D) == pytest.approx(1)
        one = other_dictionaries.explained(x, np.eye(D, dtype="f4"), 1)
        wanted = np.square(x).max(1).sum() / np.square(x - x.mean(0)).sum()
        lost = np.square(x).sum() / np.square(x - x.mean(0)).sum()
        assert one == pytest.approx(1 - lost + wanted)
