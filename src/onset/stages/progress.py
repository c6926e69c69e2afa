"""Training progress, in lines that read well on a terminal and in a log file."""

from __future__ import annotations

import time

from onset.stages.command import log

_SECONDS_BETWEEN = 10.0


class Progress:
    """Says step, loss, speed and time left, at most once in ten seconds."""

    def __init__(self, run: str, first: int, last: int) -> None:
        self._run, self._first, self._last = run, first, last
        self._began = self._said = time.monotonic()

    def __call__(self, step: int, loss: float) -> None:
        now = time.monotonic()
        if now - self._said < _SECONDS_BETWEEN and step < self._last:
            return
        self._said = now
        speed = (step - self._first) / max(now - self._began, 1e-9)
        left = (self._last - step) / speed
        log.info(
            "%s  step %d/%d  loss %.4f  %.0f steps/s  %s left",
            self._run, step, self._last, loss, speed, _minutes(left),
        )  # fmt: skip


def _minutes(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
