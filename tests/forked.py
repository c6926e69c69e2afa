"""Processes that have imported their libraries before they are asked for, and serve all tests of a worker.

Python processes with Snakemake: a server imports it once, and forks for each call; the fork takes the
caller's folder, environment and arguments, and runs the module as `python -m` does. Nothing of Onset is
imported before the fork, so that it runs the code of the project that it is called for. And the jobs' own
fork server (`onset.workflow.fork_server`), which each Snakemake call would otherwise start for itself.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

# What a call of Snakemake imports, its own plugins of this project excepted.
_LIBRARIES = (
    *("snakemake.cli", "snakemake.scheduling.job_scheduler", "snakemake.report.html_reporter"),
    *("docutils.core", "docutils.parsers.rst", "docutils.writers", "requests", "smart_open", "yte"),
    *("dpath", "jaxtyping", "jinja2", "platformdirs", "pydantic.main", "pydantic.type_adapter"),
    *("pygments.formatters.html", "pygments.lexers", "pygments.styles", "unittest.mock"),
)


def run(
    module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What `python -m module arguments` says and returns, called in a folder with an environment."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        asked = {
            "argv": [module, *arguments],
            "folder": str(folder),
            "environment": dict(environment),
        }
        socket.send_fds(
            _server(), [json.dumps(asked).encode()], [said.fileno(), complained.fileno()]
        )
        code = int(_server().recv(16))
        texts = [(its.seek(0), its.read().decode())[1] for its in (said, complained)]
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.CompletedProcess(command, code, *texts)


@cache
def jobs_server() -> dict[str, str]:
    """The environment variable that leads to a server for jobs of one thread; it ends with this process."""
    from onset.workflow import fork_server

    before = dict(os.environ)
    fork_server.start_server(threads=1)
    added = {name: os.environ.pop(name) for name in os.environ.keys() - before.keys()}
    for place in map(Path, added.values()):
        while not place.is_socket():
            time.sleep(0.01)
    return added


@cache
def _server() -> socket.socket:
    """Of this process; it ends when this process does."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import forked; forked.serve()"
    process = subprocess.Popen([sys.executable, "-P", "-c", code], stdin=its)
    its.close()
    atexit.register(lambda: (ours.close(), process.wait()))
    return ours


def serve() -> None:
    """Answer calls, one after the other, until nobody is there to make any."""
    sys.path.pop(0)
    for name in _LIBRARIES:
        importlib.import_module(name)
    gc.freeze()
    base = [its for its in sys.path if its not in os.environ.get("PYTHONPATH", "").split(":")]
    calls = socket.socket(fileno=os.dup(0))
    while True:
        asked, descriptors, _, _ = socket.recv_fds(calls, 1 << 20, 2)
        if not asked:
            return
        child = os.fork()
        if not child:
            calls.close()
            _become(json.loads(asked), descriptors, base)
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(child, 0)
        calls.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(asked: dict[str, Any], descriptors: Sequence[int], base: Sequence[str]) -> None:
    """The process that was asked for; it ends here."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for own, given in enumerate(descriptors, start=1):
        os.dup2(given, own)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    module, *arguments = asked["argv"]
    sys.argv = [module, *arguments]
    more = [its for its in os.environ.get("PYTHONPATH", "").split(":") if its]
    sys.path[:] = [asked["folder"], *more, *base]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()
