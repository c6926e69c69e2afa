"""How much memory, disk and time a run takes at least, estimated before anything is made.

A rough lower bound: whatever is refused really can't run, and what passes may still be too large. Tasks
say how many numbers they hold while being generated (`n_numbers`); model families say what they keep per
example of a batch (`activations`), and the shapes of their parameters or, where those are in files, how
many there are (`n_parameters`), and whether training may change them all (`changes_all`); runs store what
they change. Anything unknown counts as zero.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from onset import models
from onset.config.condition import Condition
from onset.settings import Settings
from onset.tasks.worlds import AnyTaskSettings, sizes_of
from onset.training.settings import CheckpointSettings, TrainingSettings

_NUMBER, _FLOAT = 8, 4  # bytes
_COPIES = {"adamw": 4, "sgd": 3, "muon": 3}
"""of parameters: themselves, gradients, moments (muon's matrices have one, what AdamW updates there two)"""
_COPIES_TO_LOOK_AT = 4
"""those in files, the same without gradients, those of the module that they are put into, and of the one
in which TransformerLens looks at them"""
_LOGGED = 4 * 32  # bytes per step, of Python's floats in lists
_OPERATIONS = 1e15  # per second, more than a device does
_STEP = 2e-5  # seconds that a step takes at least
_A_RUN = "a run needs"
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
MOST_MEMORY, MOST_DISK, MOST_SECONDS = 4 * 2**40, 2**50, 10 * 365 * 86400
"""of one run: a machine with more is none that this is made for"""


@dataclass(frozen=True)
class Size:
    """Of one run, in bytes and seconds."""

    memory: Mapping[str, int]
    """by the section of the settings that it is due to"""
    disk: int
    """its checkpoints and its dataset"""
    seconds: float

    @classmethod
    def of(
        cls,
        task: AnyTaskSettings,
        model: Settings,
        training: TrainingSettings,
        checkpoints: CheckpointSettings,
    ) -> Size:
        family, sizes = models.load_planning(model.name), sizes_of(task)
        its = models.load_settings(model.name)
        shapes = its.shapes(model, *sizes) if hasattr(its, "shapes") else {}
        own = sum(map(math.prod, shapes.values()))
        in_files = family.n_parameters(model) if hasattr(family, "n_parameters") else 0
        parameters = own + in_files
        some = hasattr(family, "changes_all") and not family.changes_all(model)
        changed = own if training.trainable or some or not training.updates else parameters
        kept = family.activations(model, *sizes) if hasattr(family, "activations") else 0
        copies = _COPIES[training.optimiser] if changed else _COPIES_TO_LOOK_AT
        batch, n_kept = training.batch_size or 1, checkpoints.at_most(training.steps)
        numbers = getattr(task, "n_numbers", 0)
        return cls(
            memory={
                "task": _NUMBER * numbers,
                "model": _FLOAT * copies * parameters,
                "training": _FLOAT * batch * kept + _LOGGED * training.updates,
            },
            disk=_FLOAT * (n_kept - bool(in_files)) * changed,
            seconds=training.updates * max(_STEP, 2 * batch * parameters / _OPERATIONS),
        )

    @property
    def all_memory(self) -> int:
        return sum(self.memory.values())

    def too_much(self) -> Iterator[str]:
        """What it needs that no machine has."""
        if self.all_memory > MOST_MEMORY:
            parts = ", ".join(f"{its} {in_bytes(n)}" for its, n in self.memory.items() if n)
            most = f"no run may need more than {in_bytes(MOST_MEMORY)}"
            yield f"{_A_RUN} {in_bytes(self.all_memory)} of memory ({parts}); {most}"
        elif self.disk > MOST_DISK:
            most = f"no run may need more than {in_bytes(MOST_DISK)}"
            yield f"{_A_RUN} {in_bytes(self.disk)} of disk for its checkpoints; {most}"
        elif self.seconds > MOST_SECONDS:
            years = self.seconds / (365 * 86400)
            yield f"{_A_RUN} {years:,.0f} years on the fastest of machines"


def largest_number(sections: Mapping[str, Settings]) -> list[str]:
    """The path of the largest whole number in some settings: what is most likely too large there."""
    found = [
        (its, [section, key])
        for section, settings in sections.items()
        for key, value in settings
        for its in (value if isinstance(value, tuple) else (value,))
        if isinstance(its, int)
    ]
    return max(found, key=lambda its: its[0])[1]


def said_of_size(message: str) -> bool:
    """Whether a message is one of these."""
    return message.startswith(_A_RUN)


def size_of(condition: Condition) -> Size:
    """Of each run of a condition."""
    its = condition
    return Size.of(its.task, its.model, its.training, its.checkpoints)  # type: ignore[arg-type]


def too_large_for_this_machine(
    runs: Mapping[str, tuple[Condition, int]], folder: Path
) -> str | None:
    """A line about runs that this machine can't hold, if there are any.

    Args:
        runs: by name of the condition: its settings, and how many runs of it are still to be made.
        folder: that results are written to.
    """
    memory, disk = _memory(), shutil.disk_usage(folder).free
    sizes = {name: size_of(condition) for name, (condition, n) in runs.items() if n}
    for name, size in sizes.items():
        if memory and size.all_memory > memory:
            return (
                f"a run of {name} needs {in_bytes(size.all_memory)} of memory; "
                f"this machine has {in_bytes(memory)}"
            )
    needed = sum(sizes[name].disk * n for name, (_, n) in runs.items() if n)
    if needed > disk:
        return f"the runs' checkpoints need {in_bytes(needed)}; {folder} has {in_bytes(disk)} left"
    return None


def _memory() -> int | None:
    """Of this machine, in bytes; None where it can't be asked."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def in_bytes(n: int) -> str:
    """As people say it: 7.3 TiB."""
    unit = min(max(n.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    if not unit:
        return f"{n} bytes"
    scaled = n * 10 // 2 ** (10 * unit) / 10 if n.bit_length() < 1000 else math.inf
    return (
        f"{scaled:,.1f} {_UNITS[unit]}" if scaled < 1e6 else f"more than a million {_UNITS[unit]}"
    )
