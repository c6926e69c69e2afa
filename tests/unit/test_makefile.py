"""What make's switches do: those on its command line, and nothing that a shell exports."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from onset.workflow.commands.project import add_config_arguments
from onset.workflow.commands.snakemake import caches, forced, joined, repeated
from setup.packages import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")

# A Python that says how it was called, and with what of the environment; it has nothing of Onset.
PYTHON = """#!/bin/sh
case "$*" in "-I -c"*) exit FITS;; esac  # whether it is the right Python
echo "CALL $(basename "$0") $*" >> "$HOME/said"
switches="$ONSET_PAPER $ONSET_WEIGHTS $ONSET_BROWSER [$ONSET_TORCH] [$UPGRADE] [$PYTHONPATH$PYTHONHOME]"
echo "SWITCHES $switches" >> "$HOME/said"
"""
SWITCHES = {
    **{"PAPER": "no", "WEIGHTS": "no", "BROWSER": "firefox", "PROGRESS": "no", "CORES": "7"},
    **{"ARGS": "--help", "NAME": "mine", "UPGRADE": "1", "PYTHON": "python2"},
    **{"ONSET_TORCH": "cuda", "ONSET_PAPER": "no", "ONSET_WEIGHTS": "no", "ONSET_BROWSER": "no"},
    **{"PYTHONPATH": "/mine", "PYTHONHOME": "/mine"},
}


class Checkout:
    """The Makefile beside programs that only say how they are called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(ROOT / "Makefile", folder)
        for place in (".venv/bin/python", "bin/python3.11"):
            self.add(place)

    def add(self, place: str, fits: bool = True) -> None:
        """A Python that fits the locks, or doesn't."""
        program = self.folder / place
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(PYTHON.replace("FITS", str(int(not fits))))
        program.chmod(0o755)

    def said(self, *arguments: str, **variables: str) -> str:
        """What was called, and with what of the environment."""
        (self.folder / "said").unlink(missing_ok=True)
        done = self.make(*arguments, **variables)
        assert done.returncode == 0, done.stderr
        return (self.folder / "said").read_text()

    def make(self, *arguments: str, **variables: str) -> CompletedProcess[str]:
        there = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "HOME": str(self.folder)}
        return subprocess.run(
            [shutil.which("make"), "--no-print-directory", "--silent", *arguments],
            cwd=self.folder,
            env={**there, **variables},
            capture_output=True,
            text=True,
        )

    def calls(self, *arguments: str, **variables: str) -> list[str]:
        """What was called, with which arguments."""
        lines = self.said(*arguments, **variables).splitlines()
        return [line.removeprefix("CALL ") for line in lines if line.startswith("CALL ")]

    def snakemakes(self, *arguments: str) -> list[str]:
        """What Snakemake is called with in the end."""
        call = shlex.split(self.calls(*arguments)[-1])
        assert call[:4] == ["python", "-P", "-m", "onset.workflow.commands.snakemake"]
        return joined(call[4:])


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path)


TARGETS = ("reproduce", "smoke", "figure", "test", "report", "bench", "orphans", "setup", "lock")


@pytest.mark.parametrize("target", TARGETS)
def test_what_a_shell_exports_is_no_switch(checkout, target):
    alone = checkout.said(target)
    assert checkout.said(target, **SWITCHES) == alone
    assert alone.endswith("SWITCHES yes yes yes [] [] []\n")


@pytest.mark.parametrize("name", ["two words", """it's "mine" & $HOME""", "部屋", "`x` *;#"])
def test_the_checkout_may_lie_in_any_folder(tmp_path, name):
    (tmp_path / name).mkdir()
    checkout = Checkout(tmp_path / name)
    assert checkout.snakemakes("reproduce", "CORES=1") == ["--cores", "1"]
    assert checkout.said("orphans", "ARGS=-h").count("CALL") == 2


