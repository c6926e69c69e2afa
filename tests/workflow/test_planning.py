"""Which jobs an edit causes: exactly those that it concerns."""

import itertools
import shutil

import pytest
import yaml

from onset.config.yaml_file import read_yaml

pytestmark = pytest.mark.slow

GENERATED = ("results", ".snakemake")
CONDITIONS = ("plain", "fast", "child")


def pages(study: str) -> set[str]:
    return {f"notebook_{study}", f"pages_{study}", "front_page"}


def told(stages: str, study: str = "tiny") -> set[str]:
    """The jobs that write down what jobs about many conditions are told."""
    return {f"settings {study}/{stage}" for stage in stages.split()}


PAGES = pages("tiny")
AFTER_MEASURES = {"summarise tiny", *PAGES}
"""What comes together from the measures and analyses of all runs of the study."""
REDRAWN = {*PAGES, "notebook_atlas", "pages_atlas"}
TOLD_CODE = told("notebook") | told("notebook", "atlas")
"""Notebooks stamp what they make with their code."""
ATLAS = {"collect_atlas tiny", "combine_atlas", "notebook_atlas", "pages_atlas"}
VIEWS = {"views_tiny"}
"""Of the first seed alone."""
AFTER_RUNS = {*AFTER_MEASURES, *ATLAS, *VIEWS}
"""What comes together from all their checkpoints as well."""
AFTER_TRAINER = {*AFTER_RUNS, *told("notebook")}
"""A notebook can draw the batches of a training again, by the trainer's code."""
OF_RUNS = told("notebook pages summarise") | told("collect_tiny", "atlas")
"""Which runs there are is told to all that look at several."""
OF_CONDITIONS = {*OF_RUNS, *told("combine", "atlas"), *told("views")}
"""Which conditions there are, and what they are called."""


def jobs(
    rules: str, conditions: tuple[str, ...] = CONDITIONS, seed: int = 0, study: str = "tiny"
) -> set[str]:
    """Jobs of several rules and conditions, such as `train tiny/plain/0`."""
    return {
        f"{rule} {study}/{name}/{seed}"
        for rule, name in itertools.product(rules.split(), conditions)
    }


class TestNothing:
    def test_after_a_whole_run(self, finished):
        assert finished.plan() == {}

    def test_when_files_are_only_newer(self, finished):
        """As after a `git checkout`."""
        for path in finished.root.rglob("*"):
            if path.is_file() and path.relative_to(finished.root).parts[0] not in GENERATED:
                path.touch()
        assert finished.plan() == {}

    def test_when_comments_and_docstrings_change(self, finished):
        finished.edit("src/onset/training/loop.py", lambda text: f"# A comment.\n{text}")
        finished.replace("src/onset/tasks/composition.py", '"""Two-hop', '"""Another text. Two-hop')
        assert finished.plan() == {}

    def test_when_a_default_is_spelled_out(self, finished):
        finished.set(finished.study, "training.decay_fraction", 0.0)
        finished.set(finished.study, "model.n_layers", 1)
        finished.set(finished.config, "device", "cpu")
        assert finished.plan() == {}

    def test_when_code_changes_that_no_job_uses(self, finished):
        finished.edit("src/onset/figures/windows.py", lambda text: text + "\n_ADDED = 1\n")
        finished.edit(
            "src/onset/measures/weights/weight_norm.py", lambda text: text + "\n_ADDED = 1\n"
        )
        assert finished.plan() == {}

    def test_when_the_config_learns_a_key_with_a_default(self, finished):
        finished.replace(
            "src/onset/config/study.py",
            "    condition: Name\n",
            "    condition: Name\n    another: int = 1\n",
        )
        assert finished.plan() == {}


