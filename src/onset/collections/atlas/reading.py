"""Reading the atlas, by hand or in the notebook.

from onset.collections.atlas.reading import open_atlas

open_atlas().look_up(study="grokking", condition="p59", seed=0)
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from onset.collections.reading import Collection, rows_with


class Atlas(Collection):
    """Every attention head of every trained model."""

    @cached_property
    def heads(self) -> pd.DataFrame:
        """A row per head at the end of training (`atlas.combine`)."""
        return self.rows("heads")

    @cached_property
    def untrained(self) -> pd.DataFrame:
        """The same scores before training, of runs that begin with random parameters."""
        return self.rows("untrained")

    @cached_property
    def ablations(self) -> pd.DataFrame:
        """A row per head and split: loss and accuracy with and without the head."""
        return self.rows("ablations")

    def look_up(self, **which: Any) -> pd.DataFrame:
        """The heads with these values, such as `study`, `condition`, `seed`, `layer`, `head` or `kind`.

        Raises:
            ValueError: no head has such a value; the message lists those there are.
        """
        return rows_with(self.heads, "head", which)


def open_atlas(results: str | Path = "results", code: str = "by hand") -> Atlas:
    """The atlas of a folder of results.

    Raises:
        FileNotFoundError: there is none.
    """
    return Atlas.opened("atlas", results, code)