def test_what_stands_on_its_command_line_is_one(checkout):
    assert checkout.snakemakes("reproduce", "CORES=3", "PROGRESS=no", "ARGS=-n --quiet") == [
        *("--cores", "3", "--logger-onset-plain", "-n", "--quiet")
    ]
    said = checkout.said("setup", "PAPER=no", "BROWSER=no", "ONSET_TORCH=cuda")
    assert "SWITCHES no yes no [cuda] [] []" in said
    assert "[1] []" in checkout.said("lock", "UPGRADE=1")
    figure = checkout.calls("figure", "NAME=a/it's", "ARGS=-n")
    assert "python -P -m onset.workflow.commands.figure a/it's -n" in figure
    study = checkout.calls("study", "NAME=mine")
    assert "python -P -m onset.workflow.commands.new_study mine" in study


def test_a_first_look_needs_no_latex_and_ends_with_what_was_found(checkout):
    said = checkout.said("first", "CORES=2")
    assert "SWITCHES no yes" in said.partition(" -P -m ")[0]
    *_, run, told = (line for line in said.splitlines() if line.startswith("CALL"))
    config = "--configfile config/first.yaml"
    assert run == f"CALL python -P -m onset.workflow.commands.snakemake {config} --cores 2"
    assert told == f"CALL python -P -m onset.workflow.commands.found {config}"


def test_what_is_reproduced_gets_the_pretrained_model_and_what_is_tried_does_not(checkout):
    step = "python -I setup weights"
    assert step in checkout.calls("reproduce")
    assert step in checkout.calls("weights")
    assert "SWITCHES yes no yes" in checkout.said("reproduce", "WEIGHTS=no")
    for target in ("smoke", "test", "first", "setup"):
        assert step not in checkout.calls(target)


def test_info_sets_up_nothing(checkout):
    (before,) = checkout.calls("info")
    assert before.endswith(" -I setup info")
    (checkout.folder / ".venv/project.stamp").touch()
    after = "python -P -m onset.workflow.commands.info --config seeds=[1]"
    assert checkout.calls("info", "ARGS=--config seeds=[1]") == [before, after]


def test_another_python(checkout):
    other = checkout.folder / "an other" / "python3.11"
    other.parent.mkdir()
    shutil.copy(checkout.folder / "bin/python3.11", other)
    for path in (other, "~/an other/python3.11"):
        assert checkout.calls("setup", f"PYTHON={path}") == [
            "python3.11 -I setup system environment"
        ]


@pytest.mark.parametrize(
    ("there", "fitting", "taken"),
    [
        ("python python3.11 python3.13", True, "python"),
        ("python3 python3.11 python3.12 python3.13 python3.14", True, "python3.13"),
        ("python3 python3.11 python3.14", True, "python3.11"),
        ("python3 python3.14", True, "python3.14"),
        ("python3", True, "python3"),
        ("python python3 python3.13", False, "python3"),
    ],
)
def test_which_python_is_taken(checkout, there, fitting, taken):
    """That of .venv, else the newest with wheels; and one that says what is wrong if none fits."""
    (checkout.folder / ".venv/bin/python").unlink()
    (checkout.folder / "bin/python3.11").unlink()
    for name in there.split():
        checkout.add(f"{'.venv/' if name == 'python' else ''}bin/{name}", fitting)
    for tool in ("sh", "basename"):
        (checkout.folder / "bin" / tool).symlink_to(shutil.which(tool))
    (call,) = checkout.calls("setup", PATH=str(checkout.folder / "bin"))
    assert call == f"{taken} -I setup system environment"


