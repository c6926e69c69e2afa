"""Start a stage: `python -m onset.workflow.launch train RUN …` is `python -m onset.stages.train RUN …`.

Importing torch takes longer than many jobs. Within a Snakemake call on this machine, a server therefore
holds the imported libraries and forks a process per job, which continues as if it had imported them
itself: same folder, environment, arguments and streams; the end of the job is the end of the command.
Each job imports Onset's own modules afresh. Where there is no server (on a cluster node, by hand), the
stage is run directly.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import warnings
from pathlib import Path

from onset.stages.surroundings import new_folder, of_server, settle

_ADDRESS = "ONSET_FORK_SERVER"  # environment variable: the server's socket
_HEADER = 8  # bytes: the length of the request that follows

_TABLES = ("yaml", "pydantic", "safetensors.numpy", "pyarrow.parquet")
_TORCH = (*_TABLES, "torch", "torch.optim", "safetensors.torch")
# What each stage spends its start-up on, imported when the first such job comes.
_LIBRARIES = {
    "dataset": _TABLES,
    "train": _TORCH,
    "evaluate": _TORCH,
    "analyse": (*_TORCH, "transformer_lens.model_bridge", "transformer_lens.patching"),
    "compare": (*_TORCH, "transformer_lens.model_bridge"),
    "collect": (*_TORCH, "transformer_lens.model_bridge"),
    "views": (*_TORCH, "transformer_lens.model_bridge", "transformer_lens.tools.analysis"),
}


def main() -> None:
    settle()
    # TransformerLens draws progress bars, which a log can't show; read when tqdm is imported.
    os.environ["TQDM_DISABLE"] = "1"
    if sys.argv[1] == "--serve":
        serve(Path(sys.argv[2]))
        return
    stage, arguments = sys.argv[1], sys.argv[2:]
    address = os.environ.get(_ADDRESS)
    if address and stage in _LIBRARIES:
        status = _ask(address, stage, arguments)
        if status is not None:
            sys.exit(status)
    os.execv(sys.executable, [sys.executable, "-m", f"onset.stages.{stage}", *arguments])


# ---- the server's life ---------------------------------------------------------------------------


def start_server(threads: int) -> None:
    """Start a server that lives as long as this process, for all commands below it to find.

    Args:
        threads: that its jobs compute with.
    """
    if sys.platform != "linux":  # elsewhere, libraries don't promise to survive a fork
        return
    try:
        folder = new_folder()
    except OSError:  # nowhere to listen: each job starts its own interpreter
        return
    # Nothing is ever written to the pipe. It is closed when this process ends, however that comes.
    reading, _ = os.pipe()
    command = [sys.executable, "-m", "onset.workflow.launch", "--serve", str(folder)]
    subprocess.Popen(command, stdin=reading, env=of_server(os.environ, threads))
    os.close(reading)
    os.environ[_ADDRESS] = str(folder / "socket")


def serve(folder: Path) -> None:
    """Fork a process per request until the standard input is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the jobs answer to Ctrl-C, not the server
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait for jobs
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "socket"))
            listener.listen(64)
            while True:
                ready, _, _ = select.select([listener, sys.stdin], [], [])
                if sys.stdin in ready:
                    return
                connection, _ = listener.accept()
                with connection:
                    _answer(connection, listener)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _answer(connection: socket.socket, listener: socket.socket) -> None:
    """Fork a process that starts the job, waits for it and reports how it ended."""
    request, streams = _receive(connection)
    if request is None:
        return
    for name in _LIBRARIES[request["stage"]]:
        importlib.import_module(name)
    if _fork() == 0:
        listener.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        job = _fork()
        if job == 0:
            connection.close()
            _become(request, streams)
        _, status = os.waitpid(job, 0)
        with contextlib.suppress(OSError):  # the command may have been stopped meanwhile
            connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(_HEADER, signed=True))
        os._exit(0)
    for stream in streams:
        os.close(stream)


def _fork() -> int:
    """A fork without the warning of threads that Python has from 3.12 on.

    The only one here is of pyarrow's allocator, which gets through a fork by its own means.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _become(request: dict, streams: list[int]) -> None:
    """Be the job: as if a fresh interpreter had been started with its arguments."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    module = f"onset.stages.{request['stage']}"
    sys.argv[1:] = request["arguments"]
    status = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


# ---- what goes over the socket -------------------------------------------------------------------


def _ask(address: str, stage: str, arguments: list[str]) -> int | None:
    """The exit status of the job, run by the server; None if there is no server."""
    request = {
        "stage": stage,
        "arguments": arguments,
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
    }
    data = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(address)
        except OSError:
            return None  # not there yet, or no longer
        socket.send_fds(connection, [len(data).to_bytes(_HEADER)], [0, 1, 2])
        connection.sendall(data)
        status = _exactly(connection, _HEADER)
    if status is None:
        print(f"{stage}: the process that was to run it has gone", file=sys.stderr)
        return 1
    code = int.from_bytes(status, signed=True)
    return code if code >= 0 else 128 - code  # ended by a signal: as a shell tells it


def _receive(connection: socket.socket) -> tuple[dict | None, list[int]]:
    header, streams, _, _ = socket.recv_fds(connection, _HEADER, 3)
    data = _exactly(connection, int.from_bytes(header)) if len(header) == _HEADER else None
    return (json.loads(data) if data else None), streams


def _exactly(connection: socket.socket, n: int) -> bytes | None:
    """So many bytes, or None if the other side closes first."""
    data = b""
    while len(data) < n:
        try:
            part = connection.recv(n - len(data))
        except OSError:
            return None
        if not part:
            return None
        data += part
    return data


if __name__ == "__main__":
    main()
