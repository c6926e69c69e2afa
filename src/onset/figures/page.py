"""What a figure must respect so that the paper can show it at its drawn size."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence

from matplotlib.figure import Figure, FigureBase
from matplotlib.text import Text

TEXT_WIDTH = 5.5
"""inches, of the paper's text block: figures are drawn at their final size"""

MOST_PANELS = 20
"""of a figure with a panel per condition"""

MOST_COLUMNS = 6
"""of a figure with a column per seed"""

SMALLEST_TEXT = 5.0
"""points"""

_TOLERANCE = 1 / 72
"""inches"""


def say_left_out(
    figure: FigureBase,
    shown: Sequence[Hashable],
    there: Sequence[Hashable],
    what: str = "conditions",
) -> None:
    """Say above a figure with a panel for each condition, or seed, that there are more than panels."""
    if len(shown) < len(there):
        said = f"the first {len(shown)} of {len(there)} {what}; the CSV has all"
        figure.suptitle(said, fontsize=7)


def check(figure: Figure, name: str) -> None:
    """Refuse a figure that the paper would have to scale, or that can't be read at its size.

    What sticks out of the canvas, such as a long label of a condition, is cut off there: of that the
    figure's author is warned, since a longer label shouldn't stop what is rebuilt.

    Args:
        figure: ready to be kept.
        name: what it will be called.

    Raises:
        ValueError: it is wider than the text, or has text that is too small.
    """
    width, height = figure.get_size_inches()
    if width > TEXT_WIDTH + 1e-6:
        raise ValueError(
            f"the figure {name!r} is {width:g} inches wide, the paper's text {TEXT_WIDTH:g}: "
            "draw it at its final size"
        )
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text.get_fontsize() < SMALLEST_TEXT:
            raise ValueError(
                f"the figure {name!r} says {text.get_text()!r} in {text.get_fontsize():g} points; "
                f"less than {SMALLEST_TEXT:g} can't be read"
            )
    figure.draw_without_rendering()
    drawn = figure.get_tightbbox()
    out = max(-drawn.x0, -drawn.y0, drawn.x1 - width, drawn.y1 - height)
    if out > _TOLERANCE:
        warnings.warn(
            f"the figure {name!r} sticks out of its canvas by {out:.2f} inches", stacklevel=2
        )
