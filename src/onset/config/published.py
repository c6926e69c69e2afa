"""What the literature reports, and the border within which ours agrees."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from onset.settings import Line, PositiveFloat, Settings


class PublishedSettings(Settings):
    """A number or a finding from the literature.

    Ours agrees if its whole interval is where the published number allows it to be, and disagrees if no
    part of it is; an interval that is too wide for either leaves it undecided.
    """

    quantity: Line
    published: Line
    """as the source has it"""
    source: Line
    """paper, and where in it: table, figure or section"""
    set_up: Literal["same", "nearly", "other"] = "other"
    """how much of the published set-up is ours"""
    value: float | None = None
    """the number in `published`, if there is one"""
    within: PositiveFloat | None = None
    """how far from the value ours may be"""
    factor: Annotated[float, Field(gt=1)] | None = None
    """the same, as a factor"""
    above: float | None = None
    """what ours must exceed"""
    below: float | None = None
    """what ours must not reach"""
    ours: Line | None = None
    """a mean, `condition/split/quantity` as in `summary.csv`; by default the notebook gives it"""

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        around = [key for key in ("within", "factor") if getattr(self, key) is not None]
        beside = [key for key in ("above", "below") if getattr(self, key) is not None]
        if len(around) > 1 or (around and beside) or not (around or beside):
            raise ValueError(
                "when does ours agree? one of within, factor (of the value), or above and below"
            )
        if around and self.value is None:
            raise ValueError(f"{around[0]} of which value? it is missing")
        if self.factor is not None and (self.value or 0) <= 0:
            raise ValueError(f"a factor is of a value above 0, not {self.value:g}")
        if None not in (self.above, self.below) and self.above >= self.below:
            raise ValueError(f"nothing is above {self.above:g} and below {self.below:g}")
        return self

    @property
    def range(self) -> tuple[float | None, float | None]:
        """Where ours agrees; None: without an end."""
        if self.within is not None:
            return self.value - self.within, self.value + self.within
        if self.factor is not None:
            return self.value / self.factor, self.value * self.factor
        return self.above, self.below

    @property
    def border(self) -> str:
        """The same in words."""
        if self.within is not None:
            return f"within {self.within:g}"
        if self.factor is not None:
            return f"factor {self.factor:g}"
        if self.below is None:
            return f"above {self.above:g}"
        return (
            f"below {self.below:g}" if self.above is None else f"{self.above:g} to {self.below:g}"
        )

    @property
    def told(self) -> dict[str, Any]:
        """What the notebook is told."""
        low, high = self.range
        kept = ("quantity", "published", "source", "set_up", "value", "border", "ours")
        return {key: getattr(self, key) for key in kept} | {"allowed": [low, high]}
