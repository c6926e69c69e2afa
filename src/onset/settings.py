"""The base of every settings class: frozen, strictly typed, unknown keys refused."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Fraction = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(gt=0)]
NonNegativeInt = Annotated[int, Field(ge=0)]
LARGEST = 2**53
"""whole numbers up to here are floats, too, and none means more"""
FIRST_SPARE_SEED = 100
"""seeds from here on are for choosing settings, and appear in no figure of the paper"""
Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""what every library takes for one"""
ShownSeed = Annotated[int, Field(ge=0, lt=FIRST_SPARE_SEED)]
PositiveFloat = Annotated[float, Field(gt=0)]
NonNegativeFloat = Annotated[float, Field(ge=0)]


class Settings(BaseModel):
    """Settings of one thing. Subclasses live beside the thing that they configure."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @field_validator("*")
    @classmethod
    def _no_number_beyond_all_others(cls, value: Any) -> Any:
        """So that what is computed with it stays a number, too."""
        for its in value if isinstance(value, tuple) else (value,):
            if isinstance(its, int | float) and abs(its) > LARGEST:
                raise ValueError(f"more than can be computed with; at most {LARGEST}")
        return value


def canonical_json(value: object) -> str:
    """One text for one value, whatever the order of its keys: what digests and jobs are keyed by."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
