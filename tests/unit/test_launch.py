"""A job that the fork server runs is the job that a fresh interpreter would run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from onset.workflow import fork_server, launch
from tests import files

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is a server on Linux only")

RUN = "results/tiny/plain/seed_0"
TASK = {"task": {"name": "composition", "n_entities": 20, "n_relations": 4, "id_trained": 0.7}}
MODEL = {"name": "transformer", "n_layers": 1, "d_model": 16, "n_heads": 2, "d_mlp": 32}
TRAINING = {
    "model": {**MODEL, "n_loops": 2},
    "training": {
        **{"steps": 100_000, "batch_size": 32, "mixture": {"atomic": 1.0}},
        **{"learning_rate": 1e-3, "weight_decay": 0.0},
    },
    "checkpoints": {"schedule": "log", "count": 3},
    **{"parent": None, "device": "cpu", "threads": 1},
}


def wait_for(true) -> None:
    """Something that happens within seconds, or the test fails."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def child_of(parent: int) -> int:
    """The process id of a process's only child."""
    of_parent = f"\nPPid:\t{parent}\n"
    found = [
        s.parent.name for s in Path("/proc").glob("[0-9]*/status") if of_parent in s.read_text()
    ]
    (child,) = found
    return int(child)


@pytest.fixture
def server(tmp_path) -> Iterator[subprocess.Popen]:
    folder = tmp_path / "server"
    folder.mkdir()
    address = folder / "threads_1"
    command = [sys.executable, "-m", "onset.workflow.fork_server", str(address)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    wait_for(address.exists)
    process.address = str(address)
    yield process
    process.stdin.close()
    assert process.wait(60) == 0
    assert not folder.exists()


def make_dataset(settings: dict = TASK) -> list[str]:
    return [RUN, "--settings", json.dumps(settings)]


def test_what_is_made_is_the_same(server, tmp_path, monkeypatch, capfd):
    for place, start in {
        "served": lambda: launch.ask(server.address, "dataset", make_dataset()),
        "alone": lambda: (
            subprocess.run(
                [sys.executable, "-m", "onset.workflow.launch", "dataset", *make_dataset()],
                check=True,
            ).returncode
        ),
    }.items():
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        monkeypatch.setenv("ONSET_FORK_SERVER", str(tmp_path / "there is none"))
        assert start() == 0
        assert "dataset: done in" in capfd.readouterr().err
    served, alone = (files.contents(tmp_path / place) for place in ("served", "alone"))
    assert f"{RUN}/dataset.safetensors" in served
    assert served == alone


def test_its_error_is_the_commands_error(server, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    Path("results").write_text("no folder")
    assert launch.ask(server.address, "dataset", make_dataset()) == 1
    assert "dataset: " in capfd.readouterr().err
    assert launch.ask(server.address, "dataset", ["--no-such-option"]) == 2
    assert "usage: " in capfd.readouterr().err


def test_its_environment_is_the_commands(server, tmp_path, monkeypatch, capfd):
    """Python's own switches are read at its start; this one when a message is given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "40")
    launch.ask(server.address, "dataset", ["--help"])
    narrow = capfd.readouterr().out
    monkeypatch.setenv("COLUMNS", "200")
    launch.ask(server.address, "dataset", ["--help"])
    assert len(narrow.splitlines()) > len(capfd.readouterr().out.splitlines())


def test_a_killed_job_is_a_failed_command(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert launch.ask(server.address, "dataset", make_dataset()) == 0
    said = []
    train = [RUN, "--settings", json.dumps(TRAINING)]
    asking = threading.Thread(
        target=lambda: said.append(launch.ask(server.address, "train", train))
    )
    asking.start()
    wait_for((Path(RUN) / "checkpoints/step_0000000.safetensors").exists)
    os.kill(child_of(child_of(server.pid)), signal.SIGKILL)
    asking.join(60)
    assert said == [128 + signal.SIGKILL]


def test_a_fork_warns_of_no_threads(monkeypatch):
    """As Python 3.12 and later do, in the middle of a person's terminal."""

    def fork() -> int:
        warnings.warn("This process is multi-threaded", DeprecationWarning, stacklevel=2)
        return 7

    monkeypatch.setattr(os, "fork", fork)
    assert fork_server._fork() == 7


def test_a_server_ends_with_the_call_that_started_it(tmp_path):
    """However that ends."""
    code = (
        "import os, time; from onset.workflow import fork_server; fork_server.start_server(1); "
        "print(os.environ['ONSET_FORK_SERVER'], flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    call = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    address = Path(call.stdout.readline().strip())
    assert tmp_path in address.parents
    wait_for(address.exists)
    call.kill()
    call.communicate()
    wait_for(lambda: not address.parent.exists())
