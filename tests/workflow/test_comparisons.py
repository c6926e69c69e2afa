"""Which jobs an edit causes where several runs are looked at together."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from onset.config.yaml_file import read_yaml
from onset.results import open_study
from tests.workflow.conftest import Project
from tests.workflow.planned import AFTER_MEASURES, jobs, told

pytestmark = pytest.mark.slow

EARLY = {
    "name": "checkpoint_patching", "conditions": ["plain", "f*"], "checkpoints": 2, "splits": ["id"]
}  # fmt: skip
TABLE = "results/tiny/comparisons/early.parquet"
JOIN = {"join tiny/early", *AFTER_MEASURES}


def looks(*conditions: str, comparison: str = "early", seed: int = 0) -> set[str]:
    """The jobs of groups."""
    return {f"compare tiny/{comparison}/{name}.seed_{seed}" for name in conditions}


def plan(project: Project) -> set[str]:
    return set(project.plan())


@pytest.fixture(scope="module")
def _compared(_finished, tmp_path_factory) -> Path:
    project = Project.copied(_finished, tmp_path_factory.mktemp("compared") / "project")
    project.set(project.study, "comparisons", {"early": EARLY})
    done = project.snakemake("--cores", "2", "results/tiny/summary.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    project.take_for_done()
    return project.root


@pytest.fixture
def compared(_compared, tmp_path) -> Project:
    """The tiny project, with a comparison that was made."""
    return Project.copied(_compared, tmp_path / "project")


def test_one_that_is_declared_looks_at_its_groups_alone(finished):
    finished.set(finished.study, "comparisons", {"early": EARLY})
    after = told("notebook summarise pages")
    assert plan(finished) == looks("plain", "fast") | JOIN | after


def test_what_it_finds(compared):
    assert compared.plan() == {}
    study = open_study("tiny", compared.root / "results")
    found = study.comparisons
    assert set(found["condition"]) == {"plain", "fast"}
    assert set(found["comparison"]) == {"early"}
    own = found.query(
        "measure == 'patched_accuracy' and step == other_step and condition == 'fast'"
    )
    assert sorted(own["step"].unique()) == [0, 10]
    in_summary = study.summary[study.summary["condition"] == "early:fast"]
    assert "patched_other_accuracy.layer_1.position_0" in set(in_summary["measure"])


def test_a_condition_that_is_taken_in_joins(compared):
    compared.set(compared.study, "conditions.faster", {"training": {"learning_rate": 2e-2}})
    planned = plan(compared)
    assert {its for its in planned if its.startswith("compare ")} == looks("faster")
    assert planned >= JOIN


def test_a_condition_that_is_not_taken_in_does_not(compared):
    compared.set(compared.study, "conditions.slow", {"training": {"learning_rate": 1e-4}})
    assert not {its for its in plan(compared) if its.startswith(("compare ", "join "))}


def test_a_run_that_changes_is_looked_at_again_alone(compared):
    compared.set(compared.study, "conditions.fast.training.learning_rate", 2e-2)
    planned = plan(compared)
    assert jobs("train evaluate analyse", ("fast",)) | looks("fast") | JOIN <= planned
    assert not planned & looks("plain")


def test_its_settings_concern_it_alone(compared):
    compared.set(compared.study, "comparisons.early.options", {"most_questions": 5})
    assert plan(compared) == looks("plain", "fast") | JOIN


def test_its_code_concerns_it_alone(compared):
    file = "src/onset/comparisons/residual/checkpoint_patching.py"
    compared.edit(file, lambda text: text + "\n_ADDED = 1\n")
    assert plan(compared) == looks("plain", "fast") | JOIN
    other = "src/onset/comparisons/heads/same_heads.py"
    compared.edit(file, lambda text: text.removesuffix("\n_ADDED = 1\n"))
    compared.edit(other, lambda text: text + "\n_ADDED = 1\n")
    assert compared.plan() == {}


def test_one_that_is_taken_away_is_an_orphan(compared):
    study = read_yaml(compared.root / compared.study)
    del study["comparisons"]
    compared.edit(compared.study, lambda _: yaml.safe_dump(study, sort_keys=False))
    assert plan(compared) == AFTER_MEASURES | told("notebook summarise pages")
    done = compared.python("-m", "onset.workflow.commands.orphans")
    assert TABLE in done.stdout
    assert "results/tiny/comparisons/early\n" in done.stdout


def test_a_group_that_is_left_out_is_an_orphan(compared):
    compared.set(compared.study, "comparisons.early.conditions", ["fast"])
    assert plan(compared) == JOIN
    done = compared.python("-m", "onset.workflow.commands.orphans")
    assert "results/tiny/comparisons/early/plain.seed_0.parquet" in done.stdout
    assert "fast.seed_0" not in done.stdout


def test_verify_knows_its_files(compared):
    (compared.root / TABLE).write_bytes(b"")
    (compared.root / "results/tiny/comparisons/early/mine.txt").write_text("mine")
    done = compared.python("-m", "onset.workflow.commands.verify")
    assert f"damaged     {TABLE}" in done.stdout
    assert "foreign     results/tiny/comparisons/early/mine.txt" in done.stdout
    assert "seed_0.parquet" not in done.stdout


def test_a_table_of_somebody_else_is_left_alone(finished):
    finished.set(finished.study, "comparisons", {"early": EARLY})
    path = finished.root / TABLE
    path.parent.mkdir()
    path.write_text("mine")
    done = finished.snakemake("-n")
    assert done.returncode == 1
    assert f"{TABLE}: jobs would write there" in done.stdout + done.stderr
