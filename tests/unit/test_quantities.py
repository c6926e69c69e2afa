"""What is declared of quantities: read without running it, understood, refused in a line."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pandas as pd
import pytest

from onset import analyses, comparisons, measures
from onset.code.syntax import SourceError
from onset.config.condition import Condition
from onset.config.quantities import contradictions, declared_by, quantities_of
from onset.config.yaml_file import read_yaml
from onset.statistics.kinds import KINDS
from onset.statistics.quantities import (
    Quantity,
    UndeclaredError,
    described,
    quantity_of,
    unsound,
)
from tests.config_files import CONFIG, ROOT, STUDY, Files

DECLARED = {
    "accuracy": {"kind": "share", "label": "accuracy"},
    "*_f1": {"kind": "share", "label": "F1 of *", "digits": 3},
    "moved_*_*_follows": {"kind": "share", "label": "follows: * (*)"},
    "bridge_f1": {"kind": "ratio", "label": "a name of its own"},
}


class TestWhatAName:
    @pytest.mark.parametrize(
        ("name", "quantity"),
        [
            ("accuracy", Quantity("accuracy", "share", "accuracy", 2)),
            ("last_token_f1", Quantity("last_token_f1", "share", "F1 of last token", 3)),
            ("bridge_f1", Quantity("bridge_f1", "ratio", "a name of its own", 2)),
            (
                "moved_all_latents_25_follows",
                Quantity("moved_all_latents_25_follows", "share", "follows: all latents (25)", 2),
            ),
        ],
    )
    def test_stands_for(self, name, quantity):
        assert quantity_of(name, DECLARED) == quantity

    def test_is_not_declared(self):
        with pytest.raises(
            UndeclaredError, match=r"^acuracy is measured, but in no QUANTITIES .*: acc"
        ):
            quantity_of("acuracy", DECLARED)
        with pytest.raises(UndeclaredError):
            quantity_of("_f1", DECLARED)

    def test_fits_two_patterns(self):
        both = {
            "*_loss": {"kind": "nats", "label": "loss"},
            "null_*": {"kind": "real", "label": "null"},
        }
        with pytest.raises(UndeclaredError, match=r"null_loss fits \*_loss and null_\*"):
            quantity_of("null_loss", both)
        alike = {name: {"kind": "nats", "label": "loss"} for name in both}
        assert quantity_of("null_loss", alike).kind == "nats"


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        (("accuracy",), "must be {"),
        ({}, "with a name or more"),
        ({"accu racy": {"kind": "share", "label": "a"}}, "'accu racy' must be a name"),
        ({"accuracy": {"kind": "share"}}, "accuracy must have kind and label"),
        ({"accuracy": {"kind": "share", "label": "a", "unit": "%"}}, "may have digits"),
        ({"accuracy": {"kind": "shares", "label": "a"}}, "did you mean share? (allowed: share, "),
        ({"accuracy": {"kind": ["share"], "label": "a"}}, "unknown kind ['share']"),
        ({"accuracy": {"kind": "share", "label": " "}}, "label must be a line of text"),
        ({"*_f1": {"kind": "share", "label": "* and *"}}, "more * than the name"),
        ({"accuracy": {"kind": "share", "label": "a", "digits": -1}}, "from 0 to 9, not -1"),
    ],
)
def test_an_unsound_declaration_is_explained(declared, says):
    assert says in "; ".join(unsound(declared))


class TestRead:
    """From a module's source."""

    @pytest.fixture
    def module(self, tmp_path):
        """Writes the only module of a package, called by the name `mine`."""
        package = ModuleType("package")
        package.CATALOGUE = SimpleNamespace(source=lambda name: tmp_path / f"{name}.py")

        def write(text: str) -> ModuleType:
            (tmp_path / "mine.py").write_text(text)
            return package

        return write

    def test_nothing_of_it_is_run(self, module):
        text = f"raise SystemExit\nQUANTITIES: dict = {DECLARED}\n"
        assert declared_by(module(text), "mine") == DECLARED

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "mine.py: QUANTITIES is missing"),
            ("QUANTITIES = dict(a=1)", "mine.py: line 1: QUANTITIES must be a literal"),
            ("\nNEEDS = tuple('a')", "mine.py: line 2: NEEDS must be a literal"),
            ("QUANTITIES = {'a': {}, 'a': {}}", "line 1: QUANTITIES has the key 'a' twice"),
            ("QUANTITIES = {'a': {'kind': 1, 'kind': 2}}", "QUANTITIES has the key 'kind' twice"),
            ("QUANTITIES = {'a': {'kind': 'hare', 'label': 'a'}}", "QUANTITIES a: unknown kind"),
        ],
    )
    def test_a_bad_one_is_a_line_that_names_the_file(self, module, text, says):
        with pytest.raises(SourceError) as refused:
            declared_by(module(text), "mine")
        assert says in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1


