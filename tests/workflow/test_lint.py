"""The rules are formatted, and free of what Snakemake's linter warns of."""

from __future__ import annotations

import re
import subprocess
import sys

# All rules run in one locked environment (.venv or environment.yml), so none names its own.
_ACCEPTED = {"Specify a conda environment or container for each rule."}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)


def test_snakemake_lint_finds_nothing_that_matters():
    said = run("snakemake", "--lint").stderr
    titles = set(re.findall(r"^    \* (.*):$", said, re.MULTILINE))
    assert titles == _ACCEPTED, said


def test_rules_are_formatted():
    result = run("snakefmt", "--check", "Snakefile", "workflow/rules")
    assert result.returncode == 0, result.stderr
