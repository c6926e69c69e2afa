"""One look for all figures: the paper's sizes, and one colour and marker per condition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import seaborn as sns

from onset.figures.page import TEXT_WIDTH

NEUTRAL = "0.45"
"""grey, for controls and reference lines: no condition's colour"""

MARKED = "#e76300"
"""for the frame or ring around what is pointed out"""

# Petroff 2021 (arXiv:2107.02270), without his two greys: ten colours found by maximising the least
# distance under simulated colour blindness. Here in an order in which the first three differ in grey,
# too, and the lightest comes last.
_COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#a96b59", "#832db6", "#b9ac70", MARKED, "#92dadd",
)  # fmt: skip
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
_DASHES = (0, (4, 1, 1, 1, 1, 1))
_LINES = ("-", "--", ":", "-.", _DASHES)
N_DISTINCT = len(_COLOURS) * len(_LINES)
"""styles that can be told apart"""


@dataclass(frozen=True)
class Style:
    """How one condition is drawn, everywhere."""

    colour: str
    marker: str
    line: str | tuple[int, tuple[int, ...]]

    @property
    def of_line(self) -> dict[str, Any]:
        """Keywords for `Axes.plot`."""
        return {"color": self.colour, "linestyle": self.line}

    @property
    def of_curve(self) -> dict[str, Any]:
        """Keywords for `Axes.plot`: a line with markers, so that it can be followed in grey."""
        return {**self.of_line, "marker": self.marker, "markersize": 3.2}

    @property
    def of_marker(self) -> dict[str, Any]:
        """Keywords for `Axes.plot`, without a line."""
        return {"color": self.colour, "linestyle": "", "marker": self.marker, "markersize": 4}


class Styles(dict[str, Style]):
    """Styles by name; asking for a name that has none is an error, never a repeated colour."""

    def __missing__(self, name: str) -> Style:
        raise KeyError(f"no style for {name!r}; there are styles for: {', '.join(self)}")


def styles(names: Iterable[str]) -> Styles:
    """A style per name, by place: a name added at the end changes none of the first forty's.

    Forty names can be told apart by colour and marker, and without colour by marker and line. Those after
    them are shades, the earlier the lighter: they show an order, not which is which.
    """
    names = list(names)
    shades = sns.color_palette("crest", max(len(names) - N_DISTINCT, 0)).as_hex()
    distinct = [_distinct(place) for place in range(min(len(names), N_DISTINCT))]
    return Styles(zip(names, [*distinct, *(Style(its, ".", "-") for its in shades)], strict=True))


def _distinct(place: int) -> Style:
    n = len(_COLOURS)
    return Style(_COLOURS[place % n], _MARKERS[place % len(_MARKERS)], _LINES[place // n])


def use_style() -> None:
    """Set matplotlib up for the paper, whatever it was set to. Called once, at the top of a notebook."""
    mpl.rcdefaults()
    sns.set_theme(context="paper", style="ticks", palette=_COLOURS)
    mpl.rcParams.update(
        {
            "figure.constrained_layout.use": True,
            "figure.figsize": (TEXT_WIDTH, 2.6),
            "figure.dpi": 120,
            "font.family": "DejaVu Sans",
            "font.size": 8,
            "axes.labelsize": 8,
            "axes.titlesize": 8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.fontsize": 7,
            "legend.columnspacing": 1.2,
            "legend.frameon": False,
            "xtick.labelsize": 7,
            "ytick.labelsize": 7,
            "lines.linewidth": 1.2,
            "pdf.fonttype": 42,  # fonts embedded as such, text stays text
            "svg.hashsalt": "onset",
        }
    )
