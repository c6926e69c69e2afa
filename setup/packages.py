"""What pip puts into .venv: the locked packages, torch in one of its two builds, the project.

Nothing is resolved here. The locks are complete, so every call says --no-deps, every file is
checked against its hash, and `pip check` at the end tells if a lock is not complete after all.
"""

import subprocess
import sys
from pathlib import Path

from setup import lockfile
from setup.console import SetupError, quietly, say

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    name: ROOT / "requirements" / f"{name}.lock" for name in ("onset", "torch-cpu", "torch-cuda")
}
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
    subprocess.run([venv / "bin/python", "-m", "compileall", "-qq", "-j", "0", "-x", leave, *where])


def _locked(venv: Path, *arguments: str) -> str | None:
    options = ["--require-hashes", "--no-deps", "--no-compile"]
    sources = ["--use-pep517", "--no-build-isolation"]
    return _pip(venv, "install", *options, *sources, *arguments)


def _pip(venv: Path, *arguments: str) -> str | None:
    python = str(venv / "bin/python")
    return quietly([python, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments])


def _stop_on(failure: str | None) -> None:
    if failure:
        raise SetupError(f"pip could not install the locked packages:\n{failure}")
