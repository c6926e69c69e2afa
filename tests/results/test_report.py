"""Snakemake's own report of a finished run: every figure, with what it shows."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.results.conftest import smoke_command
from tests.results.test_again import CUT, can_cut

pytestmark = pytest.mark.smoke


@pytest.fixture(scope="module")
def report(smoke: Path, tmp_path_factory) -> str:
    """Made without a network, where it can be cut."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    cut = CUT if can_cut() else ()
    command = [*cut, *smoke_command(), "--report", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return path.read_text(encoding="utf-8")


def test_every_figure_is_in_it_with_its_caption(report: str):
    results = json.loads(re.search(r"^ *var results = (\{.*\});? *$", report, re.MULTILINE)[1])
    shown = {path: its["labels"] for path, its in results.items()}
    for study in yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))["studies"]:
        file = yaml.safe_load(Path(f"config/studies/{study}.yaml").read_text(encoding="utf-8"))
        for name, caption in file["figures"].items():
            labels = shown[f"results/smoke/{study}/figures/{name}.png"]
            assert labels["name"] == name
            assert labels["shows"].startswith(caption)
        assert shown[f"results/smoke/{study}/notebook.html"]["shows"] == file["question"]


def test_nothing_is_loaded_from_elsewhere(report: str):
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']?https?:", report)
