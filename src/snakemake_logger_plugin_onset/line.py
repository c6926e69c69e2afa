"""Where progress is shown: on a terminal in the last line, elsewhere as one line a minute."""

from __future__ import annotations

import os
from typing import Protocol, TextIO

_SECONDS_BETWEEN = 60.0

# What terminals understand, as apt has drawn its progress for long.
_KEEP, _BACK, _WIPE = "\x1b7", "\x1b8", "\x1b[K"


class Line(Protocol):
    """Of a call that runs."""

    def show(self, done: int, total: int, said: str, now: float) -> None:
        """So many jobs are done, and in words what else there is to say."""
        ...

    def close(self) -> None:
        """Leave the stream as it was."""
        ...


def new_line(stream: TextIO, now: float) -> Line:
    """The one that suits the stream."""
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        columns, rows = os.get_terminal_size(stream.fileno())
        if columns > 20 and rows > 2:
            return _LastLine(stream)
    return _Occasional(stream, now)


class _LastLine:
    """Everything else scrolls above it, whoever writes it: jobs write to the terminal by themselves."""

    def __init__(self, stream: TextIO) -> None:
        # Here, because each call of Snakemake imports this module, and few draw a bar.
        from tqdm import tqdm

        self._format = tqdm.format_meter
        self._stream = stream
        self._rows = 0

    def show(self, done: int, total: int, said: str, now: float) -> None:
        columns, rows = os.get_terminal_size(self._stream.fileno())
        if rows != self._rows:
            self._scroll_above(rows)
        words = said.replace("{", "{{").replace("}", "}}")
        bar = f"{{percentage:3.0f}}%|{{bar:16}}| {words}"
        # The last column is left free: some terminals go on to the next line there.
        text = self._format(done, total, 0, ncols=columns - 1, bar_format=bar)
        self._write(f"{_KEEP}\x1b[{rows};1H{text}{_WIPE}{_BACK}")

    def close(self) -> None:
        if self._rows:
            self._write(f"{_KEEP}\x1b[r\x1b[{self._rows};1H{_WIPE}{_BACK}")

    def _scroll_above(self, rows: int) -> None:
        """Confine what scrolls to all lines but the last, and be above it: a line down, a line up."""
        self._write(f"\n{_KEEP}\x1b[1;{rows - 1}r{_BACK}\x1b[1A")
        self._rows = rows

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class _Occasional:
    def __init__(self, stream: TextIO, now: float) -> None:
        self._stream, self._said = stream, now

    def show(self, done: int, total: int, said: str, now: float) -> None:
        if now - self._said >= _SECONDS_BETWEEN:
            self._said = now
            print(said, file=self._stream, flush=True)

    def close(self) -> None:
        pass
