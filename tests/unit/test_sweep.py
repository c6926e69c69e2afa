"""A sweep is a short way to write conditions."""

from __future__ import annotations

import pytest

from onset.config.sweep import SweepError, expand
from onset.settings import LONGEST_NAME
from tests.unit.test_config import CONFIG, STUDY, bad, files  # noqa: F401 - a fixture

GRID = {"model.d_model": [16, 32], "training.weight_decay": [0.5, 6]}


def test_a_point_is_a_condition_with_a_name_that_says_it():
    points = expand([GRID])
    assert list(points) == [
        "d_model_16__weight_decay_0p5",
        "d_model_16__weight_decay_6",
        "d_model_32__weight_decay_0p5",
        "d_model_32__weight_decay_6",
    ]
    assert points["d_model_16__weight_decay_0p5"] == {
        "label": "d model 16, weight decay 0.5",
        "model": {"d_model": 16},
        "training": {"weight_decay": 0.5},
    }


def test_values_of_all_kinds_have_names():
    points = expand([{"model.tied_embeddings": [True, False], "training.mixture.atomic": [1e-3]}])
    assert list(points) == ["tied_embeddings_yes__atomic_0p001", "tied_embeddings_no__atomic_0p001"]
    assert points["tied_embeddings_no__atomic_0p001"]["training"] == {"mixture": {"atomic": 1e-3}}


def test_a_point_in_two_grids_is_one():
    assert len(expand([GRID, {**GRID, "model.d_model": [32, 64]}])) == 6


def test_the_study_has_its_points_beside_its_conditions(files):  # noqa: F811
    files.set(STUDY, "sweep", [GRID])
    study = files.load().studies["composition"]
    assert list(study.conditions) == ["one", "wide", *expand([GRID])]
    point = study.conditions["d_model_16__weight_decay_0p5"]
    assert (point.model.d_model, point.training.weight_decay) == (16, 0.5)
    assert point.label == "d model 16, weight decay 0.5"
    assert study.conditions["one"].model.d_model == 64


def test_what_is_run_already_is_not_run_again(files):  # noqa: F811
    """A point with the study's own settings, and one that two grids name differently."""
    files.set(STUDY, "sweep", [{"model.d_model": [64, 16]}, {**GRID, "training.weight_decay": [6]}])
    study = files.load().studies["composition"]
    own = study.conditions["one"]
    assert (own.model.d_model, own.training.weight_decay) == (64, 6)
    assert list(study.conditions) == ["one", "wide", "d_model_16", "d_model_32__weight_decay_6"]


def test_a_study_may_be_a_sweep_alone(files):  # noqa: F811
    files.remove(STUDY, "conditions")
    files.set(STUDY, "sweep", [GRID])
    assert len(files.load().studies["composition"].conditions) == 4


def test_overrides_may_put_another_in_its_place(files):  # noqa: F811
    files.set(STUDY, "sweep", [GRID])
    files.set(CONFIG, "overrides.composition.sweep", [{"model.d_model": [32]}])
    assert list(files.load().studies["composition"].conditions) == ["one", "wide", "d_model_32"]


@pytest.mark.parametrize(
    "case",
    [
        bad("a section alone", STUDY, "sweep", [{"model": [1]}], "SECTION.KEY"),
        bad("no section", STUDY, "sweep", [{"seeds.x": [1]}], "task, model, training, checkpoints"),
        bad("no values", STUDY, "sweep", [{"model.d_model": []}], "must not be empty"),
        bad("no list", STUDY, "sweep", [{"model.d_model": 16}], "must be a list"),
        bad("an entry of a list", STUDY, "sweep", [{"training.betas.0": [0.9]}],
            "an entry of a list is no axis; give each list a condition of its own"),
        bad("a label of two lines", STUDY, "sweep", [{"training.loss": ["a\nb"]}],
            "must be a single line"),
        bad("an unknown key", STUDY, "sweep", [{"model.d_modl": [16]}], "did you mean d_model?"),
        bad("an impossible value", STUDY, "sweep", [{"model.n_heads": [5]}], "must divide d_model"),
    ],
    ids=lambda case: case.name,
)  # fmt: skip
def test_a_mistake_is_named(files, case):  # noqa: F811
    files.set(case.file, case.path, case.value)
    problems = files.problems()
    assert len(problems) == 1
    (((file, key), message),) = problems.items()
    assert (file, key.split(".")[0]) == (STUDY, "sweep")
    for fragment in case.says:
        assert fragment in message


