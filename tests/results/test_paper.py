"""The paper of a smoke run: whole, without complaints, and its sources compile anywhere."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from onset.config import load_project
from onset.config.yaml_file import read_yaml
from onset.latex.text import breakable, escape
from tests.files import unpack
from tests.results.conftest import PAPER, smoke_command

pytestmark = [
    pytest.mark.smoke,
    pytest.mark.skipif(not PAPER, reason="ONSET_PAPER=no: no LaTeX here"),
]

LATEXMK = ["latexmk", "-g", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]


@pytest.fixture(scope="module")
def studies():
    root = Path.cwd()
    config = read_yaml(root / "config/config.yaml") | read_yaml(root / "config/smoke.yaml")
    return load_project(config, root).studies


@pytest.fixture(scope="module")
def archive(smoke: Path) -> Path:
    path = smoke / "paper/arxiv.tar.gz"
    done = subprocess.run([*smoke_command(), "--", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return path


def test_it_is_typeset_without_complaints(smoke: Path):
    assert (smoke / "paper/paper.pdf").read_bytes().startswith(b"%PDF")
    log = (smoke / "paper/source/paper.log").read_text(encoding="utf-8", errors="replace")
    for complaint in ("Overfull", "undefined", "multiply defined", "Missing character"):
        assert complaint not in log, re.findall(f".*{complaint}.*", log)


def test_it_has_every_condition_of_every_study(smoke: Path, studies):
    text = (smoke / "paper/source/conditions.tex").read_text(encoding="utf-8")
    for study in studies.values():
        table = text.partition(f"{{tab:conditions:{study.name}}}")[2].partition("longtable")[0]
        found = re.findall(r"^(.*)\\newline\\texttt\{(.*?)\} & ", table, re.MULTILINE)
        conditions = study.conditions.values()
        assert found == [(escape(its.label), breakable(its.name)) for its in conditions]


def test_it_has_all_that_is_published(smoke: Path, studies):
    text = (smoke / "paper/source/published.tex").read_text(encoding="utf-8")
    rows = []
    for study in studies.values():
        if study.file.reference:
            with (smoke / study.name / "reference.csv").open(encoding="utf-8", newline="") as file:
                rows += csv.DictReader(file)
    assert text.count(r" \\\addlinespace[2pt]") == len(rows) > 100
    for row in rows:
        assert f"{breakable(row['quantity'])} & {breakable(row['published'])} & " in text


def test_arxiv_can_compile_the_archive_alone(smoke: Path, archive: Path, tmp_path: Path):
    unpack(archive, tmp_path)
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    for _ in range(4):  # references, and the widths of long tables
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True)
        assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "paper.pdf").read_bytes() == (smoke / "paper/paper.pdf").read_bytes()


def test_the_archive_holds_nothing_else(archive: Path):
    with tarfile.open(archive) as packed:
        names = packed.getnames()
    assert {Path(name).suffix for name in names} == {".tex", ".bbl", ".pdf"}
    assert "paper.bbl" in names
    assert "paper.pdf" not in names


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (r"\onsetnumber{composition/no_such_number}", "number composition/no_such_number"),
        (r"\onsetmean{composition}{no}{}{such_mean}", "mean composition/no//such_mean"),
    ],
)
def test_what_nothing_made_stops_it(smoke: Path, tmp_path: Path, asked: str, says: str):
    source = shutil.copytree(smoke / "paper/source", tmp_path / "source")
    section = source / "sections/limitations.tex"
    section.write_text(f"{section.read_text()}\n{asked}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    result = subprocess.run(command, cwd=source, capture_output=True, text=True, errors="replace")
    assert result.returncode != 0
    assert f"unknown {says}" in result.stdout


def test_the_text_compiles_alone(tmp_path: Path):
    source = shutil.copytree("paper", tmp_path / "paper")
    result = subprocess.run(LATEXMK, cwd=source, capture_output=True, text=True, errors="replace")
    assert result.returncode == 0, result.stdout[-2000:]


@pytest.mark.parametrize("study", ["simplest", "finetuning"])
def test_it_can_be_of_one_study_that_speaks_of_another(smoke: Path, tmp_path: Path, study: str):
    """As with `--config studies=[simplest]`: what isn't there leaves no question mark."""
    settings = json.loads((smoke / "paper/settings/paper.json").read_text(encoding="utf-8"))
    for key in ("shown", "studies"):
        settings[key] = [its for its in settings[key] if its["name"] == study]
    settings["findings"] = [its for its in settings["findings"] if its["study"] == study]
    shutil.copytree(smoke / study, tmp_path / study, ignore=shutil.ignore_patterns("seed_*"))
    (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    stage = [sys.executable, "-m", "onset.stages.paper", "paper", str(tmp_path)]
    done = subprocess.run(
        [*stage, "--settings", str(tmp_path / "settings.json")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Overfull" not in done.stderr
