"""What the paper is made of, before LaTeX sees it."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from onset.config import load_project
from onset.latex.markup import MarkupError
from onset.latex.sources import sources_of
from onset.stages.paper import _files
from onset.workflow.jobs import Jobs
from tests.files import put_on_record
from tests.workflow.conftest import NOTEBOOK, STUDY

ROOT = Path(__file__).parents[2]
TABLE = {"name": "ends", "caption": "Ends"}
SUMMARY = """\
condition,split,measure,kind,digits,n_seeds,mean,low,high
one,near,rank_of_a.layer_1,rank,1,3,-2.25,-3,-1.04
"""
REFERENCE = """\
quantity,published,source,set_up,value,border,ours,low,high,agrees
{},1,A & B,same,1,within 1,0.5,0.4,0.6,yes
"""


@pytest.fixture
def arguments(tmp_path) -> argparse.Namespace:
    """Of a paper about two studies of one title."""
    for name in ("former", "second"):
        config, notebooks = tmp_path / "config/studies", tmp_path / "workflow/notebooks"
        results = tmp_path / "results" / name
        for folder in (config, notebooks, results / "figures", results / "tables"):
            folder.mkdir(parents=True, exist_ok=True)
        (config / f"{name}.yaml").write_text(yaml.safe_dump(STUDY | {"title": "Half & half"}))
        (notebooks / f"{name}.py").write_text(NOTEBOOK)
        (results / "figures/curve.pdf").write_bytes(b"%PDF")
        (results / "figures/curve.json").write_text(json.dumps({"n_seeds": [3, 5]}))
        (results / "tables/ends.tex").write_text("\\begin{tabular}{l}1\\end{tabular}\n")
        (results / "numbers.json").write_text(json.dumps({"share": r"80\,\%"}))
        (results / "summary.csv").write_text(SUMMARY)
        (results / "reference.csv").write_text(REFERENCE.format(f"{name} quantity"))
        put_on_record(results)
    config = {"studies": ["former", "second"], "seeds": [0]}
    (tmp_path / "config/config.yaml").write_text(yaml.safe_dump(config))
    told = json.loads(Jobs(load_project(config, tmp_path)).paper.settings)
    made = {"figures": [{"name": "curve", "caption": "A_caption"}], "tables": [TABLE]}
    settings = {
        "shown": [its | made for its in told["shown"]],
        "studies": [its | made | {"has_reference": True} for its in told["studies"]],
        "seeds": told["seeds"],
        "findings": [],
        "smoke": False,
    }
    return argparse.Namespace(
        sources=ROOT / "paper", results=tmp_path / "results", settings=settings
    )


def test_it_is_the_text_what_notebooks_made_and_what_the_config_says(arguments):
    files = _files(arguments)
    text = {path.relative_to(ROOT / "paper").as_posix() for path in sources_of(ROOT / "paper")}
    made = {
        f"{place}"
        for study in ("former", "second")
        for place in (f"figures/{study}/curve.pdf", f"tables/{study}/ends.tex")
    }
    names = ("generated", "studies", "settings", "conditions", "published")
    written = {f"{name}.tex" for name in names}
    assert set(files) == text | made | written
    generated = files["generated.tex"].decode()
    assert r"\onsetdefinenumber{former/share}{80\,\%}" in generated
    assert r"\onsetdefinecaption{figures/second/curve}{A\_caption n = 3 to 5 seeds.}" in generated
    assert r"\section{Half \& half}" in files["studies.tex"].decode()


@pytest.fixture
def asking(arguments, tmp_path) -> Callable[[str], argparse.Namespace]:
    """The same paper with a text of its own."""

    def with_text(text: str) -> argparse.Namespace:
        sources = tmp_path / "paper/sections"
        sources.mkdir(parents=True, exist_ok=True)
        (sources / "former.tex").write_text(text)
        return argparse.Namespace(**{**vars(arguments), "sources": sources.parent})

    return with_text


def test_means_that_the_text_asks_for_are_defined_and_no_others(asking):
    text = "\\onsetmean{former}{one}{near}{rank_of_a.layer_1} and \\onsetmean{elsewhere}{a}{b}{c}"
    generated = _files(asking(text))["generated.tex"].decode()
    assert generated.count("onsetdefinemean") == 1
    assert r"\onsetdefinemean{former/one/near/rank_of_a.layer_1}{−2.2 [−3.0, −1.0]}" in generated


def test_means_that_are_not_there_stop_it_with_their_places(asking):
    text = "One\n\n\\onsetmean{former}{two}{near}{rank_of_a.layer_1}\n\\onsetmean{second}{one}{far}{rank}"
    with pytest.raises(MarkupError) as refused:
        _files(asking(text))
    first, second = str(refused.value).splitlines()
    assert "paper/sections/former.tex:3: " in first
    assert first.endswith("former/summary.csv has no condition 'two'; the nearest: one")
    assert "sections/former.tex:4: " in second
    assert second.endswith("no quantity 'rank'; the nearest: rank_of_a.layer_1")


def test_a_mean_that_the_text_asks_whether_it_is_there_may_be_missing(asking):
    gone = "{former}{one}{near}{gone}"
    files = _files(asking(f"\\onsetifmean{gone}{{\\onsetmean{gone}}}{{none}}"))
    assert "onsetdefinemean" not in files["generated.tex"].decode()
    with pytest.raises(MarkupError, match="no quantity 'gone'"):
        _files(asking(f"\\onsetmean{gone}"))


def test_sentences_that_dont_hold_are_told_and_marked(asking, caplog):
    text = """One.\\onsetholds{former}{one/near/rank_of_a.layer_1:high < -1}
