"""Which jobs an edit of the config causes: exactly those that it concerns."""

import pytest
import yaml

from onset.config.yaml_file import read_yaml
from tests.workflow.planned import (
    AFTER_MEASURES,
    AFTER_RUNS,
    OF_CONDITIONS,
    OF_RUNS,
    PAGES,
    REDRAWN,
    VIEWS,
    jobs,
    told,
    with_a_paper,
)

pytestmark = pytest.mark.slow


def test_a_new_condition_runs_alone(finished):
    finished.set(finished.study, "conditions.slow", {"training": {"learning_rate": 1e-4}})
    new = jobs("dataset train evaluate analyse", ("slow",))
    assert set(finished.plan()) == new | AFTER_RUNS | OF_CONDITIONS


def test_a_removed_condition_runs_nothing(finished):
    study = read_yaml(finished.root / finished.study)
    del study["conditions"]["fast"]
    finished.edit(finished.study, lambda _: yaml.safe_dump(study, sort_keys=False))
    assert set(finished.plan()) == AFTER_RUNS | OF_CONDITIONS


def test_a_renamed_condition_is_a_new_one(finished):
    """Its name is its runs' folder. `make orphans` lists what is left of the old one."""
    finished.replace(finished.study, "  fast:", "  quick:")
    new = jobs("dataset train evaluate analyse", ("quick",))
    assert set(finished.plan()) == new | AFTER_RUNS | OF_CONDITIONS


def test_a_new_seed_runs_alone(finished):
    finished.set(finished.config, "seeds", [0, 1])
    new = jobs("dataset train evaluate analyse", seed=1)
    assert set(finished.plan()) == new | AFTER_RUNS - VIEWS | OF_RUNS


def test_a_seed_of_one_condition_runs_alone(finished):
    finished.set(finished.study, "conditions.fast.extra_seeds", [0, 5])
    new = jobs("dataset train evaluate analyse", ("fast",), seed=5)
    assert set(finished.plan()) == new | AFTER_RUNS - VIEWS | OF_RUNS


def test_a_seed_on_the_command_line(finished):
    """As config.yaml says that one may type."""
    new = jobs("dataset train evaluate analyse", seed=7)
    after = AFTER_RUNS | OF_RUNS | told("views")
    assert set(finished.plan("--config", "seeds=[7]")) == new | after


def test_a_learning_rate_retrains_its_condition_alone(finished):
    finished.set(finished.study, "conditions.fast.training.learning_rate", 2e-2)
    after = AFTER_RUNS | told("pages")  # which say what is otherwise
    assert set(finished.plan()) == jobs("train evaluate analyse", ("fast",)) | after


def test_a_retrained_parent_retrains_its_children(finished):
    finished.set(finished.study, "conditions.plain", {"training": {"learning_rate": 2e-3}})
    assert set(finished.plan()) == jobs(
        "train evaluate analyse", ("plain", "child")
    ) | AFTER_RUNS | told("pages")


def test_a_world_changes_everything_but_other_conditions(finished):
    finished.set(finished.study, "conditions.fast.task", {"never_composed": 0.4})
    assert set(finished.plan()) == jobs(
        "dataset train evaluate analyse", ("fast",)
    ) | AFTER_RUNS | told("pages")


def test_a_new_measure_never_retrains(finished):
    finished.set(finished.study, "measures", ["prediction", "weight_norm"])
    assert set(finished.plan()) == jobs("evaluate") | AFTER_MEASURES | told("summarise")


def test_a_closer_look_measures_and_trains_nothing(finished):
    finished.set(finished.study, "analyses", {"names": ["attention"], "checkpoints": 2})
    assert set(finished.plan()) == jobs("analyse") | AFTER_MEASURES


def test_a_condition_may_do_without(finished):
    finished.set(finished.study, "conditions.fast.analyses", {"names": []})
    assert set(finished.plan()) == AFTER_MEASURES | told("notebook pages summarise")


def test_a_published_value_concerns_the_notebook_alone(finished):
    one = {"quantity": "accuracy", "published": "1", "source": "somebody", "above": 0}
    finished.set(finished.study, "reference", {"one": one})
    beside = 'study.verdict({"one": None})\n'
    finished.edit(finished.notebook, lambda text: text + beside)
    assert set(finished.plan()) == PAGES | told("notebook pages")


def test_a_caption_runs_the_pages_alone(finished):
    finished.set(finished.study, "answer", "In {measurements} words.")
    assert set(finished.plan()) == {"pages_tiny", "front_page"} | told("pages")


def test_a_theme_concerns_the_front_page_alone(finished):
    finished.set(finished.study, "theme", "About {tiny} {study} {{x}")
    assert set(finished.plan()) == {"front_page"}


def test_a_sweep_runs_its_points_alone(finished):
    finished.set(finished.study, "sweep", [{"training.learning_rate": [1e-4, 1e-5]}])
    points = ("learning_rate_0p0001", "learning_rate_1em05")
    new = jobs("dataset train evaluate analyse", points)
    assert set(finished.plan()) == new | AFTER_RUNS | OF_CONDITIONS


def test_a_figure_more_runs_the_notebook(finished):
    finished.set(finished.study, "figures", {"one": "Its caption."})
    finished.name_in_notebook(finished.notebook, ["one"], [])
    assert set(finished.plan()) == PAGES | told("notebook pages")


def test_a_label_redraws_only(finished):
    finished.set(finished.study, "conditions.fast.label", "faster")
    after = told("notebook pages") | told("combine", "atlas")
    assert set(finished.plan()) == {*REDRAWN, "combine_atlas"} | after


def test_a_learning_rate_is_in_the_paper(finished):
    with_a_paper(finished)
    finished.set(finished.study, "conditions.fast.training.learning_rate", 2e-2)
    assert {"settings paper/paper", "paper"} <= set(finished.plan())


def test_the_paper_is_made_when_it_is_wanted(finished):
    finished.set(finished.config, "paper", True)
    assert set(finished.plan()) == {"settings paper/paper", "paper", "front_page"}
