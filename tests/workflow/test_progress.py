"""Progress beside Snakemake's own messages: on a terminal and elsewhere, of calls that end in all ways."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SNAKEFILE = """\
rule all:
    input: "a", "b"

rule quick:
    output: "a"
    shell: "echo a job speaks >&2; touch {output}"

rule other:
    input: "a"
    output: "b"
    log: "other.log"
    shell: "OTHER"

rule inside:
    output: "c"
    run: open(output[0], "w").close()
"""


class Call:
    """Calls of Snakemake in a folder of a few jobs."""

    def __init__(self, folder: Path, other: str = "touch {output}") -> None:
        self._folder = folder
        (folder / "Snakefile").write_text(SNAKEFILE.replace("OTHER", other))

    def start(self, *arguments: str, **streams) -> subprocess.Popen:
        command = ["-m", "snakemake", "--logger", "onset", "--cores", "1", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm"}
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self._folder,
            env=environment,
            # Tests that run in the background of a shell ignore Ctrl-C, and so would the call.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **streams,
        )

    def said(self, *arguments: str, status: int = 0) -> str:
        """What it writes where there is no terminal."""
        with self.start(
            *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as call:
            text = call.communicate()[0]
        assert call.returncode == status, text
        assert "Traceback" not in text
        return text

    def drawn(self, *arguments: str, status: int = 0) -> str:
        """What it writes on a terminal of 24 lines of 100 characters."""
        try:
            reading, writing = pty.openpty()
        except OSError as error:
            pytest.skip(f"no terminal can be had here: {error}")
        termios.tcsetwinsize(writing, (24, 100))
        with self.start(*arguments, stdout=writing, stderr=writing) as call:
            os.close(writing)
            text = b""
            while part := _read(reading):
                text += part
        os.close(reading)
        assert call.returncode == status, text
        return text.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 10_000)
    except OSError:  # how a terminal says that nobody writes to it any more
        return b""


@pytest.fixture
def call(tmp_path) -> Call:
    return Call(tmp_path)


pytestmark = pytest.mark.slow


def test_elsewhere_jobs_speak_and_are_not_counted(call, tmp_path):
    said = call.said()
    assert "a job speaks" in said
    assert "Job stats:" in said
    for counted in ("Select jobs", "Execute 1 jobs", "Finished jobid", "steps (", "jobs in"):
        assert counted not in said
    (log,) = tmp_path.glob(".snakemake/log/*.log")
    assert "3 of 3 steps (100%) done" in log.read_text()


def test_on_a_terminal_the_last_line_is_drawn_and_what_jobs_say_scrolls_above(call):
    drawn = call.drawn()
    lines = re.findall(r"\x1b7\x1b\[24;1H([^\x1b]*)\x1b\[K\x1b8", drawn)
    assert lines[0].startswith("  0%|")
    assert "0/3 jobs in 0:00, time left not known yet" in lines[0]
    assert any(line.endswith("time left not known yet: quick") for line in lines)
    assert any("1/3 jobs in 0:0" in line and "less than a minute left" in line for line in lines)
    assert max(map(len, lines)) < 100
    assert (
        "a job speaks" in drawn
    )  # sooner or later than the first line, which another thread draws
    before, _, _ = drawn.partition("\x1b[24;1H")
    assert "\x1b[1;23r" in before  # lines 1 to 23 scroll
    assert drawn.endswith("\x1b7\x1b[r\x1b[24;1H\x1b[K\x1b8")  # all lines, and the last one wiped


def test_a_flag_brings_back_snakemakes_own_lines(call):
    said = call.said("--logger-onset-plain")
    assert "2 of 3 steps (67%) done" in said
    assert "jobs in" not in said


def test_who_wants_no_progress_gets_none(call):
    assert "jobs in" not in call.drawn("--quiet", "progress")


def test_a_dry_run_is_as_ever(call):
    said = call.said("-n")
    assert "rule other:" in said
    assert "This was a dry-run" in said
    assert "jobs in" not in call.drawn("-n")


@pytest.mark.parametrize("draw", [False, True], ids=["elsewhere", "terminal"])
def test_an_error_is_told_in_full(tmp_path, draw):
    call = Call(tmp_path, "echo it broke > {log}; exit 3")
    said = (call.drawn if draw else call.said)("--show-failed-logs", status=1)
    assert "Error in rule other:" in said
    assert "it broke" in said
    assert "At least one job did not complete successfully" in said
    assert "1/3 jobs in 0:0" in said
    assert ", 1 failed" in said


def test_a_job_that_is_a_call_of_snakemake_itself_shows_none(call, tmp_path):
    drawn = call.drawn("c")
    assert (tmp_path / "c").exists()
    assert "0/1 jobs" in drawn
    assert drawn.count("Job stats:") == 1


def test_an_interrupted_call_says_how_far_it_was(tmp_path):
    call = Call(tmp_path, "touch started; sleep 60; touch {output}")
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with call.start(**streams, start_new_session=True) as running:
        while not (tmp_path / "started").exists():
            assert running.poll() is None
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)  # as Ctrl-C does
        said = running.communicate()[0]
    assert running.returncode == 1
    assert "1/3 jobs in" in said
    assert "Traceback" not in said
    assert "jobs in" not in call.said("--unlock")


def test_calls_that_run_nothing_are_as_ever(call):
    assert "Lints for" in call.said("--lint", status=1)
    call.said()
    assert "Nothing to be done" in call.said()
