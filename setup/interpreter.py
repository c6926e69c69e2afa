"""Which Pythons the locks are made for. Any Python 3 can read this file, and so say that it is too old."""

import os
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 14)
FITTING = tuple((3, minor) for minor in range(OLDEST[1], NEWEST[1] + 1))
PREFERRED = "3.13"  # the newest for which every locked package comes ready-made
# Python -> a locked package that has to be compiled for it. Drop an entry when the wheel is there.
COMPILED = {(3, 14): "immutables"}


def problem(found=None, path=None):
    """One line that says why this Python cannot be used, and the shortest way to one that can; or None."""
    found = found or sys.version_info
    if tuple(found[:2]) in FITTING:
        return None
    return (
        "Python {found} was found ({path}), but Onset needs Python {oldest} to {newest}; "
        "get one with: {way}; or point to one: make setup PYTHON=/path/to/python{preferred}"
    ).format(
        found=".".join(str(part) for part in found[:3]),
        path=path or sys.executable,
        oldest=_dotted(OLDEST),
        newest=_dotted(NEWEST),
        way=way(),
        preferred=PREFERRED,
    )


def way():
    """What to type to get a supported Python with the package manager of this machine."""
    if shutil.which("uv"):
        return _by_uv()
    if shutil.which("brew"):
        return "brew install python@" + PREFERRED
    if shutil.which("apt-get"):
        name = _of_debian()
        if name:
            return f"sudo apt-get install {name} {name}-venv"
    if shutil.which("dnf"):
        # Red Hat and its derivatives package only a few versions.
        is_fedora = os_release().get("ID") == "fedora"
        return "sudo dnf install python" + (PREFERRED if is_fedora else "3.12")
    for conda in ("conda", "mamba", "micromamba"):
        if shutil.which(conda):
            return (
                f"{conda} create -n onset-python -c conda-forge python={PREFERRED}, then make setup "
                f'PYTHON="$({conda} run -n onset-python which python)"'
            )
    return "python3 -m pip install uv, then " + _by_uv("python3 -m uv")


def _by_uv(uv="uv"):
    return (
        f'{uv} python install {PREFERRED}, then make setup PYTHON="$({uv} python find {PREFERRED})"'
    )


def _of_debian():
    """The newest supported Python among the packages that apt knows; None if there is none."""
    listing = ["apt-cache", "pkgnames", "python3.1"]
    try:
        said = subprocess.check_output(listing, stderr=subprocess.DEVNULL).decode().split()
    except (OSError, subprocess.CalledProcessError):
        return None
    names = ["python" + _dotted(version) for version in FITTING if version not in COMPILED]
    there = [name for name in names if name in said]
    return there[-1] if there else None


def os_release():
    """What a Linux distribution says about itself, such as ID and PRETTY_NAME; empty elsewhere."""
    try:
        with open(os.path.join(os.sep, "etc", "os-release"), encoding="utf-8") as told:  # noqa: PTH118, PTH123
            pairs = [line.partition("=") for line in told.read().splitlines()]
    except OSError:
        return {}
    return {key: value.strip("\"'") for key, _, value in pairs}


def _dotted(version):
    return ".".join(str(part) for part in version)


def base():
    """The Python outside any virtual environment: .venv must not be rebuilt with itself."""
    return getattr(sys, "_base_executable", None) or sys.executable
