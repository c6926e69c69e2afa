"""A real SLURM of one node on loopback, started for these tests and shut down after them.

Nothing of it is the machine's own: configuration, munge key, socket, ports and states are the tests',
in a temporary folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "scontrol", "squeue")
TEMPLATE = Path(__file__).with_name("slurm.conf.template")

T = TypeVar("T")


def why_not() -> str | None:
    """What keeps SLURM from being started here, or None."""
    if os.environ.get("ONSET_TEST_SLURM") != "1":
        return "starts a SLURM of its own: only with ONSET_TEST_SLURM=1 (make test-slurm)"
    if absent := [name for name in PROGRAMS if shutil.which(name) is None]:
        return f"no {', '.join(absent)} here: install slurm-wlm and munge (make test-slurm does)"
    if os.geteuid() != 0:
        return "SLURM's daemons are started by root, and this isn't root"
    return None


def until(answer: Callable[[], T], what: str, seconds: float = 120) -> T:
    """The answer, as soon as it is a true one."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := answer():
            return found
        time.sleep(0.1)
    pytest.fail(f"waited {seconds} s in vain: {what}")


class Slurm:
    """The daemons, and SLURM's commands pointed at them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self) -> None:
        for name in ("bin", "log", "spool", "state"):
            (self.folder / name).mkdir()
        self._configure()
        # --force: munged asks more of the folders above its socket than a temporary one promises.
        self._run("munged", "--force", *self._munge_options())
        self._run("slurmctld", "-f", str(self.conf))
        self._run("slurmd", "-f", str(self.conf), "-N", "localhost")
        until(lambda: "idle" in self.ask("sinfo", "-h", "-o", "%T"), "the node is idle", 30)

    def stop(self) -> None:
        """Ended by the process ids that the daemons wrote down, and waited for."""
        if self._pid("slurmctld"):
            self.ask("scancel", "--user=root")
            until(lambda: not self.ask("squeue", "-h"), "all jobs have ended", 30)
        for name in ("slurmd", "slurmctld", "munged"):
            if pid := self._pid(name):
                os.kill(pid, signal.SIGTERM)
                until(lambda pid=pid: not Path(f"/proc/{pid}").exists(), f"{name} ends", 30)

    def ask(self, *command: str) -> str:
        env = {**os.environ, "SLURM_CONF": str(self.conf)}
        return subprocess.run(command, env=env, capture_output=True, text=True).stdout

    def running(self, comment: str) -> str | None:
        """The id of the running job with this comment, which tells its rule and wildcards."""
        for line in self.ask("squeue", "-h", "-t", "R", "-o", "%i %k").splitlines():
            job, _, its = line.partition(" ")
            if its.strip() == comment:
                return job
        return None

    def ended(self) -> dict[str, str]:
        """The jobs that have ended: what became of each."""
        lines = (self.folder / "log/jobcomp.txt").read_text().splitlines()
        told = [dict(word.partition("=")[::2] for word in line.split()) for line in lines]
        return {job["JobId"]: job["JobState"] for job in told}

    @property
    def conf(self) -> Path:
        return self.folder / "slurm.conf"

    def _configure(self) -> None:
        ctld, slurmd = _free_ports()
        fill = {"D": self.folder, "CPUS": os.cpu_count(), "CTLD_PORT": ctld, "SLURMD_PORT": slurmd}
        text = TEMPLATE.read_text()
        for name, value in fill.items():
            text = text.replace(f"@{name}@", str(value))
        self.conf.write_text(text)
        (self.folder / "gres.conf").write_text("NodeName=localhost Name=gpu File=/dev/null\n")
        # No plugin here uses cgroups, and where none are mounted only the older kind goes without.
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        # The plugin's job steps call srun without the SLURM_ variables, so also without SLURM_CONF:
        # this srun, first on the PATH, knows where the configuration is.
        srun = self.folder / "bin/srun"
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.conf} exec {shutil.which("srun")} "$@"\n')
        srun.chmod(0o755)

    def _munge_options(self) -> list[str]:
        names = {
            "key-file": "munge.key",
            "socket": "munge.sock",
            "pid-file": "munged.pid",
            "seed-file": "munge.seed",
            "log-file": "log/munged.log",
        }
        return [f"--{option}={self.folder / name}" for option, name in names.items()]

    def _run(self, *command: str) -> None:
        """Start a daemon. It keeps its output open, and who read that from a pipe would wait for ever."""
        output = self.folder / f"log/{command[0]}.output"
        with output.open("w") as file:
            done = subprocess.run(command, stdout=file, stderr=file)
        log = self.folder / f"log/{command[0]}.log"
        said = "".join(path.read_text()[-2000:] for path in (output, log) if path.exists())
        assert done.returncode == 0, f"{' '.join(command)} failed:\n{said}"

    def _pid(self, name: str) -> int | None:
        """The daemon's process id, if it runs."""
        file = self.folder / f"{name}.pid"
        pid = int(file.read_text()) if file.exists() else None
        return pid if pid and Path(f"/proc/{pid}").exists() else None


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for it in (one, other):
            it.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="session")
def slurm(tmp_path_factory) -> Iterator[Slurm]:
    """SLURM, with this process and its children pointed at it."""
    if reason := why_not():
        pytest.skip(reason)
    cluster = Slurm(tmp_path_factory.mktemp("slurm"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", str(cluster.conf))
        patch.setenv("PATH", f"{cluster.folder / 'bin'}:{os.environ['PATH']}")
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
