"""Snakemake's usual messages, with progress in place of those that count jobs."""

# Without `from __future__ import annotations`: Snakemake reads the types of settings from their classes.

import sys
import threading
import time
from dataclasses import dataclass, field
from logging import LogRecord

from snakemake.logging import ColorizingTextHandler, DefaultFilter, DefaultFormatter
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase

from snakemake_logger_plugin_onset.line import Line, new_line
from snakemake_logger_plugin_onset.progress import Progress

_SECONDS_BETWEEN = 1.0
# What progress tells. In .snakemake/log these messages stand all the same.
_COUNTED = {LogEvent.JOB_STARTED, LogEvent.JOB_FINISHED, LogEvent.PROGRESS}
_SELECTING = "Select jobs to execute..."


@dataclass
class LogHandlerSettings(LogHandlerSettingsBase):
    """Options of a call: `--logger-onset-plain`."""

    plain: bool = field(
        default=False, metadata={"help": "No progress, but Snakemake's own lines about each job."}
    )


class LogHandler(LogHandlerBase):
    """Writes messages as Snakemake's own handler does, and along with them how far the call is.

    A dry run, a call that asks for no progress (`--quiet progress`) and one that runs no jobs have none.
    """

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        its = self.common_settings
        quiet = set(its.quiet or ())
        self._messages = ColorizingTextHandler(
            its.nocolor,
            sys.stdout if its.stdout else sys.stderr,
            DefaultFormatter(quiet, its.show_failed_logs),
            DefaultFilter(quiet, its.debug_dag, its.verbose, its.dryrun, its.printshellcmds),
        )
        plain = self.settings is not None and self.settings.plain
        self._wanted = not (plain or its.dryrun or quiet & {Quietness.ALL, Quietness.PROGRESS})
        self._progress: Progress | None = None
        self._line: Line | None = None
        self._ended = threading.Event()

    def emit(self, record: LogRecord) -> None:
        try:
            told = self._hear(record)
            self._show()
        except Exception:  # or Snakemake's own messages, errors among them, would end with it
            self.handleError(record)
            self._wanted, self._progress, told = False, None, False
        if not told:
            self._messages.handle(record)

    def _hear(self, record: LogRecord) -> bool:
        """Whether progress tells what the message says."""
        if not self._wanted:
            return False
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO and not self._progress:
            self._progress = Progress(record.stats, time.monotonic())
            self._line = new_line(self._messages.stream, time.monotonic())
            threading.Thread(target=self._keep_showing, daemon=True).start()
        elif self._progress:
            self._progress.hear(record, time.monotonic())
            return event in _COUNTED or record.msg == _SELECTING
        return False

    def _keep_showing(self) -> None:
        while not self._ended.wait(_SECONDS_BETWEEN):
            with self.lock:
                self._show()

    def _show(self) -> None:
        progress, now = self._progress, time.monotonic()
        if progress and self._line and progress.done < progress.total:
            self._line.show(progress.done, progress.total, progress.now(now), now)

    def close(self) -> None:
        with self.lock:
            self._ended.set()
            if self._line:
                self._line.close()
            if self._progress and (said := self._progress.end(time.monotonic())):
                print(said, file=self._messages.stream, flush=True)
            self._line = self._progress = None
        super().close()
