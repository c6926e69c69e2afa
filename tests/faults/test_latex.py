"""LaTeX's surroundings, and a user's files beside the paper: neither counts, neither is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from tests.faults.conftest import PAPER, contents, said
from tests.files import differing, put_on_record, unpack

pytestmark = pytest.mark.skipif(not PAPER, reason="ONSET_PAPER=no: no LaTeX here")

PDF = "results/paper/paper.pdf"


def test_a_strangers_home_makes_the_same_paper(finished, undisturbed, tmp_path, monkeypatch):
    home = tmp_path / "home"
    (home / "texmf/tex/latex").mkdir(parents=True)
    (home / ".latexmkrc").write_text("$out_dir = 'out'; $jobname = 'mine'; $pdf_mode = 4;\n")
    for folder in (home, home / "texmf/tex/latex"):
        (folder / "article.cls").write_text("\\errmessage{a stranger's class}\n")
    for key in ("TEXINPUTS", "BIBINPUTS", "BSTINPUTS"):
        monkeypatch.setenv(key, f"{home}//:")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TEXMFHOME", str(home / "texmf"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    shutil.rmtree(finished.root / "results/paper")
    done = finished.snakemake("--cores", "1")
    assert done.returncode == 0, said(done)
    assert differing(contents(undisturbed), contents(finished)) == []


def test_a_users_files_beside_the_papers_sources_stay_and_do_not_count(finished, undisturbed):
    source = finished.root / "results/paper/source"
    mine = {
        "diary.txt": "Mine.",
        "article.cls": "\\errmessage{mine}",
        "latexmkrc": "$jobname = 'mine';",
        "paper.aux": "\\errmessage{mine}",
        "sections/plain.tex": "Mine.",
    }
    for name, text in mine.items():
        (source / name).write_text(text)
    (finished.root / PDF).unlink()
    done = finished.snakemake("--cores", "1", PDF)
    assert done.returncode == 0, said(done)
    assert {name: (source / name).read_text() for name in mine} == mine
    assert (finished.root / PDF).read_bytes() == (undisturbed.root / PDF).read_bytes()


def test_a_number_from_elsewhere_runs_nothing(finished):
    numbers = finished.root / "results/tiny/numbers.json"
    found = json.loads(numbers.read_text())
    numbers.write_text(json.dumps(found | {"measurements": r"\input{/etc/passwd}"}))
    shutil.rmtree(finished.root / "results/tiny/.records")
    put_on_record(finished.root / "results/tiny")
    done = finished.python("-m", "onset.stages.paper", "paper", "results", "--settings",
                           "results/paper/settings/paper.json")  # fmt: skip
    assert done.returncode == 1
    assert r"numbers.json: measurements: \input isn't among the commands" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_packed_for_arxiv_compiles_alone_to_the_same(finished, tmp_path):
    archive = finished.root / "results/paper/arxiv.tar.gz"
    done = finished.snakemake("--cores", "1", "--", str(archive.relative_to(finished.root)))
    assert done.returncode == 0, said(done)
    unpack(archive, tmp_path / "alone")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    for _ in range(4):  # references, and the widths of long tables
        subprocess.run(
            ["pdflatex", "-interaction=batchmode", "-halt-on-error", "paper.tex"],
            cwd=tmp_path / "alone",
            env=environment,
            check=True,
            capture_output=True,
        )
    made = (tmp_path / "alone/paper.pdf").read_bytes()
    assert made == (finished.root / PDF).read_bytes()
