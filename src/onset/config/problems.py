"""What is wrong with a config: all problems at once, each with its place and what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from onset.latex.settings_in_words import as_given
from onset.settings import IN_WORDS

_IN_YAML = {
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be keys and values",
    "model_type": "must be keys and values",
    "model_attributes_type": "must be keys and values",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "string_type": "must be text",
    "too_short": "must not be empty",
}
"""What some of pydantic's errors are in words of YAML rather than of Python."""


@dataclass(frozen=True)
class Problem:
    """One wrong entry."""

    file: str
    key: str
    """path of the key, dots between; empty: the file as a whole"""
    message: str

    def __str__(self) -> str:
        between = " " if self.file.startswith("--") else ": "
        where = f"{self.file}{between}{self.key}" if self.key else self.file
        return f"{where}: {self.message}"


class ConfigError(Exception):
    """The config can't be used. Its text lists every problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(dict.fromkeys(problems))
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' * (count > 1)} in the config:\n{lines}")


def nearest(word: Any, allowed: Iterable[str]) -> str:
    """What is allowed, and what was probably meant."""
    allowed = sorted(allowed)
    close = difflib.get_close_matches(str(word), allowed, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}(allowed: {', '.join(allowed) or 'none'})"


@dataclass(frozen=True)
class Layer:
    """A mapping and where it stands; later layers override earlier ones."""

    file: str
    key: str
    values: dict[str, Any]


def merge(layers: Sequence[Layer]) -> dict[str, Any]:
    """Mappings merged key by key. Where a `name` changes, the rest of the old mapping is dropped."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _merge(merged, layer.values)
    return merged


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    if "name" in over and "name" in base and over["name"] != base["name"]:
        return dict(over)
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if both else value
    return merged


def place(layers: Sequence[Layer], path: Sequence[str | int]) -> tuple[str, str]:
    """File and key path of the entry that won: the last layer that has it, or most of its path."""
    best, depth = layers[0], -1
    for layer in layers:
        found, value = 0, layer.values
        for part in path:
            if not isinstance(value, dict) or part not in value:
                break
            found, value = found + 1, value[part]
        if found >= depth and (found or not depth > 0):
            best, depth = layer, found
    key = ".".join(str(part) for part in ([best.key] if best.key else []) + list(path))
    return best.file, key


def problems_of(
    error: ValidationError,
    settings: type[BaseModel],
    layers: Sequence[Layer],
    under: Sequence[str] = (),
) -> list[Problem]:
    """Pydantic's errors in our words.

    Args:
        error: from validating the merged layers, or the part of them at the path `under`.
        settings: the class that refused.
        layers: where the values came from.
        under: path of the validated part within the layers.
    """
    merged = merge(layers)
    found: list[Problem] = []
    kinds: dict[tuple[str, str], list[str]] = {}
    for details in error.errors(include_url=False):
        path, of_kind = _written(merged, [*under, *details["loc"]])
        file, key = place(layers, path)
        match details["type"]:
            case "extra_forbidden" if "." in str(details["loc"][-1]):
                message = f"a key has no dots; write {_nested(details['loc'][-1])}"
            case "extra_forbidden":
                allowed = _fields_at(settings, details["loc"][:-1])
                message = f"unknown key; {nearest(details['loc'][-1], allowed)}"
            case "too_short" if details["input"]:
                continue  # each of its entries was refused, and is listed
            case "too_long":
                n = details["ctx"]["max_length"]
                things = "characters" if isinstance(details["input"], str) else "entries"
                message = f"{_shown(details['input'])}: must have at most {n} {things}"
            case "missing" if isinstance(path[-1], int):
                file, key = place(layers, path[:-1])
                message = f"{_shown(details['input'])}: must have at least {path[-1] + 1} entries"
            case "missing":
                message = "this key is missing"
            case "int_type" if isinstance(given := details["input"], float) and not given % 1:
                message = f"{_shown(given)}: must be a whole number; write {given:.0f}"
            case "union_tag_not_found":
                tags = ", ".join(sorted(_tags_at(settings, details["loc"])))
                message = f"the key name is missing (allowed: {tags})"
            case "union_tag_invalid":
                tag, key = details["ctx"]["tag"], f"{key}.name"
                message = (
                    f"unknown name {tag!r}; {nearest(tag, _tags_at(settings, details['loc']))}"
                )
            case "value_error":
                message = str(details["ctx"]["error"])
            case "string_pattern_mismatch" if details["ctx"]["pattern"] in IN_WORDS:
                message = f"{_shown(details['input'])}: {IN_WORDS[details['ctx']['pattern']]}"
            case _:
                said = _IN_YAML.get(details["type"], details["msg"])
                said = re.sub("^(Input|String) should", "must", said)
                message = f"{_shown(details['input'])}: {said[0].lower()}{said[1:]}"
                if details["type"] == "literal_error":
                    expected = re.split(", | or ", details["ctx"]["expected"].replace("'", ""))
                    close = difflib.get_close_matches(str(details["input"]), expected, 1)
                    message += f"; did you mean {close[0]}?" if close else ""
        if of_kind:
            kinds.setdefault((file, key), []).append(message)
        else:
            found.append(Problem(file, key, message))
    return found + [Problem(*its, _any_of(messages)) for its, messages in kinds.items()]


