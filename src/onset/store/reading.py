"""The only way to read text that a job wrote: checked against the job's record."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import yaml

from onset.store.records import check, damaged


def read_text(path: Path) -> str:
    """The text of a file, as the job wrote it.

    Raises:
        FileNotFoundError: there is no such file.
        DamagedFileError: it isn't what a job of Onset's wrote there.
    """
    check(path)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise damaged(path, "isn't UTF-8 text") from error


def read_json(path: Path) -> Any:
    """The value in a file of JSON; raises as `read_text`."""
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"not JSON that Onset writes ({_short(error)})") from error


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a file of YAML; raises as `read_text`."""
    text = read_text(path)
    try:
        content = yaml.load(text, _Plain)  # noqa: S506, a safe one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise damaged(path, f"not YAML that Onset writes ({_short(error)})") from error
    if not isinstance(content, dict):
        raise damaged(path, "not YAML that Onset writes (it holds no keys)")
    return content


def read_csv(path: Path) -> list[list[str]]:
    """The rows of a table, the first of which names the columns; raises as `read_text`."""
    rows = list(csv.reader(io.StringIO(read_text(path), newline="")))
    if not rows:
        raise damaged(path, "is empty")
    return rows


class _Plain(yaml.SafeLoader):
    """Without aliases: a few lines of them can stand for more than a memory holds."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
