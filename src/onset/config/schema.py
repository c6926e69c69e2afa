"""JSON schemas for editors, generated from the settings classes: completion and checks as you type.

`python -m onset.config.schema` writes them to config/schema/; a test says when they have drifted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from onset import models, tasks
from onset.config.collection import CollectionFile
from onset.config.project import ProjectSettings
from onset.config.study import StudyFile
from onset.training.settings import CheckpointSettings, TrainingSettings

FOLDER = Path("config/schema")


def schemas() -> dict[str, str]:
    """File name → JSON text."""
    config = ProjectSettings.model_json_schema()
    config.pop("required")  # a file of `--configfile` needs nothing
    found = {
        "study.json": _study(),
        "config.json": config,
        "collection.json": CollectionFile.model_json_schema(),
    }
    return {name: json.dumps(schema, indent=1) + "\n" for name, schema in found.items()}


def _study() -> dict[str, Any]:
    schema = StudyFile.model_json_schema()
    sections = {
        "task": [tasks.load(name).Settings for name in tasks.names()],
        "model": [models.load_settings(name).Settings for name in models.names()],
        "training": [TrainingSettings],
        "checkpoints": [CheckpointSettings],
    }
    definitions = schema["$defs"]
    for section, classes in sections.items():
        schema["properties"][section] = _any_of(classes, definitions)
        definitions[f"changed_{section}"] = _any_of(classes, definitions, partial=True)
        for changes in ("ConditionFile", "ConditionOverrides", "StudyOverrides"):
            definitions[changes]["properties"][section] = {"$ref": f"#/$defs/changed_{section}"}
    return schema


def _any_of(
    classes: Iterable[type[BaseModel]], definitions: dict[str, Any], partial: bool = False
) -> dict[str, Any]:
    """One of these classes; partial: any of their keys, none required.

    Args:
        classes: settings.
        definitions: the schema's, which those of the classes join: references begin at the top.
        partial: see above.
    """
    alternatives = []
    for settings in classes:
        alternative = settings.model_json_schema()
        definitions |= alternative.pop("$defs", {})
        if partial:
            alternative.pop("required", None)
        alternatives.append(alternative)
    return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file, text in schemas().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