class TestConfig:
    def test_a_new_condition_runs_alone(self, finished):
        finished.set(finished.study, "conditions.slow", {"training": {"learning_rate": 1e-4}})
        new = jobs("dataset train evaluate analyse", ("slow",))
        assert set(finished.plan()) == new | AFTER_RUNS | OF_CONDITIONS

    def test_a_removed_condition_runs_nothing(self, finished):
        study = read_yaml(finished.root / finished.study)
        del study["conditions"]["fast"]
        finished.edit(finished.study, lambda _: yaml.safe_dump(study, sort_keys=False))
        assert set(finished.plan()) == AFTER_RUNS | OF_CONDITIONS

    def test_a_renamed_condition_is_a_new_one(self, finished):
        """Its name is its runs' folder. `make orphans` lists what is left of the old one."""
        finished.replace(finished.study, "  fast:", "  quick:")
        new = jobs("dataset train evaluate analyse", ("quick",))
        assert set(finished.plan()) == new | AFTER_RUNS | OF_CONDITIONS

    def test_a_new_seed_runs_alone(self, finished):
        finished.set(finished.config, "seeds", [0, 1])
        new = jobs("dataset train evaluate analyse", seed=1)
        assert set(finished.plan()) == new | AFTER_RUNS - VIEWS | OF_RUNS

    def test_a_seed_of_one_condition_runs_alone(self, finished):
        finished.set(finished.study, "conditions.fast.extra_seeds", [0, 5])
        new = jobs("dataset train evaluate analyse", ("fast",), seed=5)
        assert set(finished.plan()) == new | AFTER_RUNS - VIEWS | OF_RUNS

    def test_a_seed_on_the_command_line(self, finished):
        """As config.yaml says that one may type."""
        new = jobs("dataset train evaluate analyse", seed=7)
        after = AFTER_RUNS | OF_RUNS | told("views")
        assert set(finished.plan("--config", "seeds=[7]")) == new | after

    def test_a_learning_rate_retrains_its_condition_alone(self, finished):
        finished.set(finished.study, "conditions.fast.training.learning_rate", 2e-2)
        after = AFTER_RUNS | told("pages")  # which say what is otherwise
        assert set(finished.plan()) == jobs("train evaluate analyse", ("fast",)) | after

    def test_a_retrained_parent_retrains_its_children(self, finished):
        finished.set(finished.study, "conditions.plain", {"training": {"learning_rate": 2e-3}})
        assert set(finished.plan()) == jobs(
            "train evaluate analyse", ("plain", "child")
        ) | AFTER_RUNS | told("pages")

    def test_a_world_changes_everything_but_other_conditions(self, finished):
        finished.set(finished.study, "conditions.fast.task", {"never_composed": 0.4})
        assert set(finished.plan()) == jobs(
            "dataset train evaluate analyse", ("fast",)
        ) | AFTER_RUNS | told("pages")

    def test_a_new_measure_never_retrains(self, finished):
        finished.set(finished.study, "measures", ["prediction", "weight_norm"])
        assert set(finished.plan()) == jobs("evaluate") | AFTER_MEASURES | told("summarise")

    def test_a_closer_look_measures_and_trains_nothing(self, finished):
        finished.set(finished.study, "analyses", {"names": ["attention"], "checkpoints": 2})
        assert set(finished.plan()) == jobs("analyse") | AFTER_MEASURES

    def test_a_condition_may_do_without(self, finished):
        finished.set(finished.study, "conditions.fast.analyses", {"names": []})
        assert set(finished.plan()) == AFTER_MEASURES | told("notebook pages summarise")

    def test_a_published_value_concerns_the_notebook_alone(self, finished):
        one = {"quantity": "accuracy", "published": "1", "source": "somebody"}
        finished.set(finished.study, "reference", {"one": one})
        beside = 'study.verdict({"one": None})\n'
        finished.edit(finished.notebook, lambda text: text + beside)
        assert set(finished.plan()) == PAGES | told("notebook pages")

    def test_a_caption_runs_the_pages_alone(self, finished):
        finished.set(finished.study, "answer", "In {measurements} words.")
        assert set(finished.plan()) == {"pages_tiny", "front_page"} | told("pages")

    def test_a_theme_concerns_the_front_page_alone(self, finished):
        finished.set(finished.study, "theme", "About {tiny} {study} {{x}")
        assert set(finished.plan()) == {"front_page"}

    def test_a_sweep_runs_its_points_alone(self, finished):
        finished.set(finished.study, "sweep", [{"training.learning_rate": [1e-4, 1e-5]}])
        points = ("learning_rate_0p0001", "learning_rate_1em05")
        new = jobs("dataset train evaluate analyse", points)
        assert set(finished.plan()) == new | AFTER_RUNS | OF_CONDITIONS

    def test_a_figure_more_runs_the_notebook(self, finished):
        finished.set(finished.study, "figures", {"one": "Its caption."})
        finished.name_in_notebook(finished.notebook, ["one"], [])
        assert set(finished.plan()) == PAGES | told("notebook pages")

    def test_a_label_redraws_only(self, finished):
        finished.set(finished.study, "conditions.fast.label", "faster")
        after = told("notebook pages") | told("combine", "atlas")
        assert set(finished.plan()) == {*REDRAWN, "combine_atlas"} | after

    def test_a_learning_rate_is_in_the_paper(self, finished):
        with_a_paper(finished)
        finished.set(finished.study, "conditions.fast.training.learning_rate", 2e-2)
        assert {"settings paper/paper", "paper"} <= set(finished.plan())

    def test_the_paper_is_made_when_it_is_wanted(self, finished):
        finished.set(finished.config, "paper", True)
        assert set(finished.plan()) == {"settings paper/paper", "paper", "front_page"}


