"""`make test-slurm`: SLURM's daemons and munge, which only that test needs.

The test runs them with a configuration of its own, so what else the packages set up stays unused.
"""

import shutil

from setup import debian
from setup.console import SetupError, say

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")
PACKAGES = ("slurm-wlm", "munge")


def main() -> None:
    """Install them where that needs no password; else say what to type, and stop."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if not absent:
        return
    if not debian.can_install():
        raise SetupError(
            f"SLURM is missing ({', '.join(absent)}) and cannot be installed from here; "
            f"type: {debian.by_hand(PACKAGES)}"
        )
    say(f"installing with apt-get, some seconds: {' '.join(PACKAGES)}")
    debian.install(PACKAGES)
