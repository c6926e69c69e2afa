"""Published values compared with ours, for all studies in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onset.latex.text import breakable, escape, longtable
from onset.statistics.wording import format_found

_COLUMNS = {
    **{"quantity": 0.28, "published": 0.17, "source": 0.2},
    **{"set-up": 0.08, "ours": 0.17, "agrees": 0.1},
}

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
            theirs = (row[key] for key in ("quantity", "published", "source", "set_up"))
            cells = (*theirs, ours, row["agrees"])
            rows.append(" & ".join(map(breakable, cells)) + r" \\\addlinespace[2pt]")
    if not rows:
        return ""
    caption = (
        "Published results compared with ours. Ours is the mean over seeds, with its 95\\,\\% interval in "
        "brackets. It agrees if all of the interval is where the published number allows it to be, by a "
        "border set before ours was known, and doesn't if no part of it is; undecided: it is too wide. "
        "Set-up: how much of the published one is ours."
    )
    return longtable(_COLUMNS, rows, caption, "tab:published")


def published_numbers(references: References) -> dict[str, str]:
    """How many quantities there are, and how many of ours agree; nothing, if there are none.

    Those whose name has `_numeric` are of the quantities of which a number is published.
    """
    if not references:
        return {}
    rows = [row for its in references.values() for row in its]
    of = {"": rows, "_numeric": [row for row in rows if row["value"]]}
    return {
        f"n_published{kind}{end}": str(n)
        for kind, its in of.items()
        for end, n in {
            "": len(its),
            **{f"_{said}": _count(its, said) for said in ("yes", "no", "undecided")},
        }.items()
    }


def _count(rows: Sequence[Mapping[str, str]], said: str) -> int:
    return sum(row["agrees"] == said for row in rows)
