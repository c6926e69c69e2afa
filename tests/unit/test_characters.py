"""Which characters texts may hold: those that the paper can set, and figures can draw."""

from __future__ import annotations

import os
import re
from pathlib import Path

import matplotlib.font_manager
import pytest
import yaml
from matplotlib import rcParams

from onset.config import ConfigError, load_project
from onset.config.problems import Layer
from onset.config.texts import text_problems
from onset.figures.glyphs import FONT_FILE, undrawable
from onset.figures.style import use_style
from onset.latex.characters import _LATIN, declared, said_of, unsettable
from onset.latex.sources import sources_of
from onset.latex.typeset import typeset
from tests.workflow.conftest import NOTEBOOK, STUDY

ROOT = Path(__file__).parents[2]
DECLARED = declared(ROOT / "paper")


def test_what_the_paper_can_set():
    assert unsettable("Größe – 10⁻² × ξ ⇒ Ω, “α ≤ β”\n\tcafe\u0301", DECLARED) == []
    odd = "Привет 条件 العربية x\u0302 \ud800 \x00 \u202e 😀"
    assert unsettable(odd + odd, DECLARED) == list(
        dict.fromkeys(odd.replace(" ", "").replace("x", ""))
    )
    assert unsettable("ξ", ()) == ["ξ"]


def test_characters_are_said_so_that_they_can_be_printed():
    assert said_of(["条", "\ud800", "\u202e"]) == "'条' (U+6761), (U+D800), (U+202E)"


@pytest.mark.skipif(os.environ.get("ONSET_PAPER", "yes") == "no", reason="ONSET_PAPER=no")
def test_latex_sets_all_of_them():
    """As titles, as settings, in tables: in every shape that the paper's texts have."""
    paper = (ROOT / "paper/paper.tex").read_text()
    head = paper[: paper.index(r"\input{onset}")]
    shapes = (r"{%s}", r"\texttt{%s}", r"\textbf{%s}", r"\emph{%s}", r"{\scriptsize\texttt{%s}}")
    lines = [shape % "} {".join(sorted(_LATIN | DECLARED)) for shape in shapes]
    text = "\n\n".join([*lines, *(rf"\section{{{its}}}" for its in sorted(DECLARED)[::9])])
    characters = (ROOT / "paper/characters.tex").read_bytes()
    document = rf"{head}\input{{characters}}\begin{{document}}{text}\end{{document}}"
    typeset({"paper.tex": document.encode(), "characters.tex": characters})


def test_figures_draw_all_that_the_paper_sets():
    assert undrawable("".join(sorted(_LATIN | DECLARED))) == []
    assert undrawable("条 Привет العربية ξ\n\ud800\x00") == ["条", "\ud800", "\x00"]


def test_it_is_the_figures_font_that_is_asked():
    with matplotlib.rc_context():
        use_style()
        found = matplotlib.font_manager.findfont(rcParams["font.family"][0])
    assert found == str(Path(matplotlib.get_data_path()).parent / FONT_FILE)


def test_the_papers_sources(tmp_path):
    names = ("paper.tex", "sections/one.tex", "references.bib", "own.sty", "logo.png")
    others = (
        "paper.pdf",
        "paper.aux",
        "paper.bbl",
        "._paper.tex",
        "paper.tex~",
        ".latexmkrc",
        "x.log",
    )
    for name in (*names, *others, ".git/one.tex"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "folder.tex").mkdir()
    assert sources_of(tmp_path) == sorted(tmp_path / name for name in names)


def problems(changes: dict, paper: bool = True, overrides: dict | None = None) -> list[str]:
    """What is wrong with the texts of the tiny study with some changes."""
    layers = [
        Layer("tiny.yaml", "", STUDY | changes),
        Layer("config.yaml", "overrides.tiny", overrides or {}),
    ]
    found = map(str, text_problems(layers, paper, ROOT))
    return [its.removeprefix("tiny.yaml: ") for its in found]


def labelled(label: str) -> dict:
    return {"conditions": {"plain": {"label": label}}}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"title": "Привет"}, "title"),
        ({"question": "Warum? 条"}, "question"),
        (labelled("null: Привет"), "conditions.plain.label"),
        ({"figures": {"one": "As in 条."}}, "figures.one"),
        ({"tables": {"one": "As in العربية."}}, "tables.one"),
        (
            {
                "reference": {
                    "x": {"quantity": "q", "published": "1", "source": "张 2024", "above": 0}
                }
            },
            "reference.x.source",
        ),
    ],
)
def test_a_text_that_the_paper_cannot_set_is_refused_in_planning(changes, key):
    (problem,) = (its for its in problems(changes) if "can't set" in its)
    assert re.match(rf"{re.escape(key)}: the paper can't set '.' \(U\+[0-9A-F]{{4}}\)", problem)


def test_all_texts_are_judged_at_once():
    found = problems({"title": "$x", "question": "件"} | labelled("$x$"))
    assert [its.partition(":")[0] for its in found] == [
        "title",
        "question",
        "conditions.plain.label",
    ]


def test_without_a_paper_other_texts_pass():
    changes = {"title": "Привет", "question": "条件", "answer": "条", "figures": {"one": "条"}}
    assert problems(changes | labelled("Привет, العربية"), paper=False) == []
    assert problems({"answer": "条", "title": "ξ ⇒ cafe\u0301"}) == []


@pytest.mark.parametrize("paper", [True, False])
@pytest.mark.parametrize(
    ("changes", "key"),
    [(labelled, "conditions.plain.label"), (lambda text: {"title": text}, "title")],
)
def test_what_figures_cannot_show_is_refused_in_planning(changes, key, paper):
    for label, says in [
        ("$5 and $6", "'$5 and $6': $ begins mathematics in figures"),
        (r"$\foo$", r"'$\\foo$': $ begins mathematics in figures"),
        ("条", "the figures' font has no '条' (U+6761)"),
    ]:
        (problem,) = problems(changes(label), paper=paper)
        assert problem.startswith(f"{key}: {says}")
    assert problems(changes(r"\foo_bar %d {x} # ^ & ~"), paper=paper) == []


def test_an_override_is_judged_where_it_stands():
    (problem,) = problems({}, overrides={"task": {"name": "条"}})
    assert problem.startswith("config.yaml: overrides.tiny.task.name: the paper can't set '条'")


@pytest.mark.parametrize("paper", [True, False])
def test_planning_judges_texts(tmp_path, paper):
    for folder in ("config/studies", "workflow/notebooks"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "workflow/notebooks/tiny.py").write_text(NOTEBOOK)
    config = {"studies": ["tiny"], "seeds": [0], "paper": paper}
    (tmp_path / "config/config.yaml").write_text(yaml.safe_dump(config))
    path = tmp_path / "config/studies/tiny.yaml"
    path.write_text(yaml.safe_dump(STUDY | {"question": "条?"} | labelled("$x$"), sort_keys=False))
    with pytest.raises(ConfigError) as error:
        load_project(config, tmp_path)
    found = [its.key for its in error.value.problems]
    assert found == (["question"] if paper else []) + ["conditions.plain.label"]