@pytest.mark.parametrize(
    ("grids", "says"),
    [
        ([{"model.a.b": [1], "model.a.b.c": [2]}], "the axis model.a.b.c is within the axis model.a.b"),
        ([{"model.a": [1, 2, 1]}], "model.a: two of its values would be called 1"),
        ([{"model.a": ["x-y", "xmy"]}], "model.a: two of its values would be called xmy"),
        ([{"model.a": ["Relu", "relu"]}], "model.a: two of its values would be called relu"),
        ([{"model.a": [[1, 2]]}], "model.a: [1, 2]: a value of an axis is a number"),
        ([{"model.a": [{"b": 1}]}], "model.a: {'b': 1}: a value of an axis is a number"),
        ([{"model.a": [1]}, {"task.a": [1]}], "two points of different settings would be called a_1"),
        ([{}], "a grid has no axis"),
        ([{f"model.{key}": [*range(100)] for key in "abcde"}], "10000000000 points; the most is 2000"),
        ([{"model.a": ["x" * LONGEST_NAME]}], "a point would be called a_xxxxxx"),
        ([{"model.W": [1]}], "a point would be called W_1: names are lower-case letters"),
    ],
)  # fmt: skip
def test_grids_that_cannot_be_expanded(files, grids, says):  # noqa: F811
    with pytest.raises(SweepError) as refused:
        expand(grids)
    assert str(refused.value).startswith(says)
    files.set(STUDY, "sweep", grids)
    assert files.problems()[STUDY, "sweep"].startswith(says)


def test_a_point_takes_no_conditions_place(files):  # noqa: F811
    files.set(STUDY, "conditions.d_model_16", {"training": {"steps": 99}})
    files.set(STUDY, "sweep", [{"model.d_model": [16, 32]}])
    said = "a point would be called d_model_16, and so is one of the conditions"
    assert files.problems() == {(STUDY, "sweep"): said}


def test_a_sweep_in_overrides_is_blamed_there(files):  # noqa: F811
    files.set(CONFIG, "overrides", {"composition": {"sweep": [{"model.d_model": [1, 1]}]}})
    assert list(files.problems()) == [(CONFIG, "overrides.composition.sweep")]
    files.set(CONFIG, "overrides", {"composition": {"sweep": [{"model.d_modl": [1, 2]}]}})
    assert list(files.problems()) == [(CONFIG, "overrides.composition.sweep.model.d_modl")]


def test_what_some_points_have_is_said_with_the_first_of_them(files):  # noqa: F811
    files.set(STUDY, "sweep", [{"model.name": ["transformer", "pretrained"]}])
    said = files.problems()[STUDY, "sweep.model.checkpoint"]
    assert said == "this key is missing (at the point name_pretrained)"
    files.set(STUDY, "sweep", [{"model.n_heads": [4, 5], "training.steps": [5000, 9000]}])
    (said,) = files.problems().values()
    assert said.endswith(" (at the point n_heads_5__steps_5000 and 1 more)")
    files.set(STUDY, "sweep", [{"model.n_heads": [5], "training.steps": [5000, 9000]}])
    (said,) = files.problems().values()
    assert "at the point" not in said


def test_a_study_that_was_a_sweep_alone_must_keep_a_condition(files):  # noqa: F811
    files.remove(STUDY, "conditions")
    files.set(STUDY, "sweep", [GRID])
    files.set(CONFIG, "overrides.composition.sweep", [])
    assert files.problems()[CONFIG, "overrides.composition.sweep"] == (
        "no condition is left: the study has none beside its sweep"
    )
