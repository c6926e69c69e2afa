"""What the closer looks at a study's sums say of carries: who brings them, and in which direction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.notebook.digits import Digits
from onset.statistics.named import stacked
from onset.statistics.per_run import by_run
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds, within_seeds

BROUGHT = {
    "layer": "all heads, other carry",
    "head": "strongest head, other carry",
    "same": "null: all heads, same carry",
}
"""whose output is replaced, and by that of what donor"""
READ = {
    "carry_read": "read off a direction",
    "carry_read_null": "null: shuffled carries",
    "carry_steered": "turned by the direction",
    "carry_steered_null": "null: a random direction",
}
_RUN = ["condition", "seed"]
_DIGIT = [*_RUN, "component"]
_BY = ["condition", "digit", "component"]


@dataclass(frozen=True)
class Carries:
    """Of the runs that were looked at more closely."""

    digits: Digits

    @cached_property
    def _closer(self) -> pd.DataFrame:
        return self.digits.study.closer

    def _of(self, measure: str) -> pd.DataFrame:
        return self.digits.named(where(self._closer, measure=measure))

    # ---- where heads look -------------------------------------------------------------------

    @cached_property
    def _pairs(self) -> pd.DataFrame:
        """`pair_attention`, with the column of each pair."""
        its = self._of("pair_attention")
        return its.assign(pair=self.digits.n - 1 - its["position"])

    def looked_at(self) -> pd.DataFrame:
        """How much the head that looks most at a pair does, over seeds: condition, digit, pair, mean, …"""
        by = [*_RUN, "digit", "component", "pair"]
        most = self._pairs.groupby(by, as_index=False, observed=True)["value"].max()
        return over_seeds(most, ["condition", "digit", "component", "pair"], "share")

    # ---- who brings the carry ---------------------------------------------------------------

    @cached_property
    def _carriers(self) -> pd.DataFrame:
        """Of each run and digit, the head with which most answers follow the donor."""
        its = self._of("carry_patched_follows")
        return its.loc[its.groupby(_DIGIT, observed=True)["value"].idxmax()]

    def brought(self) -> pd.DataFrame:
        """How many answers follow the donor, over seeds: condition, digit, what (of `BROUGHT`), mean, …

        Where there are several layers, with what is patched in the one in which most follow.
        """
        layers = self._of("layer_patched_follows")
        best = layers.loc[layers.groupby(_DIGIT, observed=True)["value"].idxmax()]
        same = self._of("same_carry_follows").merge(best[[*_DIGIT, "layer"]], on=[*_DIGIT, "layer"])
        found = stacked({"layer": best, "head": self._carriers, "same": same}, "what")
        return over_seeds(found, [*_BY, "what"])

    def looks_below(self) -> dict[str, pd.Series]:
        """How much the head that brings a carry looks at the pair below, and the others do (null), by run.

        Mean over the digits.
        """
        below = self._pairs[self._pairs["pair"] == self._pairs["component"] - 1]
        carriers = self._carriers[[*_DIGIT, "layer", "head"]].assign(brings=True)
        its = below.merge(carriers, on=[*_DIGIT, "layer", "head"], how="left")
        its = its.merge(carriers[_DIGIT], on=_DIGIT)
        brings = its["brings"].notna()
        return {
            name: by_run(rows.groupby(_RUN, observed=True)["value"].mean().to_dict())
            for name, rows in (("carrier", its[brings]), ("others", its[~brings]))
        }

    # ---- in which direction -----------------------------------------------------------------

    def directions(self) -> pd.DataFrame:
        """What `carry_direction` says of the last layer, over seeds: condition, digit, measure, mean, …"""
        its = self._of_last_layer([*READ, "carry_alike"])
        return over_seeds(its, [*_BY, "measure"])

    def over_digits(self) -> pd.DataFrame:
        """The same, and what is brought, as means over digits: condition, measure, mean, …

        Where there are several layers, what is brought is patched in that in which most follow.
        """
        patched = self.digits.named(
            where(
                self._closer,
                measure=["carry_patched_follows", "layer_patched_follows", "same_carry_follows"],
            )
        )
        strongest = ["condition", "seed", "measure", "component"]
        best = patched.loc[patched.groupby(strongest, observed=True)["value"].idxmax()]
        its = pd.concat([self._of_last_layer([*READ, "carry_alike"]), best])
        return over_seeds(within_seeds(its, ["condition", "measure"]), ["condition", "measure"])

    def _of_last_layer(self, measures: list[str]) -> pd.DataFrame:
        its = self.digits.named(where(self._closer, measure=measures))
        last = its.groupby("condition", observed=True)["layer"].transform("max")
        return its[its["layer"] == last]
