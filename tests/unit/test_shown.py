"""What the paper shows of a study is declared, or saved by its notebook: judged in planning."""

from __future__ import annotations

import shutil

import pytest

from onset.latex.shown import Shown, shown_in
from tests.config_files import ROOT, Files

TEXT = rb"""% \onsetfigure{alias}{gone}
\onsetfigure{alias}{contrast} 50\,\% \onsettable {alias} {accuracy}
\newcommand{\mine}[1]{\onsetfigure{#1}{x}}
\onsettallfigure{atlas}{mosaic} \onsetnumber{alias/a/b}
"""


def test_what_a_text_shows_and_where():
    assert list(shown_in({"a.tex": TEXT, "a.bib": TEXT})) == [
        Shown("alias", "figures", "contrast", "a.tex:2"),
        Shown("alias", "tables", "accuracy", "a.tex:2"),
        Shown("atlas", "figures", "mosaic", "a.tex:4"),
        Shown("alias", "numbers", "a/b", "a.tex:4"),
    ]


@pytest.fixture
def files(tmp_path) -> Files:
    for folder in ("config", "workflow/notebooks", "paper"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return Files(tmp_path)


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (r"\onsetfigure{alias}{contrst}", "has no figure contrst; did you mean contrast?"),
        (r"\onsettable{alias}{acuracy}", "has no table acuracy; did you mean accuracy?"),
        (r"\onsetnumber{alias/n_sedes}", "saves no number n_sedes; did you mean n_seeds?"),
        (r"\onsetholds{alias}{n_sedes > 2}", "saves no number 'n_sedes'; did you mean n_seeds?"),
        (r"\onsetholds{alias}{tied/od/accuracy > 0}", "there is no split 'od' in tied"),
        (r"\onsetholds{alias}{n_seeds = 3}", "it claims 'n_seeds = 3': a claim has one or two of"),
    ],
)
def test_a_missing_piece_is_told_with_its_place(files, shown, says):
    file = "paper/sections/alias.tex"
    lines = (files.root / file).read_text().count("\n")
    files.write(file, f"{(files.root / file).read_text()}\n{shown}\n")
    files.set("config/config.yaml", "studies", ["alias"])
    (((place, _), said),) = files.problems().items()
    assert place == f"{file}:{lines + 2}"
    assert says in said
    files.set("config/config.yaml", "studies", ["reversal"])
    files.load()
    files.set("config/config.yaml", "studies", ["alias"])
    files.set("config/config.yaml", "paper", False)
    files.load()


def test_what_a_study_claims_is_about_numbers_that_there_will_be(files):
    file = "config/studies/alias.yaml"
    files.set("config/config.yaml", "studies", ["alias"])
    files.set(file, "holds", ["tied/ood/accuracy > 0.9", "tied/ood/acuracy > 0.9", "n_sedes > 2"])
    found = files.problems()
    assert found.keys() == {(file, "holds.1"), (file, "holds.2")}
    assert "nothing measures 'acuracy' in tied" in found[file, "holds.1"]
    files.set(file, "holds", ["tied/ood/accuracy = 1"])
    assert "a claim has one or two of" in files.problems()[file, "holds.0"]


def test_what_a_notebook_claims_too(files):
    notebook = "workflow/notebooks/alias.py"
    files.set("config/config.yaml", "studies", ["alias"])
    text = (files.root / notebook).read_text()
    files.write(notebook, f'{text}\nstudy.holds("1 > 0", "tied/ood/acuracy > 0")\n')
    ((_, said),) = files.problems().items()
    assert f"{notebook}, study.holds('tied/ood/acuracy > 0'): 'tied/ood/acuracy': nothing" in said
    files.write(notebook, f'{text}\nstudy.holds("gone/ood/accuracy > 0")\n')
    files.load()
