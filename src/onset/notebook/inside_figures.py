"""Where facts are in a model, drawn: a call draws a figure and keeps it with its rows."""

from __future__ import annotations

from dataclasses import dataclass

from onset.notebook.inside_facts import (
    ASKED_OF,
    COSINES,
    GIVEN,
    HELD,
    PLACES,
    PROBED,
    WRITTEN,
    Inside,
)
from onset.statistics.seeds import over_seeds


@dataclass(frozen=True)
class InsideFigures(Inside):
    """Of one study. Each figure is given its name, which notebooks write out."""

    def in_time_figure(self, name: str) -> None:
        """Right answers with another state at the person's place, a panel per condition and split."""
        rows = over_seeds(self.in_time, ["condition", "split", "measure", "layer"])
        self.study.points_figure(
            name, rows, self.halves, "blocks applied before", "fraction of questions",
            at="layer", by=("condition", "split"), curve="measure", of=GIVEN, n_lines=2,
        )  # fmt: skip

    def probed_figure(self, name: str) -> None:
        """Bridges that probes put first, a panel per split and place."""
        self.study.points_figure(
            name, self.probed(), ASKED_OF, "blocks applied", "boss first by probe",
            at="layer", by=("split", "place"), curve="measure", of=PROBED, n_columns=2, n_lines=2,
        )  # fmt: skip

    def cosines_figure(self, name: str) -> None:
        """Of an alias's state with that of whom it stands for and of others, a panel per place."""
        self.study.points_figure(
            name, self.cosines(), PLACES, "blocks applied", "cosine of states",
            at="layer", by="place", curve="measure", of=COSINES,
        )  # fmt: skip

    def meeting_figure(self, name: str) -> None:
        """The first minus the second along training, a panel per place."""
        self.study.curves_figure(
            name, self.meeting(), PLACES, "cosine beyond others'", by="place", curve="layer",
            of=self.thirds, shares=False,
        )  # fmt: skip

    def blocks_figure(self, name: str) -> None:
        """Right answers by groups of blocks, a panel per checkpoint."""
        rows = self.held()
        titles = {step: f"after {step:g} steps" for step in sorted(rows["step"].unique())}
        self.study.points_figure(
            name, rows, titles, "first of the blocks", "right answer first",
            at="layer", by="step", curve="measure", of=HELD,
        )  # fmt: skip

    def recalled_figure(self, name: str) -> None:
        """What an answer gains from what groups of blocks write, a panel per part and place."""
        rows = self.recalled()
        groups = {at: f"from block {at:g}" for at in sorted(rows["layer"].unique())}
        self.study.rows_figure(
            name, rows, WRITTEN, "gain of the answer, in nats", by=("part", "place"), row="layer",
            of=groups, controls={"before": "x"}, shares=False, n_lines=2, marked=0.0,
        )  # fmt: skip
