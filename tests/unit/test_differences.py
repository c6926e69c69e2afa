"""What a condition has otherwise than its study: no key more, none less."""

from __future__ import annotations

import pytest

from onset.config import load_project
from onset.config.differences import base_of, differences
from onset.config.yaml_file import read_yaml
from tests.unit.test_config import CONFIG, ROOT, STUDY, files  # noqa: F401 - a fixture


@pytest.fixture
def changed(files):  # noqa: F811
    """Changes of the condition `one` → what differs."""

    def differs(changes: dict) -> dict:
        files.set(STUDY, "conditions.one", changes)
        study = files.load().studies["composition"]
        return differences(base_of(study), study.conditions["one"])

    return differs


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, {}),
        ({"model": {"d_model": 16}}, {"model.d_model": 16}),
        ({"model": {"d_model": 64, "dropout": 0.0}}, {}),  # the study's value, and the default
        ({"model": {"dropout": 0.1}}, {"model.dropout": 0.1}),  # not named by the study
        ({"measures": ["prediction"]}, {"measures": ["prediction"]}),
        (
            {"checkpoints": {"schedule": "linear", "count": 3}},
            {"checkpoints.schedule": "linear", "checkpoints.count": 3},
        ),
        (
            {"training": {"mixture": {"atomic": 0.4, "composed_train": 0.6}}},
            {"training.mixture": {"atomic": 0.4, "composed_train": 0.6}},
        ),
        ({"label": "another", "extra_seeds": [7]}, {}),
    ],
)
def test_a_condition(changed, changes, found):
    assert changed(changes) == found


def test_of_a_section_with_another_name_all_is_said():
    study = load_project(read_yaml(ROOT / CONFIG), ROOT).studies["sae"]
    found = differences(base_of(study), study.conditions["alias"])
    task = {key: value for key, value in found.items() if key.startswith("task.")}
    assert task == {
        "task.name": "activations",
        "task.d_model": 64,
        "task.layer": 1,
        "task.of_splits": ["alias_facts", "id", "ood"],
    }
    assert found["model.sparsities"] == [2, 2, 4]
    assert "model.kind" not in found


def test_a_point_of_a_sweep_differs_by_its_combination(files):  # noqa: F811
    files.set(STUDY, "sweep", [{"model.d_model": [16, 64], "training.weight_decay": [0.5]}])
    study = files.load().studies["composition"]
    points = [
        differences(base_of(study), its) for name, its in study.conditions.items() if "__" in name
    ]
    assert points == [
        {"model.d_model": 16, "training.weight_decay": 0.5},
        {"training.weight_decay": 0.5},
    ]


def test_overrides_of_a_study_are_its_base_and_those_of_a_condition_differ(files):  # noqa: F811
    files.set(CONFIG, "overrides.composition.model.d_model", 32)
    files.set(CONFIG, "overrides.composition.conditions.one.training.batch_size", 50)
    study = files.load().studies["composition"]
    assert base_of(study)["model"]["d_model"] == 32
    assert differences(base_of(study), study.conditions["one"]) == {"training.batch_size": 50}


class TestBase:
    def test_has_defaults_in_the_order_of_the_classes(self, files):  # noqa: F811
        base = base_of(files.load().studies["composition"])
        assert list(base) == ["task", "model", "training", "checkpoints", "measures", "analyses"]
        assert list(base["training"])[:3] == ["steps", "batch_size", "mixture"]
        assert base["model"]["dropout"] == 0.0
        assert base["training"]["loss"] == "cross_entropy"

    def test_lacks_what_each_condition_gives_for_itself(self, files):  # noqa: F811
        mixture = {"atomic": 0.3, "composed_train": 0.7}
        files.remove(STUDY, "training.mixture")
        for condition in ("one", "wide"):
            files.set(STUDY, f"conditions.{condition}.training", {"mixture": mixture})
        study = files.load().studies["composition"]
        assert "mixture" not in base_of(study)["training"]
        assert differences(base_of(study), study.conditions["one"]) == {"training.mixture": mixture}

    def test_lacks_the_first_step_of_a_linear_schedule(self, files):  # noqa: F811
        assert "first" in base_of(files.load().studies["composition"])["checkpoints"]
        files.set(STUDY, "checkpoints", {"schedule": "linear", "count": 3})
        assert "first" not in base_of(files.load().studies["composition"])["checkpoints"]
