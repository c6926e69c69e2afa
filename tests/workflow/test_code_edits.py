"""Which jobs an edit of code, notebooks or templates causes: exactly those that it concerns."""

import shutil

import pytest
import yaml

from onset.config.yaml_file import read_yaml
from tests.workflow.planned import (
    AFTER_MEASURES,
    AFTER_RUNS,
    ATLAS,
    PAGES,
    REDRAWN,
    TOLD_CODE,
    jobs,
    pages,
    told,
    with_a_paper,
)

pytestmark = pytest.mark.slow


def test_the_trainer_retrains_and_generates_nothing(finished):
    finished.edit("src/onset/training/loop.py", lambda text: text + "\n_ADDED = 1\n")
    assert set(finished.plan()) == jobs("train evaluate analyse") | AFTER_RUNS | told("notebook")


def test_a_task_begins_with_the_dataset(finished):
    finished.edit("src/onset/tasks/composition.py", lambda text: text + "\n_ADDED = 1\n")
    assert set(finished.plan()) == jobs("dataset train evaluate analyse") | AFTER_RUNS


def test_a_new_key_of_the_training_retrains(finished):
    """Even with a default: settings classes are code, and a default may have changed as well."""
    finished.replace(
        "src/onset/training/settings.py",
        "    recorded: bool = False\n",
        "    recorded: bool = False\n    another: int = 1\n",
    )
    assert set(finished.plan()) == jobs("train evaluate analyse") | AFTER_RUNS | told("notebook")


def test_a_task_concerns_its_own_studies_only(finished):
    add_study_with_another_task(finished)
    assert finished.plan() == {}
    finished.edit("src/onset/tasks/another.py", lambda text: text + "\n_ADDED = 1\n")
    runs = jobs("dataset train evaluate analyse", study="other")
    its_own = {"summarise other", "collect_atlas other", "views_other", *pages("other")}
    assert set(finished.plan()) == runs | its_own | ATLAS - {"collect_atlas tiny"}


def test_a_measure_never_retrains(finished):
    finished.edit("src/onset/measures/answers/prediction.py", lambda text: text + "\n_ADDED = 1\n")
    assert set(finished.plan()) == jobs("evaluate") | AFTER_MEASURES


def test_another_label_of_a_quantity_measures_nothing(finished):
    finished.replace(
        "src/onset/measures/answers/prediction.py", '"label": "accuracy"', '"label": "right"'
    )
    assert set(finished.plan()) == AFTER_MEASURES | told("summarise")


def test_an_analysis_measures_and_trains_nothing(finished):
    finished.edit(
        "src/onset/analyses/components/attention.py", lambda text: text + "\n_ADDED = 1\n"
    )
    assert set(finished.plan()) == jobs("analyse") | AFTER_MEASURES


@pytest.mark.parametrize("file", ["transformer/bridge", "transformer/hooks", "inspection"])
def test_how_models_are_looked_into_trains_and_measures_nothing(finished, file):
    finished.edit(f"src/onset/models/{file}.py", lambda text: text + "\n_ADDED = 1\n")
    # The atlas' notebook is told of the code that it may open models with, which is not all of it.
    planned = set(finished.plan()) - told("notebook", "atlas")
    assert planned == jobs("analyse") | AFTER_RUNS | told("notebook")


def test_what_planning_asks_of_a_family_runs_nothing(finished):
    finished.edit("src/onset/models/transformer/planning.py", lambda text: text + "\n_ADDED = 1\n")
    assert finished.plan() == {}


def test_the_atlas_looks_at_heads_again_and_measures_nothing(finished):
    finished.edit("src/onset/collections/atlas/ablation.py", lambda text: text + "\n_ADDED = 1\n")
    assert set(finished.plan()) == {*ATLAS, "front_page"}


def test_what_a_head_is_called_asks_no_model(finished):
    finished.replace("src/onset/collections/atlas/kinds.py", "CLEAR = 0.5", "CLEAR = 0.6")
    assert set(finished.plan()) == {*ATLAS, "front_page"} - {"collect_atlas tiny"} | told(
        "notebook", "atlas"
    )


def test_a_colour_redraws_only(finished):
    finished.replace("src/onset/figures/style.py", '"#3f90da"', '"#3f90db"')
    assert set(finished.plan()) == REDRAWN | TOLD_CODE


def test_the_text_of_the_paper_concerns_the_paper_alone(finished):
    with_a_paper(finished)
    assert finished.plan() == {}
    finished.edit("paper/paper.tex", lambda text: text + "% More.\n")
    assert set(finished.plan()) == {"paper"}


def test_what_arxiv_is_sent_is_packed_when_asked_for(finished):
    with_a_paper(finished)
    assert set(finished.plan("--", "results/paper/arxiv.tar.gz")) == {"arxiv"}


def test_the_prose_of_a_notebook_runs_the_notebook(finished):
    finished.replace(finished.notebook, "# The least", "# Hardly the least")
    assert set(finished.plan()) == PAGES


def test_a_template_makes_pages(finished):
    finished.edit("src/onset/gallery/templates/base.html", lambda text: text + "<!-- -->")
    assert set(finished.plan()) == REDRAWN | TOLD_CODE


def add_study_with_another_task(project) -> None:
    """A second study that counts as finished: its results are copies of the first one's."""
    task = (project.root / "src/onset/tasks/composition.py").read_text()
    renamed = task.replace('Literal["composition"]', 'Literal["another"]')
    assert renamed != task
    (project.root / "src/onset/tasks/another.py").write_text(renamed)
    study = read_yaml(project.root / project.study)
    study["task"]["name"] = "another"
    (project.root / "config/studies/other.yaml").write_text(yaml.safe_dump(study))
    shutil.copy2(project.root / project.notebook, project.root / "workflow/notebooks/other.py")
    shutil.copytree(project.root / "results/tiny", project.root / "results/other")
    told = project.root / "results/atlas/settings"
    shutil.copy2(told / "collect_tiny.json", told / "collect_other.json")
    project.write_on_record(
        project.root / "results/atlas/studies", "collect_of_other", "other.parquet"
    )
    project.set(project.config, "studies", ["tiny", "other"])
    project.take_for_done()
