"""Packages of Debian and its descendants: whether they can be installed unasked, and how."""

import os
import shutil
import subprocess
from collections.abc import Iterable

from setup.console import SetupError, quietly

INSTALL = ("apt-get", "install", "--no-install-recommends")


def here() -> bool:
    return shutil.which("apt-get") is not None


def by_hand(packages: Iterable[str]) -> str:
    """The line that a person types."""
    return " ".join(["sudo", *INSTALL, *packages])


def as_root() -> list[str] | None:
    """What goes before a command to run it as root; None if that would need a password."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def can_install() -> bool:
    return here() and as_root() is not None


def install(packages: Iterable[str]) -> None:
    # Through env, because sudo passes no variables on; a question nobody sees would hang for ever.
    root = [*(as_root() or []), "env", "DEBIAN_FRONTEND=noninteractive"]
    patient = ["-o", "DPkg::Lock::Timeout=300"]
    # A stale package list may still do, so only the installation's failure counts.
    quietly([*root, "apt-get", "update", *patient])
    failure = quietly([*root, *INSTALL, "--yes", *patient, *packages])
    if failure:
        raise SetupError(f"apt-get failed:\n{failure}\nby hand: {by_hand(packages)}")
