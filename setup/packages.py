"""What goes into .venv, through pip: the locked packages, torch in one of its two builds, the project.

Nothing is resolved here. The locks are complete, so every call says --no-deps, every file is checked
against its hash, and `pip check` at the end would tell if a lock were not complete after all.
"""

import subprocess
import sys
from pathlib import Path

from setup.console import Stop, quietly, say

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
    _stop_on(_locked(venv, "setuptools", "--constraint", str(LOCKS["onset"])))
    _stop_on(_locked(venv, "--requirement", str(LOCKS["onset"])))
    _install_cuda(venv) if torch == "cuda" else _install_cpu(venv)
    _stop_on(_pip(venv, "check"))
    _compile(venv)


def install_project(venv: Path) -> None:
    """Editable, so that what runs is src/."""
    say("installing onset itself")
    options = ["--no-deps", "--no-build-isolation", "--editable"]
    _stop_on(_pip(venv, "install", *options, str(ROOT)))


def _install_cpu(venv: Path) -> None:
    failures = []
    for source, options in CPU_SOURCES.items():
        failure = _locked(venv, *IMPATIENT, *options, "--requirement", str(LOCKS["torch-cpu"]))
        if failure is None:
            return
        failures.append(f"{source}: {failure.splitlines()[-1]}")
    if sys.platform != "linux":
        raise Stop("\n".join(["torch could not be installed", *failures]))
    say("\n  ".join(["no CPU build of torch was found; CUDA's runs on a CPU too", *failures]))
    _install_cuda(venv)


def _install_cuda(venv: Path) -> None:
    if sys.platform != "linux":
        raise Stop(f"ONSET_TORCH=cuda: torch has no CUDA build for {sys.platform}, only for linux")
    say("installing torch with CUDA (some gigabytes)")
    _stop_on(_locked(venv, "--requirement", str(LOCKS["torch-cuda"])))


def _compile(venv: Path) -> None:
    """Bytecode on all cores: without it the first import of torch takes twice as long."""
    # A few packages carry files for other Pythons, which do not compile and are never imported.
    where = [str(path) for path in venv.glob("lib/python*/site-packages")]
    subprocess.run([venv / "bin/python", "-m", "compileall", "-qq", "-j", "0", *where])


def _locked(venv: Path, *arguments: str) -> str | None:
    options = ["--require-hashes", "--no-deps", "--no-build-isolation", "--no-compile"]
    return _pip(venv, "install", *options, *arguments)


def _pip(venv: Path, *arguments: str) -> str | None:
    python = str(venv / "bin/python")
    return quietly([python, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments])


def _stop_on(failure: str | None) -> None:
    if failure:
        raise Stop(f"pip could not install the locked packages:\n{failure}")
