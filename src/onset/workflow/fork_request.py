"""How a job's command and the fork server talk over a socket: a request, then how the job ended."""

from __future__ import annotations

import json
import socket

ADDRESS = "ONSET_FORK_SERVER"
"""environment variable: the server's socket"""
OF_A_JOB = {"kernel"}
"""stages that another job starts: it sets their environment, and may end without telling them"""
_HEADER = 8  # bytes: the length of what follows, or an exit status


def send(connection: socket.socket, request: dict) -> None:
    """Ask for a job that writes to this process's own streams."""
    data = json.dumps(request).encode()
    socket.send_fds(connection, [len(data).to_bytes(_HEADER)], [0, 1, 2])
    connection.sendall(data)


def receive(connection: socket.socket) -> tuple[dict | None, list[int]]:
    """A request and the streams of the process that made it; None: it ended before sending all of it."""
    header, streams, _, _ = socket.recv_fds(connection, _HEADER, 3)
    data = _exactly(connection, int.from_bytes(header)) if len(header) == _HEADER else None
    return (json.loads(data) if data else None), streams


def send_end(connection: socket.socket, code: int) -> None:
    """Say how a job ended: its exit status, or minus the number of the signal that ended it."""
    connection.sendall(code.to_bytes(_HEADER, signed=True))


def receive_end(connection: socket.socket) -> int | None:
    """How a job ended; None: the process that waited for it is gone."""
    status = _exactly(connection, _HEADER)
    return None if status is None else int.from_bytes(status, signed=True)


def _exactly(connection: socket.socket, n: int) -> bytes | None:
    """`n` bytes, or None if the other side closes first."""
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
