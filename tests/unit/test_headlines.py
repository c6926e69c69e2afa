"""The tables of what finished studies found, for docs/full.md."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from onset.config import project_of
from onset.config.sources import read_sources
from onset.store.atomic import write_text
from onset.store.origin import DamagedFileError
from onset.store.recording import recorded
from onset.workflow.commands import headlines
from setup.packages import ROOT

FULL = ROOT / "config/full.yaml"
SUMMARY = """\
condition,split,measure,kind,digits,n_seeds,mean,low,high
tied,ood,accuracy,share,2,10,0.97,0.95,0.98
untied,ood,accuracy,share,2,10,0.05,0.04,0.06
untied_self_naming,ood,accuracy,share,2,10,0.96,0.9,0.98
facts_20,ood,accuracy,share,2,10,0.23,0.11,0.4
constant_rate,ood,accuracy,share,2,3,0.61,0.5,0.7
decay_0_1,ood,accuracy,share,2,3,0.13,0.1,0.2
no_alias_facts,ood,accuracy,share,2,3,0.04,0.03,0.05
"""
COLUMNS = "quantity,published,source,set_up,value,border,ours,low,high,agrees"


@pytest.fixture(scope="module")
def project():
    return project_of(read_sources(ROOT, [FULL], ["studies=[alias]"]), ROOT)


@pytest.fixture
def here(tmp_path, monkeypatch, project):
    """In a folder with what the study found, as far as it is read."""
    monkeypatch.chdir(tmp_path)
    folder = Path(project.results, "alias")
    folder.mkdir(parents=True)
    published = project.studies["alias"].file.reference
    rows = [
        f'"{its.quantity}","{its.published}","{its.source}",other,,below 0.06,0.04,0.03,0.05,yes'
        for its in published.values()
    ]
    found = {
        "summary.csv": SUMMARY,
        "numbers.json": json.dumps({"guess/ood": r"0.08\,\%"}),
        "reference.csv": "\n".join([COLUMNS, *rows, ""]),
    }
    for name, text in found.items():
        with recorded(folder, name.split(".")[0], name):
            write_text(folder / name, text)
    return folder


def tables(project) -> list[list[str]]:
    return [its.splitlines() for its in "\n".join(headlines.headlines(project)).split("\n\n")]


def test_every_number_of_the_answer_with_its_seeds(here, project):
    quoted, *_ = tables(project)
    assert quoted[0] == "| study | number | found | seeds |"
    assert quoted[2:] == [
        "| alias | `tied/ood/accuracy` | 0.97 [0.95, 0.98] | 10 |",
        "| alias | `untied/ood/accuracy` | 0.05 [0.04, 0.06] | 10 |",
        "| alias | `untied_self_naming/ood/accuracy` | 0.96 [0.90, 0.98] | 10 |",
        "| alias | `guess/ood` | 0.08\u202f% |  |",
        "| alias | `facts_20/ood/accuracy` | 0.23 [0.11, 0.40] | 10 |",
        "| alias | `constant_rate/ood/accuracy` | 0.61 [0.50, 0.70] | 3 |",
        "| alias | `decay_0_1/ood/accuracy` | 0.13 [0.10, 0.20] | 3 |",
    ]


def test_variants_beside_what_they_are_variants_of(here, project):
    _, variants, _ = tables(project)
    assert variants[2:] == [
        "| alias | tied: constant rate | `constant_rate/ood/accuracy` | 0.61 [0.50, 0.70] | 3 | "
        "0.97 [0.95, 0.98] |",
        "| alias | tied: no facts of aliases | `no_alias_facts/ood/accuracy` | 0.04 [0.03, 0.05] | 3 | "
        "0.97 [0.95, 0.98] |",
    ]


def test_published_values_that_this_config_alone_has(here, project):
    *_, published = tables(project)
    (row,) = published[2:]
    assert "at most .06: 300 copies" in row
    assert row.endswith("| below 0.06 | 0.04 [0.03, 0.05] | yes |")


def test_without_additions_there_is_no_such_table(here, project):
    plain = project_of(read_sources(ROOT, [], ["studies=[alias]", "results=results/full"]), ROOT)
    assert all("published" not in lines[0] for lines in tables(plain))


def test_what_stands_in_a_cell_leaves_the_table_whole():
    (line,) = [*headlines._table(("one",), [("a | b",)])][2:3]
    assert line == r"| a \| b |"


def test_before_results_are_there_it_says_so_in_a_line(tmp_path, monkeypatch, project):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["headlines"])
    monkeypatch.setattr(headlines, "read_project", lambda files, options: project)
    with pytest.raises(SystemExit, match=r"^nothing to report yet: .*numbers\.json"):
        headlines.main()


def test_a_summary_that_nobody_made_is_not_believed(here, project):
    (here / "summary.csv").write_text(SUMMARY.replace("0.97", "0.99"))
    with pytest.raises(DamagedFileError):
        list(headlines.headlines(project))
