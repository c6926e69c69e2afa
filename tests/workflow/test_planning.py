"""What is planned, whatever lies about, and a wrong config that is told before."""

import itertools

import pytest

from benchmarks import planning
from onset.config import load_project
from onset.config.yaml_file import read_yaml

pytestmark = pytest.mark.slow

GENERATED = ("results", ".snakemake")


def test_the_project_that_planning_is_timed_with_can_be_planned(tmp_path):
    planning.write_project(tmp_path, n_seeds=1, n_studies=1)
    assert planning.seconds(tmp_path, "-n") > 0
    planning.finish(tmp_path)
    said = planning.snakemake(tmp_path, "-n")
    assert "Nothing to be done" in said


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
            "src/onset/config/study_file.py",
            "    condition: Name\n",
            "    condition: Name\n    another: int = 1\n",
        )
        assert finished.plan() == {}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--configfile", "config/smoke.yaml"),
        ("--configfile", "config/first.yaml"),
        ("--configfile", "config/full.yaml"),
    ],
    ids=["", "smoke", "first", "full"],
)
def test_the_shipped_config_plans_every_condition_at_every_seed(fresh, arguments, monkeypatch):
    shipped = read_yaml(fresh.repository / fresh.config)
    if arguments:
        shipped |= read_yaml(fresh.repository / arguments[1])
    fresh.edit(fresh.config, lambda _: (fresh.repository / fresh.config).read_text())
    planned = fresh.plan(*arguments)
    monkeypatch.chdir(fresh.root)
    for study in load_project(shipped, fresh.root).studies:
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
    published = {"quantity": braced, "published": braced, "source": braced, "above": 0}
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
