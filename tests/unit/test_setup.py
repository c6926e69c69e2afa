"""The set-up on a bare machine: what it refuses in one line, and what it never takes for done."""

import ctypes.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from setup import __main__ as command
from setup import (
    browser,
    console,
    debian,
    environment,
    interpreter,
    lock,
    lockfile,
    packages,
    system,
)
from setup.console import SetupError


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine with nothing on its PATH and no root; what it returns adds a program."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("ONSET_PAPER", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    def add(name: str, script: str = "exit 0") -> None:
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)

    return add


@pytest.fixture
def venv(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "VENV", tmp_path)
    return tmp_path


class TestPython:
    def test_the_right_one_is_used(self):
        assert interpreter.problem((3, 11, 2), "/usr/bin/python3") is None

    @pytest.mark.parametrize("found", [(3, 8, 10), (3, 12, 0), (4, 0, 0)])
    def test_another_is_refused_in_one_line(self, found):
        line = interpreter.problem(found, "/usr/bin/python3")
        assert "\n" not in line
        for part in (".".join(map(str, found)), "/usr/bin/python3", "PYTHON=/path/to/python3.11"):
            assert part in line

    def test_it_is_refused_before_any_step(self, monkeypatch):
        monkeypatch.setattr(interpreter, "problem", lambda: "wrong Python")
        monkeypatch.setattr(system, "main", lambda: pytest.fail("a step was taken"))
        assert command.main(["system"]) == "onset: wrong Python"

    def test_an_unknown_step_is_told_the_known_ones(self):
        assert "system, environment, browser, lock" in command.main(["everything"])


class TestLatex:
    def test_without_apt_it_stops_with_what_to_do_and_the_switch(self, bare):
        with pytest.raises(SetupError) as stop:
            system.main()
        line = str(stop.value)
        assert "\n" not in line
        for part in ("latexmk, pdflatex", "tlmgr install", "make reproduce PAPER=no"):
            assert part in line

    def test_without_root_it_stops_with_the_exact_line(self, bare):
        bare("apt-get")
        bare("sudo", "exit 1")  # as `sudo -n true` does where a password is needed
        line = "sudo apt-get install --no-install-recommends latexmk texlive-latex-base "
        with pytest.raises(SetupError, match=line):
            system.main()

    @pytest.mark.parametrize(("user", "before"), [(0, []), (1000, ["sudo", "-n"])])
    def test_where_it_may_it_installs(self, bare, monkeypatch, user, before):
        for program in ("apt-get", "sudo"):
            bare(program)
        ran = []
        monkeypatch.setattr(os, "geteuid", lambda: user)
        monkeypatch.setattr(debian, "quietly", ran.append)
        system.main()
        update, install = ([Path(word).name for word in line] for line in ran)
        assert update[: len(before)] == install[: len(before)] == before
        assert "update" in update
        assert set(system.LATEX_PACKAGES) <= set(install)

    def test_a_failed_installation_stops(self, bare, monkeypatch):
        bare("apt-get")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(debian, "quietly", lambda line: "E: no network")
        with pytest.raises(SetupError, match="E: no network"):
            system.main()

    def test_without_the_paper_it_is_not_looked_for(self, bare, monkeypatch):
        monkeypatch.setenv("ONSET_PAPER", "no")
        system.main()

    def test_a_mistyped_switch_is_told_its_values(self, bare, monkeypatch):
        monkeypatch.setenv("ONSET_PAPER", "No")
        with pytest.raises(SetupError, match="ONSET_PAPER=No: choose yes or no"):
            system.main()

    def test_the_programs_without_a_package_are_not_enough(self, bare):
        there = [name for name in system.LATEX_FILES if name != "natbib.sty"]
        for program in ("latexmk", "pdflatex"):
            bare(program)
        bare("kpsewhich", "\n".join(f"echo /texmf/tex/{name}" for name in there))
        assert system.missing_latex() == ["natbib.sty"]

    def test_a_package_in_a_folder_of_the_users_own_is_not_found(self, bare, monkeypatch, tmp_path):
        for program in ("latexmk", "pdflatex"):
            bare(program)
        for name in ("TEXINPUTS", "TEXMFHOME", "TEXMFCNF"):
            monkeypatch.setenv(name, str(tmp_path))
        monkeypatch.setenv("HOME", str(tmp_path))
        bare("kpsewhich", f"[ $HOME = {tmp_path} ] && echo x/caption.sty")
        assert "caption.sty" in system.missing_latex()
        bare("kpsewhich", '[ -n "$TEXINPUTS$TEXMFHOME$TEXMFCNF" ] && echo x/natbib.sty')
        assert "natbib.sty" in system.missing_latex()


class TestBrowser:
    @pytest.fixture(autouse=True)
    def _wanted(self, monkeypatch):
        monkeypatch.delenv("ONSET_BROWSER", raising=False)
        monkeypatch.setattr(ctypes.util, "find_library", lambda name: f"lib{name}.so.1")

    def test_any_of_the_family_will_do(self, bare):
        bare("google-chrome")
        browser.main()
        assert browser.program().endswith("bin/google-chrome")

    def test_without_root_it_stops_with_the_exact_line_and_the_switch(self, bare):
        bare("apt-get")
        with pytest.raises(SetupError, match=r"apt-get install .* chromium .*make test BROWSER=no"):
            browser.main()

    def test_where_it_may_it_installs(self, bare, monkeypatch):
        bare("apt-get")
        ran = []
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(debian, "quietly", ran.append)
        browser.main()
        assert set(browser.PACKAGES) <= set(ran[-1])

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the driver has all it needs")
    def test_a_browser_without_what_drives_it_is_not_enough(self, bare, monkeypatch):
        bare("chromium")
        monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
        assert browser.missing() == ["libatomic"]

    def test_where_it_is_not_wanted_it_is_not_looked_for(self, bare, monkeypatch):
        monkeypatch.setenv("ONSET_BROWSER", "no")
        browser.main()