@pytest.fixture
def project(tmp_path):
    for folder in ("config", "workflow/notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    project = Files(tmp_path)
    project.set(CONFIG, "studies", ["composition"])
    return project


def test_planning_says_what_is_wrong_with_a_measure(project, tmp_path, monkeypatch):
    path = tmp_path / "mine.py"
    path.write_text("def measure(model, parameters, dataset): ...\n")
    monkeypatch.setitem(measures.CATALOGUE._sources, "mine", path)
    project.set(STUDY, "measures", ["mine"])
    (said,) = project.problems().values()
    assert (
        said
        == f"code that it uses can't be read: {path}: QUANTITIES is missing: what does it yield?"
    )


def _measured(*names: str) -> Condition:
    """As far as it is looked at."""
    its = object.__new__(Condition)
    its.__dict__.update(measures=names, analyses=SimpleNamespace(names=()))
    return its


def test_a_studys_quantities_are_those_of_all_its_measures():
    conditions = {"one": _measured("prediction"), "two": _measured("weight_norm")}
    assert set(quantities_of(conditions)) == {"loss", "accuracy", "weight_norm"}
    assert not [*contradictions(conditions)]


def test_measures_that_contradict_each_other_are_named():
    (said,) = contradictions({"one": _measured("prediction", "instances")})
    assert said == "prediction and instances both yield loss, and declare it in different ways"


def test_all_declare_what_they_yield():
    """Soundly, and with a unit in the label of what has one."""
    for package in (measures, analyses, comparisons):
        for name in package.names():
            for said in declared_by(package, name).values():
                unit = KINDS[said["kind"]].unit
                assert not unit or f"({unit})" in said["label"], (name, said["label"])


def test_the_studies_declare_nothing_twice():
    for path in sorted(Path(ROOT, "config/studies").glob("*.yaml")):
        its = measures_of(path)
        assert not [*contradictions({"all": its})], path.stem


def measures_of(path: Path) -> Condition:
    """All that a study's file lists, at any depth."""
    content = read_yaml(path)
    parts = [content, *content.get("conditions", {}).values()]
    listed = [name for part in parts if part for name in part.get("measures", ())]
    closer = [name for part in parts if part for name in part.get("analyses", {}).get("names", ())]
    its = _measured(*listed)
    its.__dict__["analyses"] = SimpleNamespace(names=tuple(closer))
    return its


def test_measurements_are_given_their_kinds():
    table = pd.DataFrame({"measure": ["accuracy", "loss"], "value": [0.5, 1.0]})
    quantities = {
        "accuracy": Quantity("accuracy", "share", "accuracy", 2),
        "loss": Quantity("loss", "nats", "loss (nats)", 3),
    }
    found = described(table, quantities)
    assert found["kind"].tolist() == ["share", "nats"]
    assert found["digits"].tolist() == [2, 3]
    assert described(pd.DataFrame(), quantities).empty
