"""One smoke run, through to the PDF, that the tests in this folder look at, and a browser."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from setup.browser import program

PAPER = os.environ.get("ONSET_PAPER", "yes") != "no"


def smoke_command(*settings: str) -> list[str]:
    """That of `make smoke`, with further settings."""
    command = [sys.executable, "-m", "snakemake", "--cores", "all"]
    command += ["--configfile", "config/smoke.yaml"]
    settings += () if PAPER else ("paper=false",)
    return [*command, "--config", *settings] if settings else command


@pytest.fixture(scope="session")
def smoke() -> Path:
    """The results of `make smoke`; a run that is finished already is only checked by Snakemake."""
    # Tests run in several processes at a time: the others wait, and find nothing left to do.
    Path("results").mkdir(exist_ok=True)
    with Path("results/.smoke.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = subprocess.run(smoke_command(), capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-4000:]
    return Path("results/smoke")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if os.environ.get("ONSET_BROWSER") == "no":
        pytest.skip("ONSET_BROWSER=no")
    path = program()
    assert path, "`make test` installs a browser where it can; BROWSER=no does without"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path)
        yield browser
        browser.close()
