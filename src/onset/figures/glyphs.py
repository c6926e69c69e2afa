"""Which characters figures can show, known without importing matplotlib, so planning stays fast."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

FONT_FILE = "mpl-data/fonts/ttf/DejaVuSans.ttf"
"""in matplotlib's folder: the font that `onset.figures.style` sets"""


def undrawable(text: str) -> list[str]:
    """The characters of a text that would be boxes in a figure, each once."""
    # Lines end as they stand; what is printable in ASCII is in every font.
    found = dict.fromkeys(its for its in text if its != "\n" and not " " <= its <= "~")
    return [its for its in found if ord(its) not in _drawn()] if found else []


@cache
def _drawn() -> frozenset[int]:
    """Code points that the figures' font has a glyph for."""
    from fontTools.ttLib import TTFont

    (folder,) = find_spec("matplotlib").submodule_search_locations
    with TTFont(Path(folder) / FONT_FILE, lazy=True) as font:
        return frozenset(font.getBestCmap())
