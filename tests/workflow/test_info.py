"""What `make info` says about a project: its config, its results, what failed last."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from onset.config import project_of
from onset.config.sources import read_sources
from onset.workflow.commands import info
from onset.workflow.jobs import Jobs

DONE = "2026-01-02 03:04:05,678 train: done in 1.0 s after 0.1 s of start-up\n"
FAILED = """\
2026-01-02 03:04:05,600 tiny/fast/seed_0  goes on from step 5
2026-01-02 03:04:05,678 train: the loss is no longer a number
"""


@pytest.fixture
def here(fresh, monkeypatch):
    """In the tiny project."""
    monkeypatch.chdir(fresh.root)
    return fresh


def about(subject: str, *options: str) -> list[str]:
    tell = getattr(info.ProjectHere([], list(options)), subject.replace(" ", "_"))
    lines = info.told(subject, tell).splitlines()
    return [line[14:] for line in lines]


def log(name: str, text: str, time: int) -> None:
    path = Path("results/logs") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time, time))


def planned() -> list[Path]:
    return list(map(Path, Jobs(project_of(read_sources(Path()), Path())).everything))


class TestConfig:
    def test_what_is_run(self, here):
        assert about("config") == [
            "studies (number of conditions): tiny (3)",
            "seeds: 0; device: cpu; threads: 1",
            "paper: False",
        ]

    def test_with_the_calls_own_options(self, here):
        lines = about("config", "seeds=[4,5]")
        assert lines[0] == "given: seeds=[4,5]"
        assert "seeds: 4–5; device: cpu; threads: 1" in lines

    def test_what_was_changed_since_the_commit(self, here):
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
        for words in (["init"], ["add", "config"], ["commit", "-m", "all"]):
            info.subprocess.run(["git", *who, *words], check=True, capture_output=True)
        assert "changed since the commit:" not in about("config")
        here.replace(here.study, "steps: 10", "steps: 12")
        shown = about("config")
        place = shown.index("changed since the commit:")
        assert shown[place + 1 :] == [f"+++ b/{here.study}", "-  steps: 10", "+  steps: 12"]

    def test_mistakes_are_told_and_do_not_hide_the_last_failure(self, here):
        here.set(here.config, "seeds", [])
        log("tiny/fast/seed_0/train.log", FAILED, 1000)
        assert about("config")[0] == "1 problem in the config:"
        assert about("results") == ["not counted: the config has to be right first"]
        assert about("last failure")[0].startswith("tiny/fast/seed_0/train, ")


class TestResults:
    def test_nothing_yet(self, here):
        assert about("results") == [f"0 of {len(planned())} planned files in results"]

    def test_what_is_there_is_counted_by_study(self, here):
        files = planned()
        mine = [path for path in files if path.parts[1] == "tiny"]
        for path in mine[:3]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        there, begun, nothing = about("results")
        assert there == f"3 of {len(files)} planned files in results"
        assert begun == f"incomplete: tiny 3 of {len(mine)}"
        assert nothing.startswith("nothing yet: ")
        assert "tiny" not in nothing

    def test_all(self, here):
        for path in planned():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        n = len(planned())
        assert about("results") == [f"{n} of {n} planned files in results"]
        Path(".snakemake/locks").mkdir(parents=True)
        Path(".snakemake/locks/0.input.lock").touch()
        assert about("results")[1] == "the folder is locked: Snakemake is running, or was killed"


class TestLastFailure:
    def test_without_logs(self, here):
        assert about("last failure") == ["none: no job has left a log"]

    def test_where_all_went_well(self, here):
        log("tiny/plain/seed_0/train.log", DONE, 1000)
        log("tiny/settings_notebook.log", "", 2000)  # Snakemake's own
        log("benchmark_startup.log", "stage,jobs\n", 3000)
        assert about("last failure") == ["none: each job that left a log ended well"]

    def test_the_newest_with_its_last_lines(self, here):
        log("tiny/fast/seed_0/train.log", FAILED, 2000)
        log("tiny/plain/seed_0/train.log", FAILED.replace("fast", "plain"), 1000)
        log("tiny/summarise.log", DONE, 3000)
        first, *lines = about("last failure")
        assert first.startswith("tiny/fast/seed_0/train, 1970-01-0")
        assert lines == [f"| {line}" for line in FAILED.splitlines()]

    def test_long_ones_are_cut_and_their_paths_shortened(self, here):
        text = FAILED + "".join(f'File "{here.root}/src/{i}.py"\n' for i in range(100))
        log("tiny/fast/seed_0/train.log", text, 1000)
        _, *lines = about("last failure")
        assert len(lines) == 15
        assert lines[-1] == '| File "./src/99.py"'


def test_the_command_tells_all_of_it_in_order(here):
    shutil.rmtree("paper")
    done = here.python("-P", "-m", "onset.workflow.commands.info", "--config", "seeds=[7]")
    assert done.returncode == 0, done.stderr
    subjects = [line[:14].strip() for line in done.stdout.splitlines()]
    assert [its for its in subjects if its] == ["packages", "config", "results", "last failure"]
    assert "unknown (" not in done.stdout
    assert "given: seeds=[7]" in done.stdout
    assert str(here.root) not in done.stdout
