"""A mean has one source: the paper, a condition's page and a study's answer say what summary.csv does."""

from __future__ import annotations

import csv
import re
from html import unescape
from pathlib import Path

import pytest

from onset.config.yaml_file import read_yaml
from onset.latex.means_asked import means_asked_for
from onset.latex.sources import sources_of
from tests.results.conftest import PAPER

pytestmark = pytest.mark.smoke

STUDIES = ("alias", "composition", "induction")
"""induction has conditions with more than one seed even in a smoke run, and so intervals"""


@pytest.fixture(params=STUDIES)
def study(request) -> str:
    return request.param


def of_summary(folder: Path) -> dict[str, str]:
    """Each mean as its row has it, put into words here once more."""
    with (folder / "summary.csv").open(encoding="utf-8", newline="") as file:
        return {
            f"{r['condition']}/{r['split']}/{r['measure']}": _said(r) for r in csv.DictReader(file)
        }


def _said(row: dict[str, str]) -> str:
    said = [
        re.sub(r"^-(0\.?0*)$", r"\1", f"{float(row[key]):.{row['digits']}f}").replace("-", "−")
        for key in ("mean", "low", "high")
        if row[key]
    ]
    match said:
        case [mean, low, high]:
            return f"{mean} [{low}, {high}]"
        case [mean]:
            return mean
        case _:
            return "undefined"


def of_pages(folder: Path) -> dict[str, str]:
    """Each mean as the page of its condition shows it, or the study's page if it is of a comparison."""
    found = {}
    for page in (folder / "index.html", *folder.glob("*/index.html")):
        whose = r"\w+(:[\w:]+)?" if page.parent == folder else page.parent.name
        for row in re.findall(r"<tr>(<td>.*?)</tr>", page.read_text(encoding="utf-8")):
            cells = [unescape(cell) for cell in re.findall(r"<td>(.*?)</td>", row)]
            if re.match(f"{whose}/[^/]*/[^/]+$", cells[-1]):
                found[cells[-1]] = cells[-2]
    return found


@pytest.mark.skipif(not PAPER, reason="ONSET_PAPER=no: no LaTeX here")
def test_each_mean_in_the_paper_is_that_of_the_summary_and_of_the_gallery(smoke: Path, study: str):
    sources = {str(path): path.read_bytes() for path in sources_of(Path("paper"))}
    asked = [its for its in means_asked_for(sources) if its.study == study]
    needed = {its.name for its in asked} - {its.name for its in asked if its.whether}
    generated = (smoke / "paper/source/generated.tex").read_text(encoding="utf-8")
    printed = dict(
        re.findall(rf"^\\onsetdefinemean\{{{study}/(.*?)\}}\{{(.*)\}}$", generated, re.MULTILINE)
    )
    assert needed <= set(printed) <= {its.name for its in asked}
    assert len(printed) > 15
    summary, pages = of_summary(smoke / study), of_pages(smoke / study)
    for name, said in printed.items():
        assert said == summary[name] == pages[name], name


def test_every_mean_of_the_summary_is_on_a_page(smoke: Path, study: str):
    assert of_pages(smoke / study) == of_summary(smoke / study)


def test_the_means_in_an_answer_are_those_of_the_summary(smoke: Path):
    front = unescape((smoke / "index.html").read_text(encoding="utf-8"))
    checked = 0
    for name in ("alias", "composition", "chains", "finetuning"):
        answer = read_yaml(Path(f"config/studies/{name}.yaml"))["answer"]
        summary = of_summary(smoke / name)
        shown = re.search(rf'id="{name}".*?class="answer">(.*?)</p>', front, re.DOTALL)
        for mean in re.findall(r"\{([^{}]+/[^{}]*/[^{}]+)\}", answer):
            before = answer[: answer.index("{" + mean + "}")].rpartition("}")[2]
            assert f"{before}{summary[mean]}" in shown[1], mean
            checked += 1
    assert checked >= 9
