"""The fork server: a process that has imported the libraries, and forks once for each requested job.

It lives as long as the Snakemake call that started it. A job continues as if it had imported the
libraries itself: same folder, environment, arguments and streams. It imports Onset's own modules afresh,
from the place where the requesting command finds them.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

from onset.stages.surroundings import new_folder, of_notebook, of_server, settle, settled
from onset.workflow.fork_request import ADDRESS, OF_A_JOB, receive, send_end

_TABLES = (
    *("yaml", "pydantic.main", "pydantic.type_adapter", "pydantic.functional_validators"),
    *("pydantic.fields", "pydantic.types"),
    *("numpy.random", "jaxtyping", "safetensors.numpy", "pyarrow.parquet"),
)
_TORCH = (*_TABLES, "torch", "torch.optim", "safetensors.torch")
_STATISTICS = (*_TORCH, "pandas", "scipy.stats", "matplotlib.figure")
_DRAWING = ("seaborn", "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg")
_BRIDGE = (*_TORCH, "transformer_lens.model_bridge")
# What takes most of each stage's start-up; imported when the first such job comes.
_LIBRARIES = {
    "dataset": _TORCH,
    "weights": _TORCH,
    "train": (
        *_TORCH,
        "torch._dynamo",
    ),  # the first step of an optimiser imports it, in a second and a half
    "evaluate": _TORCH,
    "analyse": (*_BRIDGE, "transformer_lens.patching"),
    "compare": (*_BRIDGE, "sklearn.linear_model", "sklearn.model_selection"),
    "collect": _BRIDGE,
    "views": (*_BRIDGE, "transformer_lens.tools.analysis"),
    "join": (*_TORCH, "pandas"),
    "combine": (*_TORCH, "pandas"),
    "summarise": _STATISTICS,
    "notebook": (*_TABLES, "jupytext", "papermill", "nbconvert"),
    "kernel": (*_STATISTICS, *_DRAWING, *_BRIDGE, "ipykernel.kernelapp"),
    "gallery": (*_STATISTICS, *_DRAWING, "pygments.formatters", "pygments.lexers"),
}


_STARTED: list[subprocess.Popen] = []
"""kept, as Python warns of processes that nobody holds any more"""


def start_server(threads: int) -> None:
    """Start a server that lives as long as this process, for all commands below it to find.

    If a parent process has already started one for the same number of threads, that one keeps serving.

    Args:
        threads: how many each of its jobs uses.
    """
    if sys.platform != "linux":  # elsewhere, libraries don't promise to survive a fork
        return
    above = Path(os.environ.get(ADDRESS, ""))
    if above.name == _socket(threads) and above.is_socket():
        return
    try:
        folder = new_folder()
    except OSError:  # nowhere to listen: each job starts its own interpreter
        return
    # Nothing is ever written to the pipe. It is closed when this process ends, however that comes.
    reading, _ = os.pipe()
    address = folder / _socket(threads)
    command = [sys.executable, "-m", "onset.workflow.fork_server", str(address)]
    _STARTED.append(subprocess.Popen(command, stdin=reading, env=of_server(os.environ, threads)))
    os.close(reading)
    os.environ[ADDRESS] = str(address)


def _socket(threads: int) -> str:
    """The name of a server's socket."""
    return f"threads_{threads}"


def serve(address: Path) -> None:
    """Fork a process per request until the standard input is closed.

    Args:
        address: the socket to make, in a folder of its own that ends with the server.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the jobs answer to Ctrl-C, not the server
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait for jobs
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
            listener.listen(64)
            while True:
                ready, _, _ = select.select([listener, sys.stdin], [], [])
                if sys.stdin in ready:
                    return
                connection, _ = listener.accept()
                with connection:
                    _answer(connection, listener)
    finally:
        shutil.rmtree(address.parent, ignore_errors=True)


def _answer(connection: socket.socket, listener: socket.socket) -> None:
    """Fork a process that starts the job, waits for it and reports how it ended."""
    request, streams = receive(connection)
    if request is None:
        return
    _import(_LIBRARIES.get(request["stage"], ()), Path(listener.getsockname()).parent / "home")
    if _fork() == 0:
        listener.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        job = _fork()
        if job == 0:
            connection.close()
            _become(request, streams)
        if request["stage"] in OF_A_JOB:
            _end_with(connection, job)
        _, status = os.waitpid(job, 0)
        with contextlib.suppress(OSError):  # the command may have been stopped meanwhile
            send_end(connection, os.waitstatus_to_exitcode(status))
        os._exit(0)
    for stream in streams:
        os.close(stream)


def _import(names: Iterable[str], home: Path) -> None:
    """Import libraries as a notebook would: in an empty home and folder, since some read settings there."""
    missing = [name for name in names if name not in sys.modules]
    if not missing:
        return
    home.mkdir(exist_ok=True)
    folder = Path.cwd()
    with settled(of_notebook(os.environ, home)):
        os.chdir(home)
        for name in missing:
            importlib.import_module(name)
        os.chdir(folder)
    gc.freeze()  # so that garbage collection in a job doesn't copy the memory that jobs share


def _end_with(connection: socket.socket, job: int) -> None:
    """Wait for the job; end it if the command that requested it is gone."""
    with contextlib.suppress(OSError):  # Linux before 5.3: the job is only waited for
        ended = os.pidfd_open(job)
        ready, _, _ = select.select([ended, connection], [], [])
        if ended not in ready:
            os.kill(job, signal.SIGKILL)


def _fork() -> int:
    """A fork without the warning about threads that Python gives from 3.12 on.

    The only thread here belongs to pyarrow's allocator, which handles forks itself.
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
    # The server's own modules may be those of another folder.
    for name in [name for name in sys.modules if name.partition(".")[0] == "onset"]:
        del sys.modules[name]
    sys.path[:] = request["path"]
    module = f"onset.stages.{request['stage']}"
    sys.argv[1:] = request["arguments"]
    status = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):  # as an interpreter would
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    settle()
    serve(Path(sys.argv[1]))
