"""The base of every settings class: frozen, strictly typed, unknown keys refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)


def _not_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _one_line(text: str) -> str:
    if len(text.splitlines()) > 1:
        raise ValueError("must be a single line")
    return text


def _once(values: Sequence[Any] | None) -> Sequence[Any] | None:
    twice = [its for its in dict.fromkeys(values or ()) if values.count(its) > 1]
    if twice:
        raise ValueError(f"listed twice: {', '.join(map(str, twice))}")
    return values


def _in_full(seeds: Any) -> Any:
    """With the ranges among them written out."""
    if not isinstance(seeds, list | tuple):
        return seeds
    return tuple(seed for its in seeds for seed in (_range(its) if _is_range(its) else (its,)))


def _is_range(its: Any) -> bool:
    return isinstance(its, str) and bool(re.fullmatch(_RANGE, its))


def _range(text: str) -> range:
    first, last = map(int, text.split("-"))
    if not first < last < _SEEDS:
        raise ValueError(f"{text} is no range of seeds: they go upward, as in 0-99")
    if last - first >= _MOST_SEEDS:
        raise ValueError(f"{text} is more than {_MOST_SEEDS} seeds")
    return range(first, last + 1)


Once = AfterValidator(_once)
"""of a list whose entries are taken once, so that a second of the same would do nothing"""
IN_WORDS: dict[str, str] = {}
"""pattern of a text → what it asks for, as people say it"""


def like(pattern: str, words: str, longest: int | None = None) -> StringConstraints:
    """A text must match the pattern, which in words is: a text must be, names are, ..."""
    IN_WORDS[pattern] = words
    return StringConstraints(pattern=pattern, max_length=longest)


NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
LONGEST_NAME = 120
"""of a study, a condition, a figure; file systems allow names of 255 bytes, and some hold two of ours"""

Name = Annotated[
    str,
    like(NAME_PATTERN, "names are lower-case letters, digits and _, letter first", LONGEST_NAME),
]
Text = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_not_empty)]
"""a sentence or a few, as questions and captions are"""
Line = Annotated[
    str, StringConstraints(max_length=200), AfterValidator(_not_empty), AfterValidator(_one_line)
]
"""text that stands in one line, as labels and titles do"""
Fraction = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
LARGEST = 2**53
"""whole numbers up to here are floats, too, and none means more"""
SMALLEST = 2.0**-126
"""above 0; what is nearer to it loses digits in single precision, and vanishes in the end"""
FIRST_SPARE_SEED = 100
"""seeds from here on are for choosing settings, and appear in no figure of the paper"""
_SEEDS = 2**32
Seed = Annotated[int, Field(ge=0, lt=_SEEDS)]
"""what every library takes for one"""
ShownSeed = Annotated[int, Field(ge=0, lt=FIRST_SPARE_SEED)]
_RANGE = r"^\d{1,10}-\d{1,10}$"
_MOST_SEEDS = 10_000
_SeedRange = Annotated[str, like(_RANGE, "a range of seeds is two of them with - between, as 0-99")]
InFull = BeforeValidator(_in_full, json_schema_input_type=tuple[NonNegativeInt | _SeedRange, ...])
"""of a list of seeds, in which `0-99` stands for a hundred of them"""
PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]


def is_name(text: str) -> bool:
    """Whether it can be a `Name`."""
    return len(text) <= LONGEST_NAME and bool(re.fullmatch(NAME_PATTERN, text))


class Settings(BaseModel):
    """Settings of one thing. Subclasses live next to the thing that they configure."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _no_number_that_cannot_be_computed_with(cls, value: Any) -> Any:
        for its in value if isinstance(value, tuple) else (value,):
            if not isinstance(its, int | float):
                continue
            if abs(its) > LARGEST:
                raise ValueError(f"more than can be computed with; at most {LARGEST}")
            if 0 < abs(its) < SMALLEST:
                raise ValueError(
                    f"nearer to 0 than single precision goes; 0, or {SMALLEST:.2g} at least"
                )
        return value


def fits(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name is one of these, or fits one with * for anything."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def lost_patterns(patterns: Iterable[str], names: Iterable[str]) -> list[str]:
    """Those that none of the names fits."""
    there = list(names)
    return [pattern for pattern in patterns if not any(fits(name, [pattern]) for name in there)]


def canonical_json(value: object) -> str:
    """One text for one value, whatever the order of its keys: what digests and jobs are keyed by."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
