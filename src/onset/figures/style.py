"""One look for all figures: sizes of the paper, one colour and marker per condition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import seaborn as sns

TEXT_WIDTH = 5.5
"""inches, of the paper's text block: figures are drawn at their final size"""

NEUTRAL = "0.45"
"""grey, for controls and reference lines"""

_COLOURS = sns.color_palette("colorblind").as_hex()
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
_LINES = ("-", "--", ":", "-.")


@dataclass(frozen=True)
class Style:
    """How one condition is drawn, everywhere."""

    colour: str
    marker: str
    line: str

    @property
    def of_line(self) -> dict[str, Any]:
        """Keywords for `Axes.plot`."""
        return {"color": self.colour, "linestyle": self.line}

    @property
    def of_marker(self) -> dict[str, Any]:
        """Keywords for `Axes.plot`, without a line."""
        return {"color": self.colour, "linestyle": "", "marker": self.marker, "markersize": 4}


class Styles(dict[str, Style]):
    """Styles by name; asking for a name that has none is an error, never a repeated colour."""

    def __missing__(self, name: str) -> Style:
        raise KeyError(f"no style for {name!r}; there are styles for: {', '.join(self)}")


def styles(names: Iterable[str]) -> Styles:
    """A style per name, by place: a name added at the end changes no other's.

    Colours are seaborn's colour-blind palette; with the line style, forty names can be told apart.

    Raises:
        ValueError: there are more names than distinct styles.
    """
    names = list(names)
    n = len(_COLOURS)
    if len(names) > n * len(_LINES):
        raise ValueError(f"{len(names)} conditions, but only {n * len(_LINES)} distinct styles")
    return Styles(
        (name, Style(_COLOURS[i % n], _MARKERS[i % n], _LINES[i // n]))
        for i, name in enumerate(names)
    )


def use_style() -> None:
    """Set matplotlib up for the paper. Called once, at the top of a notebook."""
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
            "legend.frameon": False,
            "xtick.labelsize": 7,
            "ytick.labelsize": 7,
            "lines.linewidth": 1.2,
            "pdf.fonttype": 42,  # fonts embedded as such, text stays text
            "svg.hashsalt": "onset",
        }
    )
