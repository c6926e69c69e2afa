"""Published values compared with ours, for all studies in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onset.latex.text import breakable, escape, longtable
from onset.statistics.wording import format_found

_COLUMNS = {"quantity": 0.3, "published": 0.2, "source": 0.2, "ours": 0.2, "agrees": 0.1}

References = Mapping[str, Sequence[Mapping[str, str]]]
"""title of a study → the rows of its reference.csv"""


def published_table(references: References) -> str:
    """Empty, if there are none."""
    rows = []
    for title, its in references.items():
        head = rf"\multicolumn{{{len(_COLUMNS)}}}{{@{{}}l}}{{\textbf{{{escape(title)}}}}}"
        rows.append((r"\addlinespace[4pt]" if rows else "") + head + r" \\*")
        for row in its:
            ours = format_found(row["ours"], row["low"], row["high"])
            cells = (row["quantity"], row["published"], row["source"], ours, row["agrees"])
            rows.append(" & ".join(map(breakable, cells)) + r" \\\addlinespace[2pt]")
    if not rows:
        return ""
    caption = (
        "Published results compared with ours. Ours is the mean over seeds, with its 95\\,\\% interval in "
        "brackets; undecided: the interval leaves it open."
    )
    return longtable(_COLUMNS, rows, caption, "tab:published")


def published_numbers(references: References) -> dict[str, str]:
    """How many quantities there are, and how many of ours agree; nothing, if there are none."""
    if not references:
        return {}
    said = [row["agrees"] for its in references.values() for row in its]
    return {
        "n_published": str(len(said)),
        **{f"n_published_{key}": str(said.count(key)) for key in ("yes", "no", "undecided")},
    }