def _written(values: Any, loc: Sequence[str | int]) -> tuple[list[str | int], bool]:
    """The path without what pydantic puts in it: `[key]` for a bad key, the name that tells settings from
    others, and the kinds that a value may be of; and whether it ends with such a kind."""
    path: list[str | int] = []
    is_there = True
    for part in loc:
        if part == "[key]" or (isinstance(values, dict) and values.get("name") == part != "name"):
            continue
        if isinstance(part, str) and path and is_there and not isinstance(values, dict):
            return path, True
        path.append(part)
        is_index = isinstance(values, list | tuple) and isinstance(part, int) and part < len(values)
        is_there = is_index or (isinstance(values, dict) and part in values)
        values = values[part] if is_there else None
    return path, False


def _any_of(messages: Sequence[str]) -> str:
    """One message for a value that is of none of several kinds."""
    first, *others = messages
    if not others:
        return first
    # What is said of a list may be said of its entries, too.
    *between, last = dict.fromkeys(its.rpartition(": must be ")[2] for its in others)
    return f"{', '.join([first, *between])} or {last}"


def _nested(dotted: str) -> str:
    """How a path of keys is written."""
    first, *others = dotted.split(".")
    inner = "..."
    for key in reversed(others):
        inner = f"{{{key}: {inner}}}"
    return f"{first}: {inner}"


def _shown(value: Any) -> str:
    text = as_given(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _fields_at(settings: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys allowed in the mapping at a path below a settings class."""
    for classes in _classes_along(settings, loc):
        settings = classes[0]
    return list(settings.model_fields)


def _tags_at(settings: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The names that tell apart what may stand at a path below a settings class."""
    *_, classes = _classes_along(settings, loc)
    return [tag for its in classes for tag in _tags_of(its)]


def _classes_along(
    settings: type[BaseModel], loc: Sequence[str | int]
) -> Iterator[list[type[BaseModel]]]:
    """For each part of a path that says what stands there: the classes that it may be of."""
    classes = [settings]
    for part in loc:
        field = classes[0].model_fields.get(str(part))
        tagged = [its for its in classes if len(classes) > 1 and part in _tags_of(its)]
        if found := tagged or (_classes_in(field.annotation) if field else []):
            classes = found
            yield classes


def _tags_of(settings: type[BaseModel]) -> list[Any]:
    """The names by which it is told from others in its place."""
    field = settings.model_fields.get("name")
    return [*get_args(field.annotation)] if field else []


def _classes_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [its for part in getattr(annotation, "__args__", ()) for its in _classes_in(part)]
