"""The overnight config: what is shipped, unchanged, with more seeds and more conditions."""

from __future__ import annotations

import re

import pytest

from onset.config import project_of
from onset.config.sources import read_sources
from setup.packages import ROOT

SCHEDULES = ("composition", "alias", "definitions", "chains")
RESTS_ON_TEN = ("composition", "alias", "grokking", "induction")


@pytest.fixture(scope="module")
def shipped():
    return project_of(read_sources(ROOT), ROOT)


@pytest.fixture(scope="module")
def full():
    return project_of(read_sources(ROOT, [ROOT / "config/full.yaml"]), ROOT)


def test_all_that_is_shipped_is_in_it_with_the_same_settings(full, shipped):
    assert set(shipped.studies) <= set(full.studies)
    for name, study in shipped.studies.items():
        there = full.studies[name].conditions
        for condition, its in study.conditions.items():
            assert there[condition].jobs == its.jobs
            assert set(shipped.runs(name)[condition]) <= set(full.runs(name)[condition])


def test_it_writes_to_a_folder_of_its_own(full, shipped):
    assert full.results == "results/full" != shipped.results


def test_figures_have_no_more_rows_than_in_a_reproduction(full, shipped):
    for name, study in shipped.studies.items():
        there = full.studies[name]
        assert there.conditions.keys() - study.conditions.keys() <= there.variants.keys()


@pytest.mark.parametrize("name", RESTS_ON_TEN)
def test_what_answers_and_abstract_rest_on_has_ten_seeds(full, name):
    study = full.studies[name]
    told = f"{study.file.answer} {study.file.abstract}"
    asked = {its.split("/")[0] for its in re.findall(r"\{([^{}]*/[^{}]*)\}", told)}
    conditions = asked & study.conditions.keys()
    assert conditions
    assert {len(full.runs(name)[its]) for its in conditions} == {10}


@pytest.mark.parametrize("name", SCHEDULES)
def test_other_schedules_change_nothing_else(full, name):
    study = full.studies[name]
    for variant in ("constant_rate", "half_steps", "twice_steps"):
        its = study.conditions[variant]
        other = study.conditions[its.variant_of]
        assert (its.task, its.model) == (other.task, other.model)
        same = its.training.model_copy(
            update={key: getattr(other.training, key) for key in ("steps", "decay_fraction")}
        )
        assert same == other.training
    steps = {v: study.conditions[v].training.steps for v in ("half_steps", "twice_steps")}
    assert steps["twice_steps"] == 4 * steps["half_steps"]
    assert study.conditions["constant_rate"].training.decay_fraction == 0


def test_both_stages_of_definitions_have_the_other_schedule(full):
    conditions = full.studies["definitions"].conditions
    for variant in ("constant_rate", "half_steps", "twice_steps"):
        own, parent = conditions[variant], conditions[conditions[variant].parent.condition]
        plain = conditions[own.variant_of]
        first = conditions[plain.parent.condition]
        assert parent.variant_of == first.name
        for key in ("steps", "decay_fraction"):
            before, after = getattr(first.training, key), getattr(parent.training, key)
            ratio = getattr(own.training, key) / getattr(plain.training, key)
            assert after / before == ratio


def test_grokking_runs_to_its_published_end(full):
    conditions = full.studies["grokking"].conditions
    end, reference = conditions["p113_to_the_end"], conditions["p113"]
    assert end.training == reference.training.model_copy(update={"steps": 40_000})
    assert (end.task, end.model, end.measures) == (
        reference.task, reference.model, reference.measures,
    )  # fmt: skip


def test_ratios_of_two_hop_facts_are_as_published(full):
    """Wang et al. 2024: trained two-hop facts over the atomic facts that are composed."""
    for name, published in {
        "ratio_7": 7.2, "ratio_18": 18, "ratio_13": 12.6, "two_loops": 7.2, "four_loops": 7.2,
    }.items():  # fmt: skip
        task = full.condition("composition", name).task
        ratio = task.n_relations * (1 - task.never_composed) * task.id_trained
        assert ratio == pytest.approx(published, rel=0.005)