class TestCode:
    def test_the_trainer_retrains_and_generates_nothing(self, finished):
        finished.edit("src/onset/training/loop.py", lambda text: text + "\n_ADDED = 1\n")
        assert set(finished.plan()) == jobs("train evaluate analyse") | AFTER_RUNS | told(
            "notebook"
        )

    def test_a_task_begins_with_the_dataset(self, finished):
        finished.edit("src/onset/tasks/composition.py", lambda text: text + "\n_ADDED = 1\n")
        assert set(finished.plan()) == jobs("dataset train evaluate analyse") | AFTER_RUNS

    def test_a_new_key_of_the_training_retrains(self, finished):
        """Even with a default: settings classes are code, and a default may have changed as well."""
        finished.replace(
            "src/onset/training/settings.py",
            "    steps: PositiveInt\n",
            "    steps: PositiveInt\n    another: int = 1\n",
        )
        assert set(finished.plan()) == jobs("train evaluate analyse") | AFTER_RUNS | told(
            "notebook"
        )

    def test_a_task_concerns_its_own_studies_only(self, finished):
        add_study_with_another_task(finished)
        assert finished.plan() == {}
        finished.edit("src/onset/tasks/another.py", lambda text: text + "\n_ADDED = 1\n")
        runs = jobs("dataset train evaluate analyse", study="other")
        its_own = {"summarise other", "collect_atlas other", "views_other", *pages("other")}
        assert set(finished.plan()) == runs | its_own | ATLAS - {"collect_atlas tiny"}

    def test_a_measure_never_retrains(self, finished):
        finished.edit(
            "src/onset/measures/answers/prediction.py", lambda text: text + "\n_ADDED = 1\n"
        )
        assert set(finished.plan()) == jobs("evaluate") | AFTER_MEASURES

    def test_another_label_of_a_quantity_measures_nothing(self, finished):
        finished.replace(
            "src/onset/measures/answers/prediction.py", '"label": "accuracy"', '"label": "right"'
        )
        assert set(finished.plan()) == AFTER_MEASURES | told("summarise")

    def test_an_analysis_measures_and_trains_nothing(self, finished):
        finished.edit(
            "src/onset/analyses/components/attention.py", lambda text: text + "\n_ADDED = 1\n"
        )
        assert set(finished.plan()) == jobs("analyse") | AFTER_MEASURES

    @pytest.mark.parametrize("file", ["transformer/bridge", "transformer/hooks", "inspection"])
    def test_how_models_are_looked_into_trains_and_measures_nothing(self, finished, file):
        finished.edit(f"src/onset/models/{file}.py", lambda text: text + "\n_ADDED = 1\n")
        # The atlas' notebook is told of the code that it may open models with, which is not all of it.
        planned = set(finished.plan()) - told("notebook", "atlas")
        assert planned == jobs("analyse") | AFTER_RUNS | told("notebook")

    def test_what_planning_asks_of_a_family_runs_nothing(self, finished):
        finished.edit(
            "src/onset/models/transformer/planning.py", lambda text: text + "\n_ADDED = 1\n"
        )
        assert finished.plan() == {}

    def test_the_atlas_looks_at_heads_again_and_measures_nothing(self, finished):
        finished.edit(
            "src/onset/collections/atlas/ablation.py", lambda text: text + "\n_ADDED = 1\n"
        )
        assert set(finished.plan()) == {*ATLAS, "front_page"}

    def test_what_a_head_is_called_asks_no_model(self, finished):
        finished.replace("src/onset/collections/atlas/kinds.py", "CLEAR = 0.5", "CLEAR = 0.6")
        assert set(finished.plan()) == {*ATLAS, "front_page"} - {"collect_atlas tiny"} | told(
            "notebook", "atlas"
        )

    def test_a_colour_redraws_only(self, finished):
        finished.replace("src/onset/figures/style.py", '"#3f90da"', '"#3f90db"')
        assert set(finished.plan()) == REDRAWN | TOLD_CODE

    def test_the_text_of_the_paper_concerns_the_paper_alone(self, finished):
        with_a_paper(finished)
        assert finished.plan() == {}
        finished.edit("paper/paper.tex", lambda text: text + "% More.\n")
        assert set(finished.plan()) == {"paper"}

    def test_what_arxiv_is_sent_is_packed_when_asked_for(self, finished):
        with_a_paper(finished)
        assert set(finished.plan("--", "results/paper/arxiv.tar.gz")) == {"arxiv"}

    def test_the_prose_of_a_notebook_runs_the_notebook(self, finished):
        finished.replace(finished.notebook, "# The least", "# Hardly the least")
        assert set(finished.plan()) == PAGES

    def test_a_template_makes_pages(self, finished):
        finished.edit("src/onset/gallery/templates/base.html", lambda text: text + "<!-- -->")
        assert set(finished.plan()) == REDRAWN | TOLD_CODE


