"""Results that come from another machine are taken as they are: nothing is built again."""

import os
import random
import subprocess

import pytest

pytestmark = pytest.mark.slow


def unpack(source, target, *members: str) -> None:
    """Pack parts of a finished project, unpack them in a fresh one; times as of a careless copy."""
    archive = target.root / "results.tar.gz"
    subprocess.run(["tar", "czf", archive, *members], cwd=source.root, check=True)
    subprocess.run(["tar", "xzf", archive], cwd=target.root, check=True)
    files = [path for path in (target.root / "results").rglob("*") if path.is_file()]
    random.Random(0).shuffle(files)
    for second, path in enumerate(files):
        os.utime(path, (1.7e9 + second, 1.7e9 + second))


def change_a_learning_rate(project) -> set[str]:
    """The runs that are trained again."""
    project.set(project.study, "conditions.fast.training.learning_rate", 2e-2)
    return {job for job in project.plan() if job.startswith("train ")}


def test_with_snakemakes_records_they_are_finished(finished, fresh):
    unpack(finished, fresh, "results", ".snakemake/metadata")
    assert fresh.plan() == {}
    assert change_a_learning_rate(fresh) == {"train tiny/fast/0"}


def test_without_them_one_command_takes_them_for_finished(finished, fresh):
    unpack(finished, fresh, "results")
    assert fresh.plan() != {}
    fresh.take_for_done()
    assert fresh.plan() == {}
    assert change_a_learning_rate(fresh) == {"train tiny/fast/0"}
