"""Which Python the locks are made for. Any Python 3 can read this file, so that it can be told."""

import sys

NEEDED = (3, 11)


def problem(found=None, path=None):
    """One line that says why this Python cannot be used, or None if it can."""
    found = found or sys.version_info
    if tuple(found[:2]) == NEEDED:
        return None
    return (
        "Python {found} was found ({path}), but the locked environment needs Python {needed}; "
        "point to one with: make setup PYTHON=/path/to/python{needed} "
        "(or use conda: conda env create -f environment.yml)"
    ).format(
        found=".".join(str(part) for part in found[:3]),
        path=path or sys.executable,
        needed=".".join(str(part) for part in NEEDED),
    )


def base():
    """The Python outside any virtual environment: .venv must not be rebuilt with itself."""
    return getattr(sys, "_base_executable", None) or sys.executable
