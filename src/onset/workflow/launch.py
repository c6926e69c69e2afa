"""Start a stage: `python -m onset.workflow.launch train RUN …` is `python -m onset.stages.train RUN …`.

Importing libraries takes longer than many jobs. Within a Snakemake call on this machine, the fork server
(`onset.workflow.fork_server`) therefore runs the stage; the end of the job is the end of this command.
Where there is no server (on a cluster node, by hand), the stage is run directly.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from pathlib import Path

from onset.stages.surroundings import settle
from onset.workflow.fork_request import ADDRESS, OF_A_JOB, receive_end, send


def main() -> None:
    stage, arguments = sys.argv[1], sys.argv[2:]
    if stage not in OF_A_JOB:
        settle()
    if address := os.environ.get(ADDRESS):
        status = ask(address, stage, arguments)
        if status is not None:
            sys.exit(status)
    os.execv(sys.executable, [sys.executable, "-m", f"onset.stages.{stage}", *arguments])


def ask(address: str, stage: str, arguments: list[str]) -> int | None:
    """The exit status of the job, run by the server; None if there is no server."""
    request = {
        "stage": stage,
        "arguments": arguments,
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "path": sys.path,
    }
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(address)
        except OSError:
            return None  # not there yet, or no longer
        send(connection, request)
        if stage in OF_A_JOB:
            _end_with_the_asker(connection)
        code = receive_end(connection)
    if code is None:
        print(f"{stage}: the process that was to run it has gone", file=sys.stderr)
        return 1
    return code if code >= 0 else 128 - code  # ended by a signal: as a shell tells it


def _end_with_the_asker(connection: socket.socket) -> None:
    """Wait for an answer; end this process, and with it the job, if its parent process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is meant for the job
    asker = os.getppid()
    while not select.select([connection], [], [], 1)[0]:
        if os.getppid() != asker:
            sys.exit(1)


if __name__ == "__main__":
    main()
