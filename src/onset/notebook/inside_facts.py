"""Where facts are in a model that has been told them, and whether one is in time for another: what closer
looks and comparisons of a study say of one condition's runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.comparisons.changes.held_by_parts import KINDS
from onset.notebook.facts import beyond, bridge_in_time, two_thirds_on
from onset.notebook.study import NotebookStudy
from onset.statistics import paired
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds, within_seeds

GIVEN = {
    "given_bridge_right": "right, given the boss's state",
    "given_stranger_right": "right, given a stranger's (null)",
    "bridge_first": "boss read out first",
}
FOLLOWED = ("given_other_follows", "given_stranger_follows")
HALVES = {"two_hop": "never told", "two_hop_half": "told with their answers"}
PROBED = {
    "probed_as_question": "as asked about",
    "control_as_question": "as asked about, bosses shuffled",
    "probed_as_token": "as a token",
    "control_as_token": "as a token, bosses shuffled",
}
"""what a probe finds of a bridge, by its code"""
AT_PERSON, AT_END = "person", "end"
PLACES = {AT_PERSON: "at the name", AT_END: "at the end"}
ASKED_OF = {
    ("boss", AT_END): "the boss is asked for, last place",
    ("two_hop", AT_PERSON): "two hops, the person's place",
    ("two_hop", AT_END): "two hops, last place",
}
"""where a probe looks"""
WRITTEN = {
    ("attention", AT_PERSON): "attention, person's place",
    ("attention", AT_END): "attention, last place",
    ("mlps", AT_PERSON): "MLPs, person's place",
    ("mlps", AT_END): "MLPs, last place",
}
HELD = {"part_alone_right": "these blocks alone", "part_missing_right": "all but these blocks"}
_WRITTEN_BY = ("part", "place", "layer")
COSINES = {"state_cosine": "whom it stands for", "state_cosine_null": "other people (null)"}


@dataclass(frozen=True)
class Inside:
    """Of one study."""

    study: NotebookStudy
    condition: str = "facts"

    # ---- two hops ---------------------------------------------------------------------------

    @cached_property
    def hops(self) -> pd.DataFrame:
        """What becomes of two-hop questions when states are written in them, told or never told."""
        return where(self.study.closer, split=HALVES)

    @cached_property
    def in_time(self) -> pd.DataFrame:
        """What is written and read out at the person's place, of every second block."""
        at_person = _placed(self.hops)["place"] != AT_END
        even = self.hops["layer"] % 2 == 0
        return where(self.hops[at_person & even], measure=GIVEN)

    @property
    def halves(self) -> dict[tuple[str, str], str]:
        """Conditions and splits that are there, and what they are called."""
        there = zip(self.in_time["condition"], self.in_time["split"], strict=True)
        return {
            (condition, split): f"{self.study.labels[condition]}: {HALVES[split]}"
            for condition, split in dict.fromkeys(there)
        }

    @property
    def _timed(self) -> pd.DataFrame:
        return where(self.in_time, condition=self.condition)

    def timed(self) -> pd.DataFrame:
        """Until when the bridge is needed and when it comes, as `bridge_in_time` has it."""
        return bridge_in_time(self._timed)

    def left(self) -> pd.DataFrame:
        """The same of two hops told with their answers: from when on a stranger leaves half right."""
        told = bridge_in_time(where(self.in_time, split="two_hop_half"))
        return where(told, when="left")

    def late(self) -> pd.DataFrame:
        """What becomes of states two thirds on, as `two_thirds_on` has it."""
        return two_thirds_on(self._timed)

    def followed(self) -> pd.DataFrame:
        """How often the answer is that of another bridge, which is given, or (null) with a stranger given:
        over seeds, mean over the first two thirds of the blocks, a row per `measure`."""
        rows = where(self.hops, split="two_hop", condition=self.condition, measure=FOLLOWED)
        early = rows[rows["layer"] <= self.hops["layer"].max() * 2 / 3]
        return over_seeds(within_seeds(early, ["condition", "measure"]), ["measure"])

    def mending(self) -> pd.DataFrame:
        """Of wrong answers, how many more some later state mends than another question's do."""
        return beyond(where(self.hops, split="two_hop"), "mended", "mended_other")

    @cached_property
    def read_at_end(self) -> pd.DataFrame:
        """Per run: fraction of questions never told in which the bridge is read out first after all blocks,
        where the answer is asked for (`bridge_first`)."""
        rows = _placed(where(self.hops, split="two_hop", condition=self.condition))
        return where(rows, measure="bridge_first", place=AT_END, layer=rows["layer"].max())

    def first_beyond_second(self) -> pd.DataFrame:
        """The same minus the fraction answered right."""
        right = where(self.hops, split="two_hop", condition=self.condition, measure="hop_right")
        return paired.difference(pd.concat([self.read_at_end, right]), "bridge_first", "hop_right")

    # ---- the probe --------------------------------------------------------------------------

    @cached_property
    def _probed(self) -> pd.DataFrame:
        rows = where(self.study.closer, measure=PROBED, condition=self.condition)
        return _placed(rows)

    def probed(self) -> pd.DataFrame:
        """Fraction of bridges that probes put first, over seeds: split, place, measure, layer."""
        return over_seeds(self._probed, ["split", "place", "measure", "layer"])

    def selectivity(self) -> pd.DataFrame:
        """What probes find of a bridge as a token beyond their control, over seeds: a row per split, place
        and `when`, `early`, mean over the first two thirds of the blocks, or `last`, after all."""
        rows = where(self._probed, measure=["probed_as_token", "control_as_token"])
        depth = rows["layer"].max()
        parts = {"early": rows[rows["layer"] <= depth * 2 / 3], "last": where(rows, layer=depth)}
        tables = [
            beyond(its, "probed_as_token", "control_as_token").assign(
                split=split, place=place, when=when
            )
            for when, part in parts.items()
            for (split, place), its in part.groupby(["split", "place"])
        ]
        return pd.concat(tables, ignore_index=True)

    # ---- where facts are --------------------------------------------------------------------

    @cached_property
    def parts(self) -> pd.DataFrame:
        """What parts of the model hold, with the name of their `kind`."""
        rows = where(self.study.comparisons, comparison="parts")
        return rows.assign(kind_of_part=[KINDS[int(its)] for its in rows["component"]])

    @property
    def _of_mlps(self) -> pd.DataFrame:
        """In groups of neighbouring blocks, at the end."""
        rows = where(self.parts, kind_of_part="mlp")
        rows = rows[rows["layer"].notna()]
        return rows[rows["step"] == rows.groupby("condition")["step"].transform("max")]

    def held(self) -> pd.DataFrame:
        """Right answers by parts of the blocks at each checkpoint, over seeds: mean over kinds of facts."""
        rows = where(self.parts, condition=self.condition, measure=HELD, kind_of_part="mlp")
        rows = rows[rows["layer"].notna()]
        by_run = within_seeds(rows, ["measure", "step", "layer"])
        return over_seeds(by_run, ["measure", "step", "layer"])

    def held_at_end(self) -> pd.DataFrame:
        """The same at the end, of each kind of facts by itself."""
        rows = where(self._of_mlps, condition=self.condition, measure=HELD)
        return over_seeds(rows, ["measure", "split", "layer"])

    def moved(self) -> pd.DataFrame:
        """How far weights have moved at the end, over seeds: condition, layer."""
        return over_seeds(where(self._of_mlps, measure="part_moved"), ["condition", "layer"])

    @cached_property
    def _written(self) -> pd.DataFrame:
        """Gains per run, mean over kinds of facts; `measure` is `recalled` or `before`."""
        rows = where(self.study.closer, condition=self.condition)
        rows = rows[rows["measure"].str.startswith("recall_of_") & rows["layer"].notna()]
        before = rows["measure"].str.endswith("_before")
        part = rows["measure"].str.removeprefix("recall_of_").str.removesuffix("_before")
        rows = _placed(rows.assign(part=part))
        rows = rows.assign(measure=before.map({True: "before", False: "recalled"}))
        return within_seeds(rows, ["condition", "measure", *_WRITTEN_BY])

    def recalled(self) -> pd.DataFrame:
        """By how many nats an answer gains from what parts write, over seeds; in the column `before`, from
        what they wrote before training."""
        now, before = (
            over_seeds(where(self._written, measure=its), [*_WRITTEN_BY])
            for its in ("recalled", "before")
        )
        before = before[[*_WRITTEN_BY, "mean"]].rename(columns={"mean": "before"})
        return now.merge(before, on=[*_WRITTEN_BY])

    def gained(self) -> pd.DataFrame:
        """The first minus the second within seeds, over seeds: a row per part and place, of those blocks
        (`layer`: the first of them) that it is largest of."""
        tables = [
            over_seeds(paired.difference(rows, "recalled", "before"), ["measure"]).assign(
                **dict(zip(_WRITTEN_BY, about, strict=True))
            )
            for about, rows in self._written.groupby([*_WRITTEN_BY])
        ]
        return _largest(pd.concat(tables, ignore_index=True), ["part", "place"])

    # ---- aliases ----------------------------------------------------------------------------

    @cached_property
    def _alias_states(self) -> pd.DataFrame:
        rows = where(
            self.study.measures, measure=COSINES, split="reliable", condition=self.condition
        )
        return _placed(rows)

    def cosines(self) -> pd.DataFrame:
        """Of an alias's state with that of whom it stands for, and of others, at the end, over seeds."""
        rows = self._alias_states
        last = rows[(rows["step"] == rows["step"].max()) & (rows["layer"] % 3 == 0)]
        return over_seeds(last, ["condition", "measure", "place", "layer"])

    @property
    def thirds(self) -> dict[int, str]:
        """Before the first block, after a third and two thirds of them, and after the last."""
        depth = int(self._alias_states["layer"].max())
        return {at: f"after {at} blocks" for at in (0, depth // 3, 2 * depth // 3, depth)}

    def meeting(self) -> pd.DataFrame:
        """The first minus the second along training, over seeds: place, layer (of `thirds`), step."""
        tables = []
        rows = self._alias_states[self._alias_states["layer"].isin([*self.thirds])]
        for (place, layer, step), its in rows.groupby(["place", "layer", "step"]):
            nearer = over_seeds(paired.difference(its, *COSINES), ["measure"])
            tables.append(nearer.assign(place=place, layer=layer, step=step))
        return pd.concat(tables, ignore_index=True)

    def nearer(self) -> pd.DataFrame:
        """The same at the end, mean over blocks and both places."""
        rows = self._alias_states
        return beyond(rows[rows["step"] == rows["step"].max()], *COSINES)


def _largest(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return rows.loc[rows.groupby(by, sort=False)["mean"].idxmax()]


def _placed(rows: pd.DataFrame) -> pd.DataFrame:
    """With the name of the `place` that rows are about: of each split's, the last is the end."""
    end = rows.groupby("split")["position"].transform("max")
    place = rows["position"].lt(end).map({True: AT_PERSON, False: AT_END})
    return rows.assign(place=place.where(rows["position"].notna(), AT_PERSON))
