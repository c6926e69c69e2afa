"""What code a comparison's jobs depend on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from onset.config import load_project
from onset.config.yaml_file import read_yaml
from onset.workflow.jobs import Jobs, comparisons

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("study", "comparison", "task"),
    [("induction", "pair_of_source", "induction"), ("composition", "early_states", None)],
)
def test_streams_are_drawn_again_by_their_tasks_code(monkeypatch, study, comparison, task):
    monkeypatch.setattr(comparisons, "fingerprint", lambda *modules: " ".join(modules))
    its = Jobs(load_project(read_yaml(ROOT / "config/config.yaml"), ROOT)).comparisons
    group = next(iter(its._groups[study][comparison]))
    code = its.code(SimpleNamespace(study=study, comparison=comparison, group=group)).split()
    tasks = [name for name in code if name.startswith("onset.tasks.")]
    assert tasks == ([f"onset.tasks.{task}"] if task else [])
