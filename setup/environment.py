"""The locked environment in .venv, built when what it is built from has changed.

Two stages: the packages, then this project. A stage drops its stamp first and writes it last, and
always starts from nothing, so that what was half done is done again and never taken for whole.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from setup import interpreter, packages, pip
from setup.console import SetupError, choice, say
from setup.packages import LOCKS, ROOT

VENV = ROOT / ".venv"


def main() -> None:
    with alone():
        torch = choice("ONSET_TORCH", packages.TORCH, remembered_torch())
        once(
            "packages",
            packages_digest(torch),
            partial(build, torch),
            partial(packages.lacking, VENV, torch),
        )
        once(
            "project",
            project_digest(),
            partial(packages.install_project, VENV),
            partial(packages.lacks_project, VENV),
        )


def once(stage: str, digest: str, do: Callable[[], None], lacking: Callable[[], list[str]]) -> None:
    """Do a stage, unless its stamp says that it was done from the same things, and it is still whole."""
    stamp = stamp_of(stage)
    if stamp.is_file() and stamp.read_text() == digest:
        if not (lost := lacking()):
            return
        say(f".venv lacks {_few(lost)}")
    stamp.unlink(missing_ok=True)
    do()
    if lost := lacking():
        raise SetupError(
            f"the installation ended well, but .venv lacks {_few(lost)}; does something else tell "
            "pip where to install? It says: python3 -m pip config list"
        )
    stamp.write_text(digest)


def _few(names: list[str]) -> str:
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")


def build(torch: str) -> None:
    say(f"building .venv from requirements/, torch for {torch} (a minute or two)")
    if (VENV.exists() or VENV.is_symlink()) and not _is_environment(VENV):
        raise SetupError(f"{VENV} is no environment that could be built anew: move it away")
    # From nothing: a package whose installation was killed half-way looks installed to pip.
    command = [interpreter.base(), "-I", "-m", "venv", "--clear", VENV]
    if subprocess.run(command, env=pip.of_python()).returncode:
        raise SetupError(f"{interpreter.base()} -m venv --clear {VENV} failed, as told above")
    packages.install_locked(VENV, torch)


def _is_environment(folder: Path) -> bool:
    """Empty, or what venv left of one: nothing of a person's is cleared."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return not names or not names.isdisjoint({"pyvenv.cfg", "packages.stamp", "project.stamp"})


def packages_digest(torch: str) -> str:
    """Of the locks, of the Python below, and of the place: an environment cannot be moved."""
    below = [platform.python_version(), sys.base_prefix, str(VENV)]
    digest = hashlib.sha256("\n".join(below).encode())
    for lock in LOCKS.values():
        digest.update(lock.read_bytes())
    return f"{torch} {digest.hexdigest()}"


def project_digest() -> str:
    """Of what an editable installation copies: a tool's settings may change without another."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    copied = {table: told[table] for table in ("project", "build-system")}
    return hashlib.sha256(json.dumps(copied, sort_keys=True).encode()).hexdigest()


def remembered_torch() -> str:
    """The build that is there: chosen once, it need not be named at every call."""
    stamp = stamp_of("packages")
    return stamp.read_text().split()[0] if stamp.is_file() else "cpu"


def stamp_of(stage: str) -> Path:
    return VENV / f"{stage}.stamp"


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Two calls at once, in two terminals: the second waits for the first."""
    lock = os.open(ROOT / ".venv.lock", os.O_CREAT | os.O_RDWR)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work on .venv; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
