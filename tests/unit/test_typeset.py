"""What LaTeX complains of is refused, or said; what is packed for arXiv is what LaTeX read."""

from __future__ import annotations

import io
import os
import tarfile

import pytest

from onset.latex.typeset import LatexError, overfull, typeset
from onset.stages.arxiv import files_read, packed
from onset.stages.command import StageError

needs_latex = pytest.mark.skipif(
    os.environ.get("ONSET_PAPER", "yes") == "no", reason="ONSET_PAPER=no: no LaTeX here"
)


@pytest.fixture
def document(tmp_path):
    """A document with some text in it."""

    def write(text: str):
        (tmp_path / "part.tex").write_text("A part.\n")
        lines = [r"\documentclass{article}\begin{document}", text, r"\input{part}\end{document}"]
        (tmp_path / "paper.tex").write_text("\n".join(lines))
        return tmp_path

    return write


@needs_latex
@pytest.mark.parametrize(
    ("text", "says"),
    [
        (r"See~\ref{nowhere}.", "Reference `nowhere'"),
        (r"\cite{nobody}", "Citation `nobody'"),
        (r"\label{one}\label{one}", "Label `one' multiply defined"),
        (r"{\font\x=cmr10 \x\char200}", "Missing character"),
        (r"\nosuchcommand", "Undefined control sequence"),
    ],
)
def test_a_mistake_is_told_in_latexs_words(document, text, says):
    with pytest.raises(LatexError, match=says):
        typeset(document(text))


@needs_latex
def test_what_stands_out_is_said_and_typeset(document):
    source = document(r"\noindent\hbox to 1.2\textwidth{wide\hfil}")
    (line,) = typeset(source)
    assert line.startswith("Overfull \\hbox (6")
    assert (source / "paper.pdf").exists()


def test_a_point_is_tolerated():
    lines = ["Overfull \\hbox (0.9pt too wide) in", "Overfull \\vbox (1.2pt too high) has", "x"]
    assert overfull("\n".join(lines)) == lines[1:2]


@needs_latex
def test_what_latex_reads_and_has_not_written_is_packed(document):
    source = document(r"\tableofcontents\section{One}")
    (source / "unused.tex").write_text("")
    typeset(source)
    assert files_read(source) == ["paper.tex", "part.tex"]
    (source / "part.tex").unlink()
    with pytest.raises(StageError, match=r"part\.tex is missing: make the paper anew"):
        files_read(source)


def test_the_same_files_are_the_same_archive(tmp_path):
    archives = []
    for age in (1, 10**9):
        folder = tmp_path / str(age)
        (folder / "figures").mkdir(parents=True)
        for name in ("paper.tex", "figures/one.pdf"):
            (folder / name).write_text(name)
            os.utime(folder / name, (age, age))
        archives.append(packed(folder, ["figures/one.pdf", "paper.tex"]))
    assert archives[0] == archives[1]
    with tarfile.open(fileobj=io.BytesIO(archives[0])) as archive:
        assert archive.extractfile("figures/one.pdf").read() == b"figures/one.pdf"
