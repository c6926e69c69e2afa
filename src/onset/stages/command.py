"""What all stages' commands share: arguments, a log, one clear error, the time taken."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from onset.models.device import keep_memory, lacking
from onset.store.files import part_of
from onset.store.logs import DONE
from onset.store.origin import DamagedFileError
from onset.store.recording import LeadsOutsideError

log = logging.getLogger("onset")


class StageError(Exception):
    """A stage can't do its work, for a reason that its message states."""


def run_stage(
    name: str,
    description: str,
    work: Callable[[argparse.Namespace], None],
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None,
) -> None:
    """Parse the command line, do the work, tell how long it took; on a known error say it in one line.

    Args:
        name: of the stage.
        description: for --help.
        work: the stage itself, given the parsed arguments.
        arguments: adds the stage's own arguments.
    """
    parser = argparse.ArgumentParser(f"python -m onset.stages.{name}", description=description)
    arguments(parser)
    parser.add_argument("--log", type=Path, help="file that the messages also go to")
    parsed = parser.parse_args()
    try:
        _start_log(parsed.log)
    except OSError as error:
        sys.exit(f"{name}: the log can't be written: {error}")
    start_up = time.process_time()  # since the interpreter began
    began = time.perf_counter()
    try:
        if hasattr(parsed, "settings"):
            parsed.settings = _settings_of(parsed.settings)
        work(parsed)
    except (
        StageError, DamagedFileError, LeadsOutsideError, OSError, FloatingPointError
    ) as error:  # fmt: skip
        log.error("%s: %s", name, error)
        sys.exit(1)
    except Exception:
        log.exception("%s: unexpected error", name)
        sys.exit(1)
    log.info(DONE, name, time.perf_counter() - began, start_up)
    # All is written. Leaving without taking torch apart saves a third of a second for each job.
    logging.shutdown()
    os._exit(0)


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the stages that work on one run."""
    parser.add_argument("run", type=Path, help="the run's folder, results/STUDY/CONDITION/seed_N")
    add_settings_arguments(parser)


def add_settings_arguments(parser: argparse.ArgumentParser) -> None:
    """What the stage is told, and with what code."""
    parser.add_argument(
        "--settings",
        required=True,
        help="what concerns this stage: JSON, or the path of a JSON or YAML file",
    )
    parser.add_argument("--code", default="by-hand", help="fingerprint of the code, for the record")


def prepare_device(settings: Mapping[str, Any]) -> None:
    """Compute as the settings say: on which device, with how many threads.

    Raises:
        StageError: this machine doesn't have the device; it says which it has.
    """
    if said := lacking(settings["device"]):
        raise StageError(said)
    import torch

    torch.set_num_threads(settings["threads"])  # constant: the number changes the last digits
    keep_memory()


def _settings_of(text: str) -> dict[str, Any]:
    """Settings as JSON text, or from a file of JSON or YAML.

    Raises:
        StageError: they are neither; it says how a file of them is rebuilt.
    """
    import yaml

    given = text.lstrip().startswith("{")
    where = "--settings" if given else text
    try:
        content = text if given else Path(text).read_text(encoding="utf-8")
        found = json.loads(content) if given or text.endswith(".json") else yaml.safe_load(content)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        again = "" if given else f"; to make it again: snakemake --cores all --forcerun {text}"
        raise StageError(f"{where} can't be read ({said}){again}") from error
    if not isinstance(found, dict):
        raise StageError(f"{where} holds no settings (keys and values)")
    return found


def _start_log(path: Path | None) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A new file that takes the name at once: what a link there leads to isn't written over.
        part = part_of(path)
        handlers.append(_LogFile(part, mode="x", encoding="utf-8"))
        part.replace(path)
        handlers[-1].setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    for handler in handlers:
        log.addHandler(handler)
    log.setLevel(logging.INFO)


class _LogFile(logging.FileHandler):
    """A log on a disk that fills up says so once, on the terminal, and the job goes on."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, logging's name for it
        log.removeHandler(self)
        log.warning("the log isn't written on: %s", sys.exception())
        # What waits to be written fails again, here and not when Python tidies up, which would say so.
        with contextlib.suppress(OSError):
            self.close()
