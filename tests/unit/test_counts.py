"""Shares of things that are something or aren't say of how many things they are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import pytest
import torch

from onset.analyses.dictionaries import explanations
from onset.analyses.residual import probe
from onset.measures.answers import candidates
from onset.measures.dictionaries import absorption, agreement, reconstruction, recovery
from onset.measures.embeddings import alias_cosine, embedding_swap, new_name
from onset.measures.fourier import fourier_neurons
from onset.measures.measurement import Measurement
from onset.measures.residual import clean_bridge
from onset.stages.measurements import _with_examples
from onset.statistics.seeds import interval
from tests.unit import test_alias as alias
from tests.unit import test_analyses as analyses
from tests.unit import test_candidates as asked
from tests.unit import test_chains as chains
from tests.unit import test_dictionary_measures as dictionaries
from tests.unit import test_fourier_neurons as fourier

# TransformerLens warns of its own accord.
pytestmark = pytest.mark.filterwarnings("ignore")


def counts(found: Iterable[Measurement], *measures: str) -> dict[tuple[str, str | None], int]:
    """How many things each of these shares is of: a whole number of them are."""
    rows = [its for its in found if its.measure in measures]
    assert {its.measure for its in rows} == set(measures)
    for its in rows:
        n = its.value * its.n_examples
        assert n == pytest.approx(round(n), abs=1e-4), its
    return {(its.measure, its.split): its.n_examples for its in rows}


@pytest.fixture(autouse=True)
def _nothing_is_trained():
    with torch.inference_mode():
        yield


class TestAliases:
    MODEL, WORLD = alias.transformer(), alias.WORLD

    def of(self, module) -> list[Measurement]:
        with torch.inference_mode(False):
            return list(module.measure(self.MODEL, self.MODEL.initial_parameters(0), self.WORLD))

    def test_not_questions_but_aliases(self):
        found = counts(self.of(alias_cosine), "alias_nearest_top1", "alias_nearest_output_top1")
        n = {name: len(np.unique(self.WORLD.splits[name].tokens[:, 0])) for name in ("id", "ood")}
        assert found["alias_nearest_top1", "ood"] == n["ood"] < len(self.WORLD.splits["ood"])
        assert found["alias_nearest_output_top1", "id"] == n["id"]

    def test_questions_to_which_two_bases_have_different_answers(self):
        found = counts(
            self.of(embedding_swap), "unchanged_own_accuracy", "unchanged_other_accuracy"
        )
        assert 0 < found["unchanged_own_accuracy", "ood"] < len(self.WORLD.splits["ood"])

    def test_definitions_and_questions(self):
        found = counts(self.of(new_name), "new_name_defined_accuracy", "new_name_accuracy")
        assert found["new_name_accuracy", "ood"] == len(self.WORLD.splits["ood"])
        assert found["new_name_defined_accuracy", "ood"] < found["new_name_accuracy", "ood"]


def test_questions_with_a_withheld_answer():
    logits = [[9.0, 0.0, 1.0, 0.0, 0.0, 0.0], [9.0, 0.0, 1.0, 0.0, 0.0, 0.0]]
    world = asked.Dataset({"mixed": asked.split([0, 2])}, tuple("abcdef"))
    its = candidates.measure(asked.Saying(logits), {}, world)
    found = counts(its, "withheld_accuracy", "candidate_accuracy")
    assert (found["withheld_accuracy", "mixed"], found["candidate_accuracy", "mixed"]) == (1, 2)


def test_chains_that_another_entity_answers_otherwise():
    of = chains.TestCleanBridge()
    model = of.model()
    its = clean_bridge.measure(model, model.initial_parameters(0), of.DATASET)
    found = counts(its, "clean_own_accuracy", "clean_other_accuracy")
    split = of.DATASET.splits["hops2_seen"]
    assert found["clean_own_accuracy", "hops2_seen"] == len(split)
    assert found["clean_other_accuracy", "hops2_seen"] <= len(split)


def test_subjects_that_a_probe_was_not_fitted_on():
    model, parameters = analyses.model_and_parameters()
    its = probe.analyse(model, parameters, analyses.WORLD, 0)
    (n,) = set(counts(its, "probe_accuracy", "probe_control_accuracy").values())
    assert 0 < n < sum(map(len, analyses.WORLD.splits.values())) / 4


def test_neurons():
    model, parameters = fourier.model()
    its = fourier_neurons.measure(model, parameters, fourier.WORLD)
    found = counts(its, "single_frequency_top1", "neurons_of_frequency")
    assert set(found.values()) == {model.settings.d_mlp}


class TestDictionaries:
    """Of features and latents, not of examples, of which there are many more."""

    @pytest.mark.parametrize(
        ("look", "measures"),
        [
            (recovery.measure, ["recovered"]),
            (reconstruction.measure, ["dead", "dense"]),
            (partial(explanations.analyse, seed=0), ["explained", "believed"]),
        ],
    )
    def test_each(self, look, measures):
        its = look(dictionaries.model(), dictionaries.TRUE, dictionaries.WORLD)
        assert set(counts(its, *measures).values()) == {dictionaries.D}

    def test_pairs_of_parent_and_child(self):
        its = absorption.measure(dictionaries.model(), dictionaries.TRUE, dictionaries.WORLD)
        assert set(counts(its, "pairs_with_latents").values()) == {2}

    def test_latents_that_are_ever_active(self):
        silent = dictionaries.parameters(torch.eye(dictionaries.D))
        silent["encoder.bias"][:, :3] = -100.0
        both = {name: torch.cat([its, its]) for name, its in silent.items()}
        its = agreement.measure(dictionaries.model(n=2), both, dictionaries.WORLD)
        found = counts(its, "agreement", "agreement_by_chance")
        assert set(found.values()) == {dictionaries.D - 3}


def test_what_a_measure_says_is_not_replaced_by_the_size_of_the_split():
    world = dictionaries.WORLD
    said, unsaid = (Measurement("share", 0.5, "test", n_examples=n) for n in (8, None))
    assert _with_examples(said, world).n_examples == 8
    assert _with_examples(unsaid, world).n_examples == len(world.splits["test"])


@pytest.mark.parametrize(("n_seeds", "beyond"), [(3, 0.71), (10, 0.31)])
def test_of_no_known_number_each_seed_counts_as_one(n_seeds, beyond):
    """Whatever a quantity between 0 and 1 is made of, if all seeds have 1, at most so many others don't."""
    _, low, high = interval([1.0] * n_seeds, "share")
    assert (low, high) == (pytest.approx(1 - beyond, abs=0.005), 1)
    assert 1 - low == pytest.approx(1 - 0.025 ** (1 / n_seeds))