class TestStages:
    def test_what_is_done_is_not_done_again(self, venv):
        done = []
        for _ in range(2):
            environment.once("packages", "digest", lambda: done.append(1))
        assert done == [1]

    def test_what_changed_is_done_again(self, venv):
        done = []
        for digest in ("old", "new", "old"):
            environment.once("packages", digest, lambda: done.append(1))
        assert done == [1, 1, 1]

    def test_what_was_half_done_is_done_again(self, venv):
        """Also when the locks go back to what they were before the attempt that failed."""
        done = []
        environment.once("packages", "old", lambda: done.append("old"))
        with pytest.raises(KeyboardInterrupt):
            environment.once("packages", "new", _interrupt)
        environment.once("packages", "old", lambda: done.append("again"))
        assert done == ["old", "again"]

    def test_a_new_environment_starts_from_nothing(self, venv, monkeypatch):
        (venv / "left-over").touch()
        (venv / "project.stamp").touch()
        monkeypatch.setattr(packages, "install_locked", lambda venv, torch: None)
        monkeypatch.setattr(interpreter, "base", lambda: sys.executable)
        _without_pip(monkeypatch)
        environment.build("cpu")
        assert not (venv / "left-over").exists()
        assert not (venv / "project.stamp").exists()
        assert (venv / "bin" / "python").exists()

    def test_the_digest_knows_the_locks_and_the_build(self, tmp_path, monkeypatch):
        changed = tmp_path / "onset.lock"
        changed.write_text("other==1")
        cpu, cuda = environment.packages_digest("cpu"), environment.packages_digest("cuda")
        monkeypatch.setitem(packages.LOCKS, "onset", changed)
        assert len({cpu, cuda, environment.packages_digest("cpu")}) == 3

    def test_the_build_of_torch_is_remembered(self, venv):
        assert environment.remembered_torch() == "cpu"
        environment.once("packages", environment.packages_digest("cuda"), lambda: None)
        assert environment.remembered_torch() == "cuda"


@pytest.mark.skipif(sys.platform != "linux", reason="torch comes in two builds on Linux only")
class TestTorch:
    @pytest.mark.parametrize(
        ("answers", "asked"),
        [
            ([True], ["torch-cpu"]),
            ([False, True], ["torch-cpu", "torch-cpu --index-url"]),
            ([False, False, True], ["torch-cpu", "torch-cpu --index-url", "torch-cuda"]),
        ],
    )
    def test_the_sources_are_tried_in_order(self, monkeypatch, answers, asked):
        tried, left = [], iter(answers)

        def pip(venv: Path, *arguments: str) -> str | None:
            index = " --index-url" if "--index-url" in arguments else ""
            tried.append(Path(arguments[-1]).stem + index)
            return None if next(left) else "ERROR: no such version"

        monkeypatch.setattr(packages, "_locked", pip)
        packages.install_torch(Path(), "cpu")
        assert tried == asked

    def test_no_source_at_all_stops(self, monkeypatch):
        monkeypatch.setattr(packages, "_locked", lambda *_: "ERROR: no network")
        with pytest.raises(SetupError, match="no network"):
            packages.install_torch(Path(), "cpu")


class TestLocks:
    LINUX = "a==1 \\\n    --hash=sha256:00\n    # via onset\nb-c==2.0 \\\n    --hash=sha256:11\n"
    MACOS = "a==1 \\\n    --hash=sha256:00\n    # via onset\n"

    @pytest.mark.parametrize("name", packages.LOCKS)
    def test_a_lock_is_read_and_written_without_loss(self, name):
        text = packages.LOCKS[name].read_text()
        assert text.endswith("".join(map(lockfile.render, lockfile.parse(text))))

    def test_what_one_platform_needs_is_marked(self):
        linux, macos = lockfile.parse(self.LINUX), lockfile.parse(self.MACOS)
        merged = lockfile.merge({"linux": linux, "darwin": macos})
        assert [(entry.name, entry.marker) for entry in merged] == [
            ("a", ""),
            ("b-c", 'sys_platform == "linux"'),
        ]

    def test_two_versions_are_refused(self):
        linux, macos = lockfile.parse(self.LINUX), lockfile.parse(self.MACOS.replace("==1", "==3"))
        with pytest.raises(SetupError, match="a: 1 on linux, 3 on darwin"):
            lockfile.merge({"linux": linux, "darwin": macos})

    def test_conda_gets_the_locked_versions(self):
        conda = "  - python=3.11\n  - pip:\n      - b-c==1.0\n      - --editable .\n"
        pinned = lock.pin(conda, lockfile.parse(self.LINUX))
        assert pinned == conda.replace("b-c==1.0", "b-c==2.0")

    def test_conda_may_name_only_what_is_locked(self):
        with pytest.raises(SetupError, match="unheard-of"):
            lock.pin("      - unheard-of==1.0\n", lockfile.parse(self.LINUX))


def test_a_failed_command_tells_the_end_of_what_it_said():
    script = "import sys; print(*range(100), sep='\\n'); sys.exit(3)"
    failure = console.quietly([sys.executable, "-c", script])
    assert failure.splitlines() == [str(number) for number in range(80, 100)]
    assert console.quietly([sys.executable, "-c", "print('fine')"]) is None


def _interrupt() -> None:
    raise KeyboardInterrupt


def _without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """venv without ensurepip takes milliseconds, not seconds."""
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda line, **how: run([*line, "--without-pip"], **how))
