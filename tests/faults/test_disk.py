"""A disk that is full or closed stops a stage with one line, and a full one leaves no half file."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onset.store.tensors import load_arrays
from tests.faults.conftest import RUN, contents, said
from tests.files import differing
from tests.workflow.conftest import STUDY

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(fresh) -> Iterator[Path]:
    """A disk in the place of RUN that holds a dataset and a few checkpoints."""
    folder = fresh.root / RUN
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=160k", "onset-fault", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk takes root with the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_stops_training_until_there_is_room(fresh, undisturbed, small_disk):
    goal = f"{RUN}/training.parquet"
    done = fresh.snakemake("--cores", "1", "--", goal)
    assert done.returncode == 1
    assert f"train: [Errno 28] No space left on device: '{RUN}/" in said(done)
    log = (fresh.root / "results/logs/tiny/plain/seed_0/train.log").read_text()
    assert "Traceback" not in log

    left = contents(fresh, RUN)
    assert not {"training.parquet", "checkpoints/index.json"} & left.keys()
    assert not [name for name in left if name.endswith(".part")]
    for name in left:
        if name.endswith(".safetensors"):
            load_arrays(small_disk / name)

    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    done = fresh.snakemake("--cores", "1", "--", goal)
    assert done.returncode == 0, said(done)
    assert "goes on from step" in said(done)
    missing = {  # not asked for
        f"{name}.{suffix}" for name in ("measures", "analyses") for suffix in ("parquet", "yaml")
    } | {f".records/{job}.jsonl" for job in ("evaluate", "analyse")}
    assert set(differing(contents(fresh, RUN), contents(undisturbed, RUN))) == missing


def test_a_closed_results_folder_is_named(fresh):
    command = [sys.executable, "-m", "snakemake", "--nocolor", "--cores", "1"]
    if os.geteuid() == 0:  # root may write everywhere unless it gives that up
        if not shutil.which("setpriv"):
            pytest.skip("root may write everywhere, and there is no setpriv to give that up")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    results = fresh.root / "results"
    results.mkdir()
    results.chmod(0o555)
    try:
        environment = {**os.environ, "PYTHONPATH": str(fresh.root / "src")}
        done = subprocess.run(
            command, cwd=fresh.root, env=environment, capture_output=True, text=True
        )
    finally:
        results.chmod(0o755)
    assert done.returncode == 1
    assert "the folder results can't be written to" in said(done)
    assert "Traceback" not in said(done)
    assert list(results.iterdir()) == []


@pytest.mark.parametrize("place", ["full", "closed"])
def test_a_full_or_closed_folder_of_logs_is_told_in_a_line(fresh, small_disk, place):
    """The job itself goes on as long as there is room for what it makes."""
    with contextlib.suppress(OSError):
        (small_disk / "fill").write_bytes(b"0" * 200_000)
    log = small_disk / "dataset.log" if place == "full" else Path("/dev/null/dataset.log")
    settings = json.dumps({"task": STUDY["task"]})
    command = ["dataset", "elsewhere/tiny/plain/seed_0", "--settings", settings]
    done = fresh.python("-m", "onset.workflow.launch", *command, "--log", str(log))
    assert "Traceback" not in said(done)
    if place == "closed":
        assert done.returncode == 1
        assert said(done).startswith("dataset: the log can't be written: ")
        assert said(done).count("\n") == 1
        return
    assert done.returncode == 0
    assert said(done).count("the log isn't written on: [Errno 28] No space left on device") == 1
    assert "dataset: done in" in said(done)
