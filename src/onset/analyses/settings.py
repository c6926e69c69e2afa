"""Which analyses are run, and at how many checkpoints."""

from __future__ import annotations

from typing import Annotated

from pydantic import Strict

from onset.settings import Name, Once, PositiveInt, Settings


class AnalysesSettings(Settings):
    """The section `analyses` of a study."""

    names: Annotated[tuple[Name, ...], Strict(False)] = ()
    """modules in src/onset/analyses/"""
    splits: Annotated[tuple[Name, ...], Strict(False), Once] = ()
    """the questions to look at; none named: all that have what an analysis needs to know"""
    checkpoints: PositiveInt = 1
    """how many, evenly among those of the schedule, the last always"""
