"""The settings that an artefact was made with, left beside it for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from onset.store.atomic import write_text
from onset.store.layout import RunFolder


def record_settings(folder: RunFolder, stage: str, settings: Mapping[str, Any]) -> None:
    """Write `dataset.yaml`, `training.yaml` and their like, defaults spelled out."""
    header = f"# The settings that {folder.run} was made with (a record: edit config/ instead).\n"
    write_text(folder.settings(stage), header + yaml.safe_dump(dict(settings), sort_keys=False))
