"""How long the remaining jobs of a call will take, judged by similar jobs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

Kind = tuple[str, ...]


@dataclass(frozen=True)
class Expected:
    """What is known of a job before it runs."""

    kind: Kind
    """jobs of a kind take a time in proportion to their sizes; what a kind begins with is a wider kind"""
    size: float = 1.0
    """in any unit that all jobs of the kind share"""
    seconds: float | None = None
    """that it should take by what is on record; None: nothing is"""


@dataclass
class _Sum:
    seconds: float = 0.0
    size: float = 0.0

    def add(self, seconds: float, size: float) -> None:
        self.seconds += seconds
        self.size += size


class Estimate:
    """Seconds left of a call. Times are those of one clock, in seconds."""

    def __init__(self, jobs_by_rule: Mapping[str, int], began: float) -> None:
        self._began = began
        self._unseen = Counter(jobs_by_rule)
        self._expected: dict[int, Expected] = {}
        self._running: dict[int, tuple[Expected, float]] = {}
        self._taken: dict[Kind, _Sum] = defaultdict(_Sum)
        self._busy = 0.0

    def expect(self, jobs: Mapping[int, Expected]) -> None:
        """All jobs of the call by their ids: more is known of them than how many each rule has."""
        self._expected = dict(jobs)
        self._unseen.clear()

    def start(self, job: int, rule: str, now: float) -> None:
        expected = self._expected.pop(job, None)
        if expected is None:
            expected = Expected((rule,))
            self._unseen[rule] -= 1
        self._running[job] = expected, now

    def finish(self, job: int, now: float) -> None:
        if job not in self._running:
            return
        expected, since = self._running.pop(job)
        self._busy += now - since
        for kind, size in _measures(expected):
            self._taken[kind].add(now - since, size)

    def fail(self, job: int, now: float) -> None:
        """It may be tried again."""
        if job in self._running:
            expected, since = self._running.pop(job)
            self._busy += now - since
            self._expected[job] = expected

    def left(self, now: float) -> float | None:
        """Seconds, if jobs go on side by side as they have so far; None before the first has ended."""
        if not self._taken:
            return None
        waiting = [*self._expected.values()]
        waiting += [Expected((rule,)) for rule, n in self._unseen.items() for _ in range(n)]
        work = sum(map(self._seconds, waiting))
        busy = self._busy
        for expected, since in self._running.values():
            work += max(self._seconds(expected) - (now - since), 0.0)
            busy += now - since
        side_by_side = max(busy / max(now - self._began, 1e-9), 1e-9)
        return work / side_by_side

    def _seconds(self, expected: Expected) -> float:
        """By the narrowest kind of which a job has ended; a record is taken at its word until then."""
        for kind, size in _measures(expected):
            if its := self._taken.get(kind):
                return its.seconds / its.size * size
        return expected.seconds or 0.0


def _measures(expected: Expected) -> list[tuple[Kind, float]]:
    """The kinds that a job belongs to, narrow before wide, and how large it is among each."""
    widths = range(len(expected.kind), 0, -1)
    if expected.seconds:
        return [(("on record", *expected.kind[:width]), expected.seconds) for width in widths]
    of_kind = [(("new", *expected.kind[:width]), expected.size) for width in widths]
    return [*of_kind, (("any",), 1.0)]