def test_without_any_python_one_line_says_how_to_get_one(checkout):
    shutil.rmtree(checkout.folder / ".venv")
    shutil.rmtree(checkout.folder / "bin")
    programs = checkout.folder / "bin"
    programs.mkdir()
    (programs / "sh").symlink_to(shutil.which("sh"))
    done = subprocess.run(
        [shutil.which("make"), "setup"],
        cwd=checkout.folder,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    for way in ("apt-get install", "dnf install", "brew install", "conda create", "uv python"):
        assert way in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["reproduce", "PAPER=no"], "--config paper=false"),
        (
            ["reproduce", "PAPER=no", "ARGS=--config studies=[reversal] -n"],
            "-n --config paper=false studies=[reversal]",
        ),
        (
            [
                "reproduce",
                "PAPER=no",
                "ARGS=--config=seeds=[1] -C device=cpu -- results/x results/y",
            ],
            "--config paper=false seeds=[1] device=cpu -- results/x results/y",
        ),
        (
            ["smoke", "PAPER=no", "ARGS=--configfile mine.yaml"],
            "--configfile config/smoke.yaml mine.yaml --config paper=false",
        ),
        (
            ["full", "PAPER=no", "ARGS=--config studies=[alias]"],
            "--configfile config/full.yaml --config paper=false studies=[alias]",
        ),
        (
            ["report", "PAPER=no", "ARGS=--config seeds=[1]"],
            "--report results/report.html --config paper=false seeds=[1]",
        ),
        (["arxiv", "ARGS=-n -- results/x"], "-n -- results/x results/paper/arxiv.tar.gz"),
        (["bench", "ARGS=-n"], None),
    ],
)
def test_all_that_is_asked_for_reaches_snakemake(checkout, arguments, expected):
    said = checkout.snakemakes(*arguments)
    if expected is None:
        assert said[-3:] == ["-n", "--", "benchmarks"]
        return
    assert [word for word in said if word not in ("--cores", "all")] == expected.split()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["reproduce", "PAPER=No"], "PAPER=No: choose yes or no"),
        (["reproduce", "PAPER="], "PAPER=: choose yes or no"),
        (["reproduce", "WEIGHTS=never"], "WEIGHTS=never: choose yes or no"),
        (["test", "BROWSER=firefox"], "BROWSER=firefox: choose yes or no"),
        (["smoke", "PROGRESS=off"], "PROGRESS=off: choose yes or no"),
        (["smoke", "CORES=many"], "CORES=many: choose all or a number"),
        (["smoke", "CORES=0"], "CORES=0: choose all or a number"),
        (["smoke", "CORES=-1"], "CORES=-1: choose all or a number"),
        (["smoke", "CORES="], "CORES=: choose all or a number"),
        (["setup", "ONSET_TORCH=rocm"], "ONSET_TORCH=rocm: choose cpu or cuda"),
        (["lock", "UPGRADE=no"], "UPGRADE=no: choose 1"),
        (["arxiv", "PAPER=no"], "PAPER=no: there is no arxiv without the paper"),
        (["reproduce", "CORE=4"], "CORE is no switch; there are: PAPER WEIGHTS BROWSER"),
    ],
)
def test_a_wrong_switch_is_told_in_one_line_before_anything(checkout, arguments, words):
    done = checkout.make(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_make_above_hands_on_what_it_likes(checkout):
    assert checkout.make("setup", "DESTDIR=/mine", MAKELEVEL="1").returncode == 0


def test_commands_beside_snakemake_lose_nothing_either():
    parser = argparse.ArgumentParser()
    add_config_arguments(parser)
    words = "--config seeds=[1] --configfile a --config device=cpu -C results=x --configfiles b c"
    found = parser.parse_args(words.split())
    assert found.config == ["seeds=[1]", "device=cpu", "results=x"]
    assert list(map(str, found.configfile)) == ["a", "b", "c"]


@pytest.mark.parametrize("home", ["/dev/null/home", "a file", "there"])
def test_where_caches_go_without_a_home(tmp_path, monkeypatch, home):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a file").touch()
    (tmp_path / "there").mkdir()
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / home))
    assert caches() == (None if home == "there" else str(tmp_path / ".snakemake/cache"))
    assert home != "there" or (tmp_path / "there/.cache/snakemake").is_dir()


def test_what_would_be_lost_is_told():
    words = "--config appears 2 times in this call, .*: --config seeds=.1. paper=false"
    line = repeated(["snakemake", "--config", "seeds=[1]", "-n", "-C", "paper=false"])
    assert re.search(words, line)
    assert repeated(["snakemake", "--config", "seeds=[1]", "paper=false", "-n"]) is None
    assert repeated(["snakemake", "--configfile", "a", "--configfile=b"]).startswith("--configfile")
    assert "\n" not in line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--cores", "1"], set()),
        (["--forcerun", "results/a", "train", "--cores", "1"], {"results/a", "train"}),
        (["-R", "results/a", "--", "results/b"], {"results/a"}),
        (["--forcerun=results/a", "-n"], {"results/a"}),
    ],
)
def test_what_is_to_be_made_again_whatever_lies_there(arguments, expected):
    assert forced(arguments) == expected
