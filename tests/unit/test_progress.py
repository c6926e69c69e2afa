"""How far a call of Snakemake is: what is counted, how long it should still take, where it is shown."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import TestLogHandlerBase

from onset.config import load_project
from onset.config.yaml_file import read_yaml
from onset.workflow.durations import Durations
from snakemake_logger_plugin_onset import LogHandler, LogHandlerSettings
from snakemake_logger_plugin_onset.estimate import Estimate, Expected
from snakemake_logger_plugin_onset.line import new_line
from snakemake_logger_plugin_onset.progress import Progress
from tests.workflow.conftest import ROOT


class TestAsSnakemakeTestsPlugins(TestLogHandlerBase):
    """It takes every message that Snakemake has."""

    __test__ = True

    def get_log_handler_cls(self):
        return LogHandler

    def get_log_handler_settings(self):
        return LogHandlerSettings()

    @pytest.fixture(autouse=True)
    def _ends(self):
        """Each handler is closed, as Snakemake does."""
        self._made = []
        yield
        for handler in self._made:
            handler.close()

    def _create_handler(self):
        self._made.append(super()._create_handler())
        return self._made[-1]


def run(estimate: Estimate, *jobs: tuple[int, str, float, float]) -> None:
    for job, rule, start, end in jobs:
        estimate.start(job, rule, start)
        estimate.finish(job, end)


class TestEstimate:
    def test_nothing_is_known_before_a_job_has_ended(self):
        estimate = Estimate({"train": 2}, began=0)
        estimate.start(0, "train", 0)
        assert estimate.left(5) is None

    def test_a_rules_jobs_take_what_they_have_taken(self):
        estimate = Estimate({"train": 4, "page": 3}, began=0)
        run(estimate, (0, "train", 0, 10), (1, "page", 10, 11))
        assert estimate.left(11) == 3 * 10 + 2 * 1

    def test_jobs_side_by_side_take_half_the_time(self):
        estimate = Estimate({"train": 4}, began=0)
        run(estimate, (0, "train", 0, 10), (1, "train", 0, 10))
        assert estimate.left(10) == 10

    def test_of_what_runs_only_the_rest_is_left(self):
        estimate = Estimate({"train": 2}, began=0)
        run(estimate, (0, "train", 0, 10))
        estimate.start(1, "train", 10)
        assert estimate.left(14) == 6
        assert estimate.left(30) == 0

    def test_a_larger_job_takes_longer(self):
        estimate = Estimate({"train": 2}, began=0)
        estimate.expect({0: Expected(("train", "a"), 100), 1: Expected(("train", "b"), 300)})
        run(estimate, (0, "train", 0, 10))
        assert estimate.left(10) == 30

    def test_the_narrowest_kind_tells(self):
        estimate = Estimate({"train": 4}, began=0)
        kinds = {0: "a", 1: "b", 2: "b", 3: "c"}
        estimate.expect({job: Expected(("train", kind)) for job, kind in kinds.items()})
        run(estimate, (0, "train", 0, 10), (1, "train", 10, 12))
        assert estimate.left(12) == 2 + 6

    def test_a_record_is_believed_and_scaled_by_what_this_call_finds(self):
        estimate = Estimate({"train": 3}, began=0)
        kind = ("train", "a")
        estimate.expect({job: Expected(kind, 1, seconds=10 * (job + 1)) for job in range(3)})
        run(estimate, (0, "train", 0, 20))  # twice what it took before
        assert estimate.left(20) == 2 * (20 + 30)

    def test_a_failed_job_is_still_to_be_done(self):
        estimate = Estimate({"train": 2}, began=0)
        run(estimate, (0, "train", 0, 10))
        estimate.start(1, "train", 10)
        estimate.fail(1, 15)
        assert estimate.left(15) == 10


def message(event: str, **attributes) -> SimpleNamespace:
    return SimpleNamespace(event=event, **attributes)


class TestWords:
    def started(self) -> Progress:
        progress = Progress({"train": 3, "all": 1, "total": 4}, now=0)
        wildcards = {"study": "alias", "condition": "plain", "seed": "0"}
        progress.hear(
            message(LogEvent.JOB_INFO, jobid=7, rule_name="train", wildcards=wildcards), now=0
        )
        return progress

    def test_of_a_call_that_runs(self):
        progress = self.started()
        assert progress.now(5) == "0/4 jobs in 0:05, time left not known yet: train alias/plain/0"
        progress.hear(message(LogEvent.JOB_FINISHED, job_id=7), now=1900)
        progress.hear(message(LogEvent.PROGRESS, done=1, total=4), now=1900)
        assert progress.now(1900) == "1/4 jobs in 31:40, about 1 h 35 min left"

    def test_of_one_that_ends_too_early(self):
        progress = self.started()
        progress.hear(message(LogEvent.JOB_ERROR, jobid=7), now=3700)
        assert progress.end(3700) == "0/4 jobs in 1:01:40, 1 failed"

    def test_a_job_that_is_tried_again_has_not_failed(self):
        progress = self.started()
        progress.hear(message(LogEvent.JOB_ERROR, jobid=7), now=1)
        progress.hear(message(LogEvent.JOB_INFO, jobid=7, rule_name="train", wildcards={}), now=2)
        assert "failed" not in progress.end(3)

    def test_a_whole_call_needs_no_last_word(self):
        progress = self.started()
        progress.hear(message(LogEvent.PROGRESS, done=4, total=4), now=1)
        assert progress.end(1) == ""


def test_where_there_is_no_terminal_a_line_a_minute_is_enough():
    stream = io.StringIO()
    line = new_line(stream, now=0.0)
    for second in range(150):
        line.show(1, 2, f"after {second}", now=float(second))
    assert stream.getvalue() == "after 60\nafter 120\n"


@dataclass
class Job:
    jobid: int
    rule: SimpleNamespace
    wildcards: Mapping[str, str] = field(default_factory=dict)
    log: tuple[str, ...] = ()


class TestDurations:
    """Of a project with two studies, by the logs in its results."""

    @pytest.fixture
    def results(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        return tmp_path / "results"

    @pytest.fixture
    def expected(self, results):
        config = read_yaml(ROOT / "config/config.yaml") | {"studies": ["alias", "composition"]}
        project = load_project(config, ROOT)

        def expected(rule: str, log: str = "", **wildcards: str) -> Expected:
            logs = (f"results/logs/{log}",) if log else ()
            job = Job(3, SimpleNamespace(name=rule), wildcards, logs)
            (found,) = Durations(project).expected([job]).items()
            assert found[0] == 3
            return found[1]

        return expected

    @staticmethod
    def leave(results, log: str, *lines: str) -> None:
        path = results / "logs" / log
        path.parent.mkdir(parents=True)
        path.write_text("".join(f"2026-01-01 00:00:00,000 {line}\n" for line in lines))

    def test_its_own_log_tells(self, results, expected):
        log = "composition/two_layers/seed_0/train.log"
        self.leave(results, log, "step 1", "train: done in 12.5 s after 0.5 s of start-up")
        its = expected("train", log, study="composition", condition="two_layers", seed="0")
        assert its == Expected(("train", "composition"), 3000, 13.0)

    def test_a_log_of_a_failure_does_not(self, results, expected):
        log = "composition/two_layers/seed_0/train.log"
        self.leave(results, log, "train: the loss is nan")
        its = expected("train", log, study="composition", condition="two_layers", seed="0")
        assert its.seconds is None

    def test_otherwise_the_like_of_it_in_its_study(self, results, expected):
        done = "train: done in 30.0 s after 0.0 s of start-up"
        self.leave(results, "composition/two_layers/seed_0/train.log", done)
        self.leave(results, "alias/gone/seed_0/train.log", done)
        new = {"condition": "shared_twice", "seed": "0"}
        assert expected("train", study="composition", **new).seconds == 30.0
        assert expected("evaluate", study="composition", **new).seconds is None
        assert expected("train", study="alias", condition="tied", seed="0").seconds is None

    def test_rules_that_are_named_after_what_they_make(self, expected):
        assert expected("notebook_alias").kind == ("notebook", "alias")
        assert expected("train_alias_tied") == Expected(("train", "alias"), 1500)
        assert expected("train_alias_tied_0") == Expected(("train", "alias"), 1500)
        assert expected("front_page").kind == ("front_page",)
