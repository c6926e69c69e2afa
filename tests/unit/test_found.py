"""The end of `make first`: what was found, the page that shows it, and how to go on."""

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
from onset.workflow.commands import found
from setup.packages import ROOT

FIRST = Path("config/first.yaml")
CARD = {
    "title": "Something",
    "question": "Does it " + "really " * 30 + "happen?",
    "answer": "In 0.70 of cases [0.60, 0.80].",
    "broken": ["share > 0.9 (found: 0.7 > 0.9)"],
    "n_conditions": 2,
    "n_runs": 6,
}


@pytest.fixture(scope="module")
def project():
    return project_of(read_sources(ROOT, [ROOT / FIRST]), ROOT)


@pytest.fixture
def here(tmp_path, monkeypatch, project) -> Path:
    """In a folder with the results of that project, as far as they are read."""
    monkeypatch.chdir(tmp_path)
    for name in project.studies:
        folder = Path(project.results, name)
        folder.mkdir(parents=True)
        with recorded(folder, "gallery", "card.json"):
            write_text(folder / "card.json", json.dumps(CARD))
    return tmp_path


def test_it_is_one_of_the_shipped_studies_with_intervals_in_a_folder_of_its_own(project):
    shipped = project_of(read_sources(ROOT), ROOT)
    (name,) = project.studies
    assert name in shipped.studies
    assert project.seeds == shipped.seeds
    assert len(project.seeds) >= 3
    assert project.results == "results/first"
    assert not project.settings.paper
    assert not project.settings.smoke
    # All conditions, the null control among them: nothing that the claim needs is left out.
    assert list(project.studies[name].conditions) == list(shipped.studies[name].conditions)


def test_a_study_may_have_no_answer(here, project):
    (name,) = project.studies
    folder = Path(project.results, name)
    with recorded(folder, "gallery", "card.json"):
        write_text(folder / "card.json", json.dumps({**CARD, "answer": None}))
    said = list(found.found(project, [FIRST]))
    assert "  Does it" in "\n".join(said)
    assert CARD["answer"] not in "\n".join(said)


def test_it_costs_a_small_part_of_the_study(project):
    shipped = project_of(read_sources(ROOT), ROOT)
    for name, study in project.studies.items():
        for condition, its in study.conditions.items():
            own = shipped.condition(name, condition).training
            examples = its.training.steps * its.training.batch_size
            assert examples * 5 <= own.steps * own.batch_size


def test_what_was_found_and_where(project, here):
    lines = list(found.found(project, [FIRST]))
    text = "\n".join(lines)
    (name,) = project.studies
    assert "Something: 2 conditions, 6 runs" in lines
    assert "  In 0.70 of cases [0.60, 0.80]." in lines
    assert "  This doesn't hold with these settings: share > 0.9 (found: 0.7 > 0.9)" in lines
    assert f"  page      results/first/{name}/index.html" in lines
    assert " ".join(CARD["question"].split()) in " ".join(text.split())
    assert f"The settings of {name} are not the study's own but those in config/first.yaml" in text
    assert f"make reproduce ARGS='--config studies=[{name}]'" in text
    assert max(map(len, lines)) <= 110


def test_with_the_studys_own_settings_nothing_is_said_of_others(here, project):
    (name,) = project.studies
    own = project_of(read_sources(ROOT, [], [f"studies=[{name}]", "results=results/first"]), ROOT)
    assert "not the study's own" not in "\n".join(found.found(own, []))


def test_what_pages_it_names_are_there():
    lines = "\n".join(found.GO_ON)
    assert (ROOT / "docs/tour.md").exists()
    assert "docs/tour.md" in lines


def test_before_the_pages_are_there_it_says_so_in_a_line(tmp_path, monkeypatch, project):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["found"])
    monkeypatch.setattr(found, "read_project", lambda files, options: project)
    with pytest.raises(SystemExit, match=r"^nothing to report yet: .*card\.json"):
        found.main()


def test_a_card_that_nobody_made_is_not_believed(project, here):
    (name,) = project.studies
    Path(project.results, name, "card.json").write_text(json.dumps({**CARD, "answer": "always"}))
    with pytest.raises(DamagedFileError):
        list(found.found(project, [FIRST]))