def with_a_paper(project) -> None:
    """A finished paper, of which the files are empty, so that no LaTeX is needed."""
    project.set(project.config, "paper", True)
    folder = project.root / "results/paper"
    (folder / "settings").mkdir(parents=True)
    (folder / "settings/paper.json").touch()
    project.write_on_record(folder, "paper", "paper.pdf")
    project.take_for_done()


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


@pytest.mark.parametrize(
    "arguments",
    [(), ("--configfile", "config/smoke.yaml"), ("--configfile", "config/first.yaml")],
    ids=["", "smoke", "first"],
)
def test_the_shipped_config_plans_every_condition_at_every_seed(fresh, arguments):
    shipped = read_yaml(fresh.repository / fresh.config)
    if arguments:
        shipped |= read_yaml(fresh.repository / arguments[1])
    fresh.edit(fresh.config, lambda _: (fresh.repository / fresh.config).read_text())
    planned = fresh.plan(*arguments)
    for study in shipped["studies"]:
        conditions = read_yaml(fresh.root / f"config/studies/{study}.yaml")["conditions"]
        for rule, name, seed in itertools.product(
            ("dataset", "train", "evaluate"), conditions, shipped["seeds"]
        ):
            assert f"{rule} {study}/{name}/{seed}" in planned
        assert f"notebook_{study}" in planned
    assert ("paper" in planned) == shipped["paper"]


def test_braces_in_what_people_write_are_no_wildcards(finished):
    """Neither of the job's own wildcards, nor of others."""
    braced = "{study} {x} {{y}} {"
    for key in ("title", "question", "conditions.fast.label"):
        finished.set(finished.study, key, f"{key} {braced}")
    finished.set(finished.study, "figures", {"one": f"A caption {braced}"})
    finished.set(finished.study, "tables", {"one": f"A caption {braced}"})
    published = {"quantity": braced, "published": braced, "source": braced}
    finished.set(finished.study, "reference", {"one": published})
    finished.set(finished.study, "notebook", {"mine": braced})
    finished.name_in_notebook(finished.notebook, ["one"], ["one"])
    finished.replace(finished.notebook, 'results = "results"\n', "results = ''\nmine = ''\n")
    beside = 'study.verdict({"one": None})\n'
    finished.edit(finished.notebook, lambda text: text + beside)
    finished.set(finished.config, "paper", True)
    assert "notebook_tiny" in finished.plan()


def test_files_left_about_run_nothing(finished):
    for folder in ("src/onset/gallery/templates", "paper", "config/studies", "workflow/notebooks"):
        for name in (".DS_Store", "._one.html", "one.html~", "._one.tex", "._one.yaml", "#one#.py"):
            (finished.root / folder / name).write_text("left about")
    (finished.root / "src/onset/measures/mine.py").write_text("def (:")
    (finished.root / "workflow/notebooks/alias.py").write_text("def (:")
    assert finished.plan() == {}


class TestAWrongConfig:
    """It stops before any work, and says what is wrong rather than where Python was."""

    def stops(self, project, *arguments: str) -> str:
        before = {path for path in project.root.iterdir() if path.name != ".snakemake"}
        done = project.snakemake("--cores", "1", *arguments)
        assert done.returncode == 1
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        assert "in the config:\n" in said
        after = {path for path in project.root.iterdir() if path.name != ".snakemake"}
        assert after == before
        return said

    def test_in_a_study(self, fresh):
        fresh.set(fresh.study, "training.learning_rat", 1e-3)
        fresh.set(fresh.study, "measures", ["predicton"])
        said = self.stops(fresh)
        assert "2 problems in the config:\n" in said
        where = "config/studies/tiny.yaml: "
        assert f"{where}training.learning_rat: unknown key; did you mean learning_rate?" in said
        assert f"{where}measures: unknown measure 'predicton'; did you mean prediction?" in said

    def test_a_device_is_looked_for_where_jobs_run(self, fresh):
        """Planning on a login node needs no GPU; a run here does, before any work."""
        there = ("--config", "device=cuda:99")
        assert "train_tiny_plain" in fresh.plan(*there)
        done = fresh.snakemake("--cores", "1", *there)
        assert done.returncode == 1
        assert "the device cuda:99 isn't there; this machine has: cpu" in done.stdout + done.stderr
        assert not list(fresh.root.glob("results/**/*.safetensors"))

    def test_on_the_command_line(self, fresh):
        assert "device: 'tpu'" in self.stops(fresh, "--config", "device=tpu")
