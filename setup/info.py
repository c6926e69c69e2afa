"""What a maintainer asks about a machine: the part of `make info` that needs no environment.

Any Python 3 can read this file, because an unsupported Python is one of the things to report. Paths below
the home folder begin with ~, and nothing here prints an environment variable, an address or the contents
of a file.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from setup import interpreter

ROOT = Path(__file__).resolve().parent.parent
MOST_FILES = 20  # of those that were edited


def main():
    told = []
    for subject, tell in SUBJECTS:
        try:
            lines = tell()
        except Exception as error:  # whatever is wrong with this machine, report the rest
            lines = [f"unknown ({type(error).__name__}: {error})"]
        for place, line in enumerate(lines):
            told.append("{:<14}{}".format("" if place else subject, in_home(line)))
    print("\n".join(told))


def code():
    """Version, commit, and what was edited since."""
    told = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'(?m)^version = "(.*)"', told).group(1)
    top = of_git("rev-parse", "--show-toplevel")
    if top is None or not ROOT.samefile(top.strip()):
        return [version + ", commit unknown: no git repository"]
    commit = of_git("log", "-1", "--format=%h of %cs").strip()
    changed = of_git("-c", "core.quotePath=false", "status", "--porcelain").splitlines()
    if not changed:
        return [f"{version}, commit {commit}, nothing edited"]
    more = [f"... and {len(changed) - MOST_FILES} more"] * (len(changed) > MOST_FILES)
    return [f"{version}, commit {commit}, edited since:", *changed[:MOST_FILES], *more]


def of_git(*arguments):
    """What git says about the checkout; None if git fails or is missing."""
    git = shutil.which("git")
    return said_by(git, "-C", str(ROOT), "--no-optional-locks", *arguments) if git else None


def said_by(*command):
    """What a program prints; None if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout if done.returncode == 0 else None


def python():
    found = f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})"
    wrong = interpreter.problem()
    return [found, wrong] if wrong else [found]


def system():
    name = platform.platform()
    if sys.platform == "darwin":
        name = f"macOS {platform.mac_ver()[0]} {platform.machine()}"
    known = interpreter.os_release().get("PRETTY_NAME")
    return [f"{known}, {name}" if known else name]


def machine():
    """Cores, memory, room on the disk, GPUs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    free = shutil.disk_usage(ROOT).free
    lines = [
        f"{cores()}, {memory / 2**30:.1f} GiB of memory, {free / 2**30:.0f} GiB free on this disk"
    ]
    driver = shutil.which("nvidia-smi")
    asked = "--query-gpu=name,memory.total,driver_version"
    gpus = said_by(driver, asked, "--format=csv,noheader") if driver else None
    return lines + ["NVIDIA: " + line for line in (gpus or "").splitlines()]


def cores():
    """How many there are, and how many a job may use."""
    there = os.cpu_count()
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else there
    said = f"{there} cores" if usable == there else f"{usable} of {there} cores"
    # A container's share of the time of all cores: "max 100000", or "200000 100000" for two.
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return said
    return said if quota == "max" else f"{said}, limited to {int(quota) / int(period):g}"


def programs():
    """Which of the system's programs that some jobs or tests need are there."""
    names = ("make", "git", "latexmk", "pdflatex", "chromium", "google-chrome", "sbatch")
    there = [name for name in names if shutil.which(name)]
    return ["{}; not found: {}".format(", ".join(there), ", ".join(sorted({*names} - {*there})))]


def environment():
    """Whether .venv is set up, and what differs from the locks."""
    venv = ROOT / ".venv"
    if not venv.is_dir():
        return ["not set up: there is no .venv (make setup)"]
    if not all((venv / its).is_file() for its in ("packages.stamp", "project.stamp")):
        return ["half built (make setup starts it over)"]
    torch = (venv / "packages.stamp").read_text(encoding="utf-8").split()[0]
    return [f"set up, torch for {torch}{not_locked(venv, torch)}"]


def not_locked(venv, torch):
    """The end of the line: how packages compare with the locks, which only a supported Python can tell."""
    if interpreter.problem():
        return ""
    from setup import packages

    lacks = packages.lacking(venv, torch)
    return ", but it lacks {}".format(", ".join(lacks)) if lacks else ", as locked"


def in_home(line):
    """With ~ for the home folder."""
    home = str(Path.home()).rstrip("/")
    return re.sub(re.escape(home) + r"(?![\w.-])", "~", line) if home else line


SUBJECTS = (
    ("Onset", code),
    ("Python", python),
    ("system", system),
    ("machine", machine),
    ("programs", programs),
    (".venv", environment),
)
