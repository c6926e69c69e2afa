"""What a job leaves besides artefacts: a record of what it wrote, and its settings as YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import yaml

from onset.stages.command import log
from onset.store.atomic import write_text
from onset.store.layout import RunFolder
from onset.store.recording import JobRecorder, recorded
from onset.store.records import foreign_to

_MOST_NAMED = 5


@contextmanager
def on_record(
    folder: Path, job: str, target: str, settings: Any = None, code: str = "", of: str | None = None
) -> Iterator[JobRecorder]:
    """`onset.store.recording.recorded`, and a line about each file that isn't the job's and stays."""
    with recorded(folder, job, target, settings, code, of) as record:
        yield record
    for kept in record.set_aside:
        log.warning(
            "%s: was where this job writes, and isn't on record; kept under this name", kept
        )
    if strange := foreign_to(record.path):
        more = f" and {len(strange) - _MOST_NAMED} more" if len(strange) > _MOST_NAMED else ""
        named = ", ".join(map(str, strange[:_MOST_NAMED]))
        log.info("left as it is, for Onset didn't write it: %s%s", named, more)


def run_on_record(
    folder: RunFolder, job: str, target: Path, settings: Any, code: str
) -> AbstractContextManager[JobRecorder]:
    """The record of a job that works on one run."""
    name = target.relative_to(folder.path).as_posix()
    return on_record(folder.path, job, name, settings, code, of=folder.run)


def record_settings(folder: RunFolder, stage: str, settings: Mapping[str, Any]) -> None:
    """Write `dataset.yaml`, `training.yaml` and their like, defaults spelled out."""
    header = f"# The settings that {folder.run} was made with (a record: edit config/ instead).\n"
    write_text(
        folder.settings(stage), header + yaml.dump(dict(settings), Dumper=_Plain, sort_keys=False)
    )


class _Plain(yaml.SafeDumper):
    """Without aliases, which the reader of a record doesn't take."""

    def ignore_aliases(self, data: object) -> bool:
        return True
