"""What is said after a failure: of each job that failed in this call, of no other file among the logs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from onset.workflow.call import Call
from snakemake_logger_plugin_onset.estimate import Expected
from tests.unit.test_config import files  # noqa: F401 - a fixture

LOGS = "results/logs/composition"
NOT_MADE = "Not made because of it: summary, figures, tables and page of composition; "
SILENT = "stopped without a word, as when it is cancelled, killed or out of memory"


@dataclass(frozen=True)
class Job:
    """As Snakemake has it."""

    log: tuple[str, ...]
    output: tuple[str, ...]

    def is_group(self) -> bool:
        return False

    def __iter__(self):
        raise AssertionError("asked of groups alone")


@dataclass(frozen=True)
class Group:
    jobs: tuple[Job, ...]
    log = output = ()

    def is_group(self) -> bool:
        return True

    def __iter__(self):
        return iter(self.jobs)


def job(stage: str, seed: int = 0) -> Job:
    run = f"one/seed_{seed}"
    return Job((f"{LOGS}/{run}/{stage}.log",), (f"results/composition/{run}/{stage}.parquet",))


def write(log: str, end: str = "", age: float = -1.0) -> None:
    """A job's log, or another file, so many seconds older than the call."""
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"2026-01-01 12:00:00,000 {end}\n" if end else "on the way\n")
    time = path.stat().st_mtime - age
    os.utime(path, (time, time))


@pytest.fixture
def call(files, monkeypatch) -> Call:  # noqa: F811
    monkeypatch.chdir(files.root)
    return Call(files.load())


def test_each_job_that_failed_has_a_line(call):
    broken, killed, unwritten, stale = (job("train", seed) for seed in range(4))
    write(broken.log[0], "train: the loss is nan")
    write(killed.log[0])
    write(stale.log[0], "train: done in 3.0 s after 1.0 s of start-up", age=60)
    lines = call.failures({broken, killed, unwritten, stale}, ())
    about = "train of composition/one/seed_"
    assert set(lines[:4]) == {
        f"{about}0: the loss is nan ({broken.log[0]})",
        f"{about}1: {SILENT} ({killed.log[0]})",
        f"{about}2: {SILENT}",
        f"{about}3: {SILENT}",
    }
    assert lines[4].startswith(NOT_MADE)
    assert len(lines) == 6


def test_files_of_others_among_the_logs_are_none_of_its_jobs(call):
    write("results/logs/diary.txt")
    write(f"{LOGS}/one/seed_0/mine.log")
    write(f"{LOGS}/one/seed_0/train.log")  # of another call in the same folder
    assert call.failures((), ()) == []


def test_what_ran_when_the_call_was_stopped_did_not_end(call):
    stopped, ended = job("evaluate"), job("evaluate", 1)
    write(stopped.log[0])
    write(ended.log[0], "evaluate: done in 3.0 s after 1.0 s of start-up")
    first, *_ = call.failures((), [stopped, ended])
    assert first == f"evaluate of composition/one/seed_0: {SILENT} ({stopped.log[0]})"


def test_a_job_that_takes_itself_for_done(call):
    done = job("train")
    write(done.log[0], "train: done in 3.0 s after 1.0 s of start-up")
    first, *_ = call.failures([done], ())
    assert "its log says that it is done, and Snakemake, above, that it isn't" in first


def test_jobs_that_are_run_as_one(call):
    lines = call.failures([Group((job("train"), job("evaluate")))], ())
    assert {line.partition(":")[0] for line in lines[:2]} == {
        "train of composition/one/seed_0",
        "evaluate of composition/one/seed_0",
    }


def test_several_runs_trained_as_one_are_of_their_study(call):
    log = "results/logs/train_composition_one.log"
    write(log, "train: the loss is nan")
    run = "results/composition/one/seed_0"
    lines = call.failures([Job((log,), (f"{run}/training.parquet",))], ())
    assert lines[0] == f"train_composition_one: the loss is nan ({log})"
    assert lines[1].startswith(NOT_MADE)


class TestOutlook:
    PAGES = tuple(Job((), (f"results/{its}/index.html",)) for its in ("composition", "alias"))
    RUN = job("train")

    def test_a_first_call_says_where_to_look_meanwhile(self, call):
        said = call.outlook([self.RUN, *self.PAGES], [Expected(("train",))] * 3, cores=2)
        assert said.splitlines() == [
            "3 jobs on 2 cores: the time left is shown from the first minute on.",
            "A study can be read as soon as it is ready, first results/composition/index.html; "
            "results/index.html comes last.",
        ]

    def test_the_first_page_is_that_of_the_first_study_that_is_made_again(self, files):  # noqa: F811
        files.set("config/config.yaml", "studies", ["composition", "alias"])
        said = Call(files.load()).outlook(self.PAGES[1:], [], cores=1)
        assert said.startswith("1 jobs on 1 core: ")
        assert "first results/alias/index.html" in said

    @pytest.mark.parametrize(
        ("seconds", "said"),
        [
            ([600.0, 660.0], "about 10 min"),
            ([600.0, None], "at least 5 min"),
            ([1.0, 1.0], "about 1 min"),
        ],
    )
    def test_what_is_on_record_says_how_long(self, call, seconds, said):
        expected = [Expected(("train",), seconds=its) for its in seconds]
        assert f"2 cores: {said}, going by the last time.\n" in call.outlook(
            self.PAGES, expected, 2
        )

    def test_a_call_without_pages_needs_none(self, call):
        assert call.outlook([self.RUN], [Expected(("train",))], cores=2) == ""
