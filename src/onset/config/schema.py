"""JSON schemas for editors, generated from the settings classes: completion and checks as you type.

`python -m onset.config.schema` writes them to config/schema/; a test says when they have drifted.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from onset import models, tasks
from onset.code.syntax import parse
from onset.config.collection import CollectionFile
from onset.config.project import ProjectSettings
from onset.config.study_file import StudyFile
from onset.settings import Settings
from onset.training.settings import CheckpointSettings, TrainingSettings

FOLDER = Path("config/schema")


def schemas() -> dict[str, str]:
    """File name → JSON text."""
    config = _schema_of(ProjectSettings)
    config.pop("required")  # a file of `--configfile` needs nothing
    found = {
        "study.json": _study(),
        "config.json": config,
        "collection.json": _schema_of(CollectionFile),
    }
    return {name: json.dumps(schema, indent=1) + "\n" for name, schema in found.items()}


class _WithDocstrings(GenerateJsonSchema):
    """Describes each key by the docstring under it.

    Pydantic could do so itself, whenever a class is made: every job would read its own source for it, and
    spend most of its start-up there.
    """

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        said = _docstrings(schema["cls"])
        for name in found.get("properties", {}).keys() & said.keys():
            found["properties"][name]["description"] = said[name]
        return found


def _docstrings(settings: type) -> dict[str, str]:
    """Those under the attributes of a class, and of the classes that it inherits from."""
    said: dict[str, str] = {}
    for its in reversed(settings.__mro__):
        if not issubclass(its, Settings):
            continue
        body = next(
            node.body
            for node in ast.walk(parse(Path(inspect.getfile(its))))
            if isinstance(node, ast.ClassDef) and node.name == its.__name__
        )
        for statement, below in pairwise(body):
            match statement, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    said[name] = inspect.cleandoc(text)
    return said


def _schema_of(settings: type[BaseModel]) -> dict[str, Any]:
    return settings.model_json_schema(schema_generator=_WithDocstrings)


def _study() -> dict[str, Any]:
    schema = _schema_of(StudyFile)
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
        for changes in ("ConditionFile", "ConditionOverrides", "StudyChanges"):
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
        alternative = _schema_of(settings)
        definitions |= alternative.pop("$defs", {})
        if partial:
            for demand in ("required", "anyOf"):
                alternative.pop(demand, None)
        alternatives.append(alternative)
    return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file, text in schemas().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
