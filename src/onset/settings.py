"""The base of every settings class: frozen, strictly typed, unknown keys refused."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Fraction = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
FIRST_SPARE_SEED = 100
"""seeds from here on are for choosing settings, and appear in no figure of the paper"""
ShownSeed = Annotated[int, Field(ge=0, lt=FIRST_SPARE_SEED)]
PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]


class Settings(BaseModel):
    """Settings of one thing. Subclasses live beside the thing that they configure."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def canonical_json(value: object) -> str:
    """One text for one value, whatever the order of its keys: what digests and jobs are keyed by."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
