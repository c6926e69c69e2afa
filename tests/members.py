"""Runs that were never on disk, for tests of comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from onset.comparisons.member import Member
from onset.models.batch import AnyModel, Parameters
from onset.store.layout import RunFolder
from onset.tasks.worlds import World


class _Made(Member):
    def parameters(self, step: int | None = None) -> Parameters:
        return self.__dict__["made"][self.steps[-1] if step is None else step]


def made(
    model: AnyModel | None,
    by_step: Mapping[int, Parameters],
    world: World,
    seed: int = 0,
    condition: str = "one",
    splits: tuple[str, ...] = (),
) -> Member:
    """A run with the parameters that it has at each step."""
    its = _Made(RunFolder(Path(f"results/study/{condition}/seed_{seed}")), condition, splits=splits)
    its.__dict__.update(_world=world, model=model, steps=sorted(by_step), made=by_step)
    return its
