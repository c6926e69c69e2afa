"""What a Snakemake call has done, is doing and still has to do, from its messages."""

from __future__ import annotations

from logging import LogRecord

from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_onset.estimate import Estimate


class Progress:
    """Of one call, from the message that counts its jobs."""

    def __init__(self, jobs_by_rule: dict[str, int], now: float) -> None:
        by_rule = dict(jobs_by_rule)
        self.total = by_rule.pop("total")
        self.done = 0
        self._estimate = Estimate(by_rule, now)
        self._began = now
        self._running: dict[int, str] = {}
        self._failed: set[int] = set()

    def hear(self, record: LogRecord, now: float) -> None:
        """A message of Snakemake's."""
        if expected := getattr(record, "expected", None):
            self._estimate.expect(expected)
        match getattr(record, "event", None):
            case LogEvent.JOB_INFO:
                self._running[record.jobid] = _name(record)
                self._failed.discard(record.jobid)
                self._estimate.start(record.jobid, record.rule_name, now)
            case LogEvent.JOB_FINISHED:
                self._running.pop(record.job_id, None)
                self._estimate.finish(record.job_id, now)
            case LogEvent.JOB_ERROR:
                self._running.pop(record.jobid, None)
                self._failed.add(record.jobid)
                self._estimate.fail(record.jobid, now)
            case LogEvent.PROGRESS:
                self.done, self.total = record.done, record.total

    def now(self, now: float) -> str:
        """`412/1061 jobs in 18:03, about 14 min left: train chains/few_inferred/0`"""
        running = ", ".join(self._running.values())
        left = _words(self._estimate.left(now))
        return f"{self._so_far(now)}, {left}" + (f": {running}" if running else "")

    def end(self, now: float) -> str:
        """`412/1061 jobs in 18:03, 1 failed`, if the call ends too early; otherwise nothing."""
        return self._so_far(now) if self.done < self.total else ""

    def _so_far(self, now: float) -> str:
        failed = f", {len(self._failed)} failed" if self._failed else ""
        return f"{self.done}/{self.total} jobs in {_clock(now - self._began)}{failed}"


def _name(record: LogRecord) -> str:
    return f"{record.rule_name} {'/'.join(map(str, record.wildcards.values()))}".strip()


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _words(left: float | None) -> str:
    """No more exact than it is."""
    if left is None:
        return "time left not known yet"
    minutes = round(left / 60)
    if minutes < 1:
        return "less than a minute left"
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h {minutes:02d} min left" if hours else f"about {minutes} min left"
