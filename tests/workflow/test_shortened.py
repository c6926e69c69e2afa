"""Our own studies with fewer conditions or measures: they end, or say what is missing."""

from __future__ import annotations

import pytest
import yaml

from onset.config.yaml_file import read_yaml
from tests.workflow.conftest import Project, copy_sources

SMOKE = "config/smoke.yaml"


def shortened(root, study: str, conditions: list[str]) -> Project:
    """The study alone, small, with these conditions, no answer, and nothing published beside its means."""
    copy_sources(root)
    project = Project(root)
    file = f"config/studies/{study}.yaml"
    content = read_yaml(root / file)
    content.pop("answer")
    content.pop("abstract")
    content.pop("holds")
    content["conditions"] = {name: content["conditions"][name] for name in conditions}
    content["reference"] = {
        name: its for name, its in content["reference"].items() if "ours" not in its
    }
    for name, its in list(content.get("comparisons", {}).items()):
        its["conditions"] = [one for one in its["conditions"] if one in conditions]
        if not its["conditions"]:
            del content["comparisons"][name]
            content["smoke"].get("comparisons", {}).pop(name, None)
    small = content["smoke"].get("conditions", {})
    content["smoke"]["conditions"] = {name: small[name] for name in conditions if name in small}
    (root / file).write_text(yaml.safe_dump(content, sort_keys=False))
    chosen = {"studies": [study], "paper": False}
    (root / SMOKE).write_text(yaml.safe_dump(read_yaml(root / SMOKE) | chosen, sort_keys=False))
    return project


@pytest.mark.slow
def test_induction_without_surgery(tmp_path):
    project = shortened(tmp_path, "induction", ["two_layers", "finite_data"])
    done = project.snakemake("--cores", "2", "--configfile", SMOKE)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_composition_without_its_predictions(tmp_path):
    project = shortened(tmp_path, "composition", ["shared_per_hop"])
    project.set("config/studies/composition.yaml", "measures", ["weight_norm"])
    done = project.snakemake("--cores", "2", "--configfile", SMOKE)
    assert done.returncode
    said = done.stdout + done.stderr
    assert "no run has the measure 'accuracy'" in said
    assert "(there are: weight_norm" in said
