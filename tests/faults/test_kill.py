"""Work that is killed at any moment ends, once called again, as if nothing had happened.

ONSET_KILLS says how many times (5), ONSET_KILL_SEED at which moments.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.conftest import RUN, STEPS, contents, new_study, said
from tests.files import differing
from tests.workflow.conftest import Project

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("ONSET_KILLS", "5"))
SEED = int(os.environ.get("ONSET_KILL_SEED", "0"))


def start(project: Project, *arguments: str) -> subprocess.Popen[bytes]:
    """Start Python in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": str(project.root / "src")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Tests that run in the background of a shell ignore Ctrl-C, and so would the process.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        start_new_session=True,
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    """As a power cut does: the process and all that it started, without a last word."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kill_after(project: Project, seconds: float) -> str | None:
    """Start the workflow and kill it: where it was, or None if it was done before."""
    process = start(project, "-m", "snakemake", "--cores", "2")
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill(process)
    else:
        assert process.returncode == 0
        return None
    logs = sorted(project.root.glob("results/logs/**/*.log"), key=lambda path: path.stat().st_mtime)
    return logs[-1].stem if logs else "planning"


def test_a_run_that_is_asked_to_stop_goes_on_without_unlocking(undisturbed, fresh):
    folder = fresh.root / RUN
    for ask, n_checkpoints in ((signal.SIGINT, 3), (signal.SIGTERM, 6)):  # Ctrl-C; a cluster
        process = start(fresh, "-m", "snakemake", "--cores", "2")
        wait_for_checkpoints(process, folder, n_checkpoints)
        os.killpg(process.pid, ask)
        process.wait(60)
        assert process.returncode != 0
        assert not (folder / "checkpoints/index.json").exists()
    done = fresh.snakemake("--cores", "2")
    assert done.returncode == 0, said(done)
    assert int(re.search(r"tiny/plain/seed_0  goes on from step (\d+)", said(done))[1]) > STEPS / 3
    assert differing(contents(fresh), contents(undisturbed)) == []


def test_a_lock_that_was_left_is_told_in_a_line(fresh):
    locks = fresh.root / ".snakemake/locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/tiny/plain/seed_0/dataset.safetensors\n")
    done = fresh.snakemake("--cores", "1")
    assert done.returncode == 1
    assert "`make unlock`, then the same command again." in said(done)
    assert fresh.snakemake("--cores", "1", "--unlock").returncode == 0  # make unlock
    assert "locked" not in said(fresh.snakemake("-n"))


def test_kills_at_random_moments_leave_no_trace(undisturbed, tmp_path):
    moments = random.Random(SEED)
    story: list[str] = []
    expected = contents(undisturbed)
    kills, n_projects = 0, 0
    while kills < KILLS:
        n_projects += 1
        project = new_study(tmp_path / str(n_projects))
        killed = True
        while killed and kills < KILLS:
            # Soon enough that several calls are killed before one gets to the end.
            seconds = moments.uniform(1, 0.35 * undisturbed.seconds)
            where = kill_after(project, seconds)
            killed = where is not None
            kills += killed
            end = f"killed in {where}" if killed else "done"
            story.append(f"project {n_projects}: {end} after {seconds:.2f} s")
            unlocked = project.snakemake("--cores", "1", "--unlock")  # make unlock
            assert unlocked.returncode == 0, f"{story}\n{said(unlocked)}"
        done = project.snakemake("--cores", "2")
        message = f"ONSET_KILL_SEED={SEED}: {'; '.join(story)}"
        assert done.returncode == 0, f"{message}\n{said(done)}"
        assert differing(contents(project), expected) == [], message
        assert project.plan() == {}, message
    print(*story, sep="\n")


# ---- the training state -----------------------------------------------------------------------


def wait_for_checkpoints(process: subprocess.Popen[bytes], folder: Path, n: int = 3) -> None:
    """Until the training in a run's folder has more than n of them."""
    for _ in range(6000):
        if len(list(folder.glob("checkpoints/step_*"))) > n or process.poll() is not None:
            break
        time.sleep(0.01)
    assert process.poll() is None, "the training ended before it could be interrupted"


def interrupt_training(project: Project, settings: str) -> Path:
    """Kill a training once it is under way; its state."""
    folder = project.root / RUN
    state = folder / "training_state.safetensors"
    process = start(project, "-m", "onset.stages.train", RUN, "--settings", settings)
    wait_for_checkpoints(process, folder)
    kill(process)
    assert state.exists()
    assert not (folder / "checkpoints/index.json").exists()
    return state


def train_settings(project: Project, condition: str) -> str:
    from onset.config import load_project
    from onset.config.yaml_file import read_yaml

    loaded = load_project(read_yaml(project.root / project.config), project.root)
    return loaded.condition("tiny", condition).train_job


@pytest.mark.parametrize(
    ("fault", "goes_on"),
    [("none", True), ("a flipped bit", False), ("other settings", False)],
)
def test_only_a_whole_state_of_the_same_training_is_gone_on_from(
    undisturbed, fresh, fault, goes_on
):
    dataset = fresh.root / RUN / "dataset.safetensors"
    dataset.parent.mkdir(parents=True)
    dataset.write_bytes((undisturbed.root / RUN / "dataset.safetensors").read_bytes())
    state = interrupt_training(
        fresh, train_settings(fresh, "fast" if fault == "other settings" else "plain")
    )
    if fault == "a flipped bit":
        content = bytearray(state.read_bytes())
        content[-100] ^= 1
        state.write_bytes(content)
    done = fresh.python(
        *("-m", "onset.stages.train", RUN, "--settings", train_settings(fresh, "plain"))
    )
    assert done.returncode == 0, said(done)
    assert ("goes on from step" in said(done)) == goes_on
    assert not state.exists()
    # By hand there is no fingerprint of the code, so what is inside counts here, not the bytes.
    assert trained(fresh) == trained(undisturbed)


def trained(project: Project) -> tuple[list, list]:
    """The log, and the last parameters, of the training of RUN."""
    from onset.results import Run

    run = Run(project.root / RUN)
    assert run.steps[-1] == STEPS
    parameters = {name: p.tolist() for name, p in run.parameters().items()}
    return run.training_log.to_numpy().tolist(), sorted(parameters.items())