% \\onsetholds{former}{1 < 0}
Two.\\onsetholds{former}{one/near/rank_of_a.layer_1
  < -3} Three.\\onsetholds{second}{share > 0.9} Four.\\onsetholds{elsewhere}{a > 0}
"""
    arguments = asking(text)
    former, _ = arguments.settings["shown"]
    former["holds"] = ["share > 0.7", "share < 0.8"]
    files = _files(arguments)
    title, *lines = caplog.messages[0].splitlines()
    assert "sentences don't hold" in title
    text_of_former = f"{arguments.sources}/sections/former.tex"
    assert lines == [
        "config/studies/former.yaml: holds: share < 0.8 (found: 0.8 < 0.8)",
        f"{text_of_former}:3: one/near/rank_of_a.layer_1 < -3 (found: -2.25 < -3)",
        f"{text_of_former}:4: share > 0.9 (found: 0.8 > 0.9)",
    ]
    marks = [its for its in files["generated.tex"].decode().splitlines() if "broken" in its]
    assert [its.partition("}{")[0] for its in marks] == [
        r"\onsetdefinebroken{former/share < 0.8",
        r"\onsetdefinebroken{former/one/near/rank_of_a.layer_1 < -3",
        r"\onsetdefinebroken{second/share > 0.9",
    ]
    caplog.clear()
    arguments.settings["smoke"] = True
    assert "broken" not in _files(arguments)["generated.tex"].decode()
    assert not caplog.messages


def test_a_claim_about_what_is_not_there_is_named_with_its_place(asking):
    with pytest.raises(
        MarkupError, match=r"former\.tex:1: shares > 0: former has no number 'shares'"
    ):
        _files(asking("\\onsetholds{former}{shares > 0}"))


def test_studies_of_one_title_both_keep_what_is_published(arguments):
    files = _files(arguments)
    for name in ("former", "second"):
        assert f"{name} quantity & 1 & A \\& B & " in files["published.tex"].decode()
    assert r"{paper/n_published}{2}" in files["generated.tex"].decode()


def test_findings_are_told_by_theme_and_the_first_of_each_in_the_abstract(arguments):
    arguments.settings["findings"] = [
        {"study": "second", "theme": "Worlds", "words": "In {share} of cases & more."},
        {"study": "former", "theme": "worlds", "words": "Rank {one/near/rank_of_a.layer_1}."},
    ]
    files = _files(arguments)
    first = r"In \onsetnumber{second/share} of cases \& more."
    assert files["headlines.tex"].decode().splitlines()[1:] == [first]
    assert files["found.tex"].decode().splitlines()[1:] == [
        r"\subsection*{Worlds}",
        r"\onsetfinding{second}{Half \& half}",
        first,
        r"\onsetfinding{former}{Half \& half}",
        r"Rank \onsetmean{former}{one}{near}{rank_of_a.layer_1}.",
    ]
    assert "former/one/near/rank_of_a.layer_1" in files["generated.tex"].decode()


def test_a_number_of_an_abstract_that_is_not_there_is_named(arguments):
    arguments.settings["findings"] = [
        {"study": "former", "theme": None, "words": "In {shares} of cases."}
    ]
    said = r"config/studies/former\.yaml: abstract: 'shares' is no number"
    with pytest.raises(MarkupError, match=said):
        _files(arguments)


def test_only_studies_that_are_shown_are_among_the_findings(tmp_path):
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "workflow/notebooks", tmp_path / "workflow/notebooks")
    config = {"studies": ["reversal", "alias"], "seeds": [0], "paper": False}
    told = json.loads(Jobs(load_project(config, tmp_path)).paper.settings)
    assert [its["study"] for its in told["findings"]] == [its["name"] for its in told["shown"]]


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        (
            "numbers.json",
            '{"share": "\\\\input{x}"}',
            r"former/numbers\.json: share: \\input isn't",
        ),
        ("numbers.json", '{"a}b": "1"}', r"former/numbers\.json: 'a}b': the name of a number"),
        ("tables/ends.tex", "\\write18{x}", r"former/tables/ends\.tex: \\write isn't among"),
        ("reference.csv", "x\n", r"former/reference\.csv: its columns aren't"),
    ],
)
def test_what_no_notebook_of_ours_makes_is_refused(arguments, file, content, says):
    (arguments.results / "former" / file).write_text(content)
    put_on_record(arguments.results / "former")
    with pytest.raises(MarkupError, match=says):
        _files(arguments)


def test_settings_from_elsewhere_name_no_other_folder(arguments):
    for change in ({"name": "../../secrets"}, {"figures": [{"name": "../x", "caption": ""}]}):
        arguments.settings["shown"][0] |= change
        with pytest.raises(MarkupError, match="isn't the name of"):
            _files(arguments)
