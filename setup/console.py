"""How the set-up speaks: one line for what it does, one line for why it stops."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class SetupError(Exception):
    """The set-up cannot go on; the message says what is wrong, where, and what to do."""


def say(line: str) -> None:
    print(f"onset: {line}", flush=True)


def choice(name: str, allowed: Sequence[str], default: str) -> str:
    """An environment variable that takes one of a few values."""
    value = os.environ.get(name) or default
    if value not in allowed:
        raise SetupError(f"{name}={value}: choose {' or '.join(allowed)}")
    return value


def quietly(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None
) -> str | None:
    """Run a command unseen: None if it went well, else the end of what it said."""
    return output_of(command, environment)[1]


def output_of(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None
) -> tuple[str, str | None]:
    """What a command said, and, if it did not go well, the end of that."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    )
    if done.returncode == 0:
        return done.stdout, None
    end = "\n".join(done.stdout.strip().splitlines()[-20:])
    return done.stdout, end or f"exit code {done.returncode}"
