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


def document(text: str, **others: str) -> dict[str, bytes]:
    """The files of a document with some text in it."""
    lines = [r"\documentclass{article}\begin{document}", text, r"\input{part}\end{document}"]
    files = {"paper.tex": "\n".join(lines), "part.tex": "A part.\n"}
    files |= {f"{name}.tex": content for name, content in others.items()}
    return {name: content.encode() for name, content in files.items()}


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
def test_a_mistake_is_told_in_latexs_words(text, says):
    with pytest.raises(LatexError, match=says) as error:
        typeset(document(text))
    assert b"This is pdfTeX" in error.value.log


@needs_latex
def test_what_stands_out_is_said_and_typeset():
    made = typeset(document(r"\noindent\hbox to 1.2\textwidth{wide\hfil}"))
    (line,) = made.stand_out
    assert line.startswith("Overfull \\hbox (6")
    assert made.pdf.startswith(b"%PDF")


def test_a_point_is_tolerated():
    lines = ["Overfull \\hbox (0.9pt too wide) in", "Overfull \\vbox (1.2pt too high) has", "x"]
    assert overfull("\n".join(lines)) == lines[1:2]


@needs_latex
def test_what_latex_reads_and_has_not_written_is_packed(tmp_path):
    files = document(r"\tableofcontents\section{One}", unused="")
    for name, content in {**files, **typeset(files).beside}.items():
        (tmp_path / name).write_bytes(content)
    assert files_read(tmp_path) == ["paper.tex", "part.tex"]
    (tmp_path / "part.tex").unlink()
    with pytest.raises(StageError, match=r"part\.tex is missing: make the paper anew"):
        files_read(tmp_path)


@pytest.mark.parametrize("name", ["../diary.tex", "linked.tex"])
def test_what_lies_elsewhere_is_not_packed(tmp_path, name):
    source = tmp_path / "source"
    source.mkdir()
    (tmp_path / "diary.tex").write_text("Mine.")
    (source / "linked.tex").symlink_to(tmp_path / "diary.tex")
    (source / "paper.fls").write_text(f"INPUT {name}\n")
    with pytest.raises(StageError, match=r"diary\.tex, out of the paper's sources"):
        files_read(source)


_SECRET = "The secret of a stranger"
_OPEN = {"shell_escape": "t", "openin_any": "a", "openout_any": "a"}


@needs_latex
@pytest.mark.parametrize(
    "text",
    [
        r"\immediate\write18{touch MADE}\input{|touch MADE}",
        r"\newwrite\x\immediate\openout\x=MADE \immediate\write\x{made}\immediate\closeout\x",
        r"\input{SECRET}",
        r"\newread\x\openin\x=SECRET \ifeof\x\else\read\x to\y\message{\y}\fi",
    ],
)
def test_latex_stays_in_its_folder_and_starts_nothing(tmp_path, monkeypatch, text):
    for key, value in _OPEN.items():
        monkeypatch.setenv(key, value)
    made, secret = tmp_path / "made.txt", tmp_path / "secret.tex"
    secret.write_text(rf"\message{{{_SECRET}}}")
    text = text.replace("MADE", str(made)).replace("SECRET", str(secret))
    try:
        said = typeset(document(rf"{text}\typeout{{THE END}}")).beside["paper.log"]
    except LatexError as error:
        said = error.log
    assert said
    assert not made.exists()
    assert _SECRET.encode() not in said


@needs_latex
def test_the_users_settings_do_not_count(tmp_path, monkeypatch):
    """Not those of latexmk, of TeX, of the shell; the same bytes without a home at all."""
    files = document("Text. \\today", references="")
    expected = typeset(files).pdf
    home = tmp_path / "home"
    styles = home / "texmf/tex/latex"
    styles.mkdir(parents=True)
    for folder in (home, styles):
        (folder / "article.cls").write_text(r"\errmessage{a stranger's class}")
    spoilt = "$out_dir = 'elsewhere'; $jobname = 'other'; $pdf_mode = 4; die 'a stranger';\n"
    for name in (".latexmkrc", "latexmkrc", "system"):
        (home / name).write_text(spoilt)
    foreign = {
        **{
            "HOME": str(home),
            "TEXMFHOME": str(home / "texmf"),
            "LATEXMKRCSYS": str(home / "system"),
        },
        **dict.fromkeys(("TEXINPUTS", "BIBINPUTS", "BSTINPUTS", "TEXMFCNF"), f"{home}:"),
        **dict.fromkeys(("TEXMFVAR", "TEXMFCONFIG", "TEXMFOUTPUT"), "/nonexistent"),
        **{"SOURCE_DATE_EPOCH": "1000000000", "FORCE_SOURCE_DATE": "0", "TZ": "Asia/Tokyo"},
        **{
            "LC_ALL": "tr_TR.UTF-8",
            "LANG": "C",
            "PERL5OPT": "-Mnosuchmodule",
            "max_print_line": "40",
        },
    }
    for key, value in foreign.items():
        monkeypatch.setenv(key, value)
    assert typeset(files).pdf == expected
    monkeypatch.setenv("HOME", "/nonexistent")
    assert typeset(files).pdf == expected
    monkeypatch.delenv("HOME")
    assert typeset(files).pdf == expected


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
