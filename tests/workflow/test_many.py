"""A study of 700 conditions: no command is longer than for three, and all is planned."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow

N = 700
LONGEST = 2_000
"""characters; Linux takes 131,072 in one argument, which a job's whole command is"""


def test_no_command_grows_with_the_conditions(fresh):
    fresh.set(fresh.config, "paper", True)
    rates = [round(i * 1e-6, 9) for i in range(1, N + 1)]
    fresh.set(fresh.study, "sweep", [{"training.learning_rate": rates}])
    done = fresh.snakemake("-n", "--printshellcmds", "--quiet", "host")
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    commands = [line for line in said.splitlines() if "python -m onset." in line]
    for stage in (
        "dataset",
        "train",
        "summarise",
        "collect",
        "views",
        "combine",
        "gallery",
        "paper",
    ):
        assert any(f".{stage} " in line or f".launch {stage} " in line for line in commands), stage
    assert len(commands) > 4 * N
    assert max(map(len, commands)) < LONGEST
