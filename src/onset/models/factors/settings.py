"""The networks' settings. Separate from the model, so that reading config needs no torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from onset.settings import NonNegativeInt, Once, PositiveFloat, PositiveInt
from onset.settings import Settings as BaseSettings


class Settings(BaseSettings):
    """A product of factors, and what lies between it and a block of a transformer, one thing after another.

    There is a network for each number of factors, each scale and each restart.
    """

    name: Literal["factors"]
    n_signs: PositiveInt
    """entries of each place of the inputs"""
    width: PositiveInt
    """entries between two factors"""
    factors: Annotated[tuple[PositiveInt, ...], Strict(False), Field(min_length=1), Once] = (
        1,
        2,
        3,
        4,
    )
    """matrices, one behind the other"""
    scales: Annotated[tuple[PositiveFloat, ...], Strict(False), Field(min_length=1), Once]
    """initial size of each factor"""
    restarts: PositiveInt = 1
    """networks of each number of factors and scale"""
    start: Literal["alike", "drawn"] = "drawn"
    """`alike`: each factor is the scale times the identity, as far as its shape allows; `drawn`: normal,
    with so large a norm on average"""
    given: NonNegativeInt = 0
    """so many factors, the last ones, begin as a right solution has them; one is always to be learnt"""
    activation: Literal["none", "relu"] = "none"
    """between two factors"""
    attention: bool = False
    """which place is read is learnt, too; else it is given"""
    d_head: PositiveInt = 4
    """of that attention's query and keys"""
    norm: bool = False
    """what a factor reads is scaled to a mean square of 1 (a layer norm that leaves the mean)"""

    @property
    def nets(self) -> list[tuple[int, float]]:
        """Factors and scale of each network, in their order: all scales and restarts of a number of
        factors, then those of the next."""
        return [
            (k, scale) for k in self.factors for scale in self.scales for _ in range(self.restarts)
        ]

    def of_each(self) -> int:
        """Networks with the same number of factors."""
        return len(self.scales) * self.restarts

    def sides(self, k: int, i: int) -> tuple[int, int]:
        """Rows and columns of factor i of k."""
        return (
            self.n_signs if i == k - 1 else self.width,
            self.n_signs if i == 0 else self.width,
        )


def shapes(settings: Settings, d_in: int, d_out: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all parameters; the first axis is that of networks with so many factors."""
    n, found = settings.of_each(), {}
    for k in settings.factors:
        if settings.attention:
            found[f"of_{k}.query.weight"] = (n, settings.d_head)
            found[f"of_{k}.keys.weight"] = (n, d_in // settings.n_signs, settings.d_head)
        for i in range(k):
            found[f"of_{k}.factor_{i}.weight"] = (n, *settings.sides(k, i))
    return found
