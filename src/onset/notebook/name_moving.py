"""The heads that move a name to where it is asked for, in a study's runs: which they are, what is lost
without them, and who makes up for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.notebook.study import NotebookStudy
from onset.statistics import name_heads
from onset.statistics.rows import where
from onset.statistics.seeds import Summary, over_seeds
from onset.statistics.wording import format_interval

KINDS = {
    "mean": "name movers: their mean",
    "resample": "name movers: another question's",
    "random": "null: random heads, their mean",
}
"""what heads were replaced, and by what"""
PARTS = {
    "lost_directly": "lost directly",
    "lost_lead": "lost of the lead",
    "by_heads": "more from other heads",
    "by_negative_heads": "less from negative heads",
    "by_mlps": "more from MLPs",
    "by_norm": "by the final norm",
}
"""what was lost, and where the rest comes back from"""


@dataclass(frozen=True)
class NameMoving:
    """In one condition's runs, on the questions of one split."""

    study: NotebookStudy
    condition: str
    split: str

    @cached_property
    def found(self) -> pd.DataFrame:
        """All that analyses found there, with the `name` of the head that it is about."""
        rows = where(self.study.closer, condition=self.condition, split=self.split)
        return rows.assign(name=[_called(row) for row in rows.itertuples()])

    def per_seed(self, measure: str) -> pd.Series:
        """A number that there is one of in each run."""
        return where(self.found, measure=measure).set_index("seed")["value"]

    @property
    def lead(self) -> float:
        """Of the right answer over its rival, in nats, mean over runs."""
        return float(self.per_seed("answer_lead").mean())

    # ---- which heads ------------------------------------------------------------------------

    @cached_property
    def heads(self) -> pd.DataFrame:
        """The heads that matter, with their class (`name_heads.with_classes`) by means over runs."""
        rows = where(self.found, measure=name_heads.MEASURES)
        return name_heads.classified(rows, self.lead, by=["layer", "head", "name"])

    def counted(self, kind: str) -> Summary:
        """How many are of a class. They are told by means over all runs, so no interval is known."""
        return Summary(float((self.heads["class"] == kind).sum()), math.nan, math.nan)

    def named(self, kind: str) -> str:
        """Those of a class, the largest first."""
        return ", ".join(self.heads.loc[self.heads["class"] == kind, "name"]) or "none"

    def table(self) -> pd.DataFrame:
        """Texts: what each head that matters writes and looks at, and its class."""
        its = over_seeds(where(self.found, measure=name_heads.MEASURES), ["name", "measure"])
        said = {
            (row.name, row.measure): format_interval(row)
            for row in its.itertuples(name="Row", index=False)
        }
        columns = {
            "effect (nats)": "head_effect",
            "to right": "attention_to_right",
            "to rival": "attention_to_rival",
            "to repeat": "attention_to_repeat",
            "without path": "path_lost_lead",
            "makes up": "head_makes_up",
        }
        return pd.DataFrame(
            {
                "head": self.heads["name"],
                "class": self.heads["class"],
                **{
                    title: [said.get((name, measure), "") for name in self.heads["name"]]
                    for title, measure in columns.items()
                },
            }
        )

    def shown(self, n: int) -> tuple[pd.DataFrame, dict[str, str]]:
        """Means of the heads with the largest effects, by `name` and measure, and what each is called."""
        first = self.heads.head(n)
        rows = where(self.found, measure=name_heads.MEASURES, name=list(first["name"]))
        called = {
            row.name: f"{row.name}: {row.kind}"
            for row in first.rename(columns={"class": "kind"}).itertuples(index=False)
        }
        return over_seeds(rows, ["name", "measure"]), called

    @property
    def largest(self) -> str:
        """The head that writes most towards the lead, by its mean over runs."""
        means = where(self.found, measure="head_effect").groupby("name")["value"].mean()
        return str(means.idxmax())

    def of_largest(self, measure: str) -> pd.Series:
        """A number of that head, by seed."""
        return where(self.found, measure=measure, name=self.largest).set_index("seed")["value"]

    @property
    def layer_of_largest(self) -> int:
        """The layer of that head."""
        return int(where(self.found, measure="head_effect", name=self.largest)["layer"].iloc[0])

    def of_its_layer(self) -> pd.Series:
        """What all heads of that layer write towards the lead (nats), by seed."""
        rows = where(self.found, measure="head_effect", layer=self.layer_of_largest)
        return rows.groupby("seed")["value"].sum()

    @property
    def movers(self) -> str:
        """The heads that were taken out: those of most runs, where not all chose the same."""
        chosen = where(self.found, measure="is_mover")
        most = chosen["name"].value_counts().index[: len(chosen) // chosen["seed"].nunique()]
        return ", ".join(sorted(most))

    def movers_attention(self) -> pd.Series:
        """To the right name, mean over the heads that were taken out, by seed."""
        chosen = where(self.found, measure="is_mover")[["seed", "name"]]
        paid = where(self.found, measure="attention_to_right").merge(chosen, on=["seed", "name"])
        return paid.groupby("seed")["value"].mean()

    def attention_of(self, kind: str, place: str) -> pd.Series:
        """That the heads of a class pay to a place, mean over them, by seed."""
        its = self.heads.loc[self.heads["class"] == kind, "name"]
        paid = where(self.found, measure=f"attention_to_{place}", name=list(its))
        return paid.groupby("seed")["value"].mean()

    # ---- without them -----------------------------------------------------------------------

    def repair(self) -> pd.DataFrame:
        """What was lost and what came back, over seeds, by what was `replaced` (`KINDS`) and `part`."""
        rows = [
            where(self.found, measure=f"{kind}_{part}").assign(replaced=kind, part=part)
            for kind in KINDS
            for part in PARTS
        ]
        return over_seeds(pd.concat(rows), ["replaced", "part"])

    def made_up(self, kind: str, *parts: str) -> pd.Series:
        """What comes back by these parts, of what was lost directly, by seed."""
        return sum(self.per_seed(f"{kind}_{part}") for part in parts) / self.per_seed(
            f"{kind}_lost_directly"
        )

    def of_what_came_back(self, kind: str, part: str) -> pd.Series:
        """One part of all that comes back, by seed."""
        back = [self.per_seed(f"{kind}_{its}") for its in PARTS if its.startswith("by_")]
        return self.per_seed(f"{kind}_{part}") / sum(back)

    def lost_of_lead(self, kind: str) -> pd.Series:
        """Of the lead, what is lost, by seed."""
        return self.per_seed(f"{kind}_lost_lead") / self.per_seed("intact_lead")


def _called(row: object) -> str:
    """`L23H3`; nothing, where a row is of no head."""
    layer, head = row.layer, row.head
    return "" if pd.isna(head) else f"L{int(layer)}H{int(head)}"
