"""Published values compared with ours, for all studies in one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from onset.latex.text import breakable, escape, longtable
from onset.statistics.wording import VERDICTS, disagreeing_first, format_found

_COLUMNS = {
    **{"quantity": 0.26, "published": 0.16, "source": 0.18, "set-up": 0.07},
    **{"ours": 0.15, "border": 0.08, "agrees": 0.1},
}
_CLOSE = ("same", "nearly")
"""set-ups in which a difference says something about the finding"""

Row = Mapping[str, str]
References = Mapping[str, Sequence[Row]]
"""title of a study → the rows of its reference.csv"""


def published_table(references: References) -> str:
    """Empty, if there are none."""
    lines = []
    for title, its in references.items():
        head = rf"\multicolumn{{{len(_COLUMNS)}}}{{@{{}}l}}{{\textbf{{{escape(title)}}}}}"
        lines.append((r"\addlinespace[4pt]" if lines else "") + head + r" \\*")
        lines.extend(_line(row) for row in disagreeing_first(its))
    if not lines:
        return ""
    caption = (
        "Published results compared with ours; in each study, what disagrees comes first, in bold. Ours is "
        "the mean over seeds, with its 95\\,\\% interval in brackets. It agrees if all of the interval is "
        "within the border, and disagrees if no part of it is; undecided: it is too wide, or undefined. "
        "Set-up: how much of the published one is ours."
    )
    return longtable(_COLUMNS, lines, caption, "tab:published")


def _line(row: Row) -> str:
    ours = format_found(row["ours"], row["low"], row["high"])
    theirs = (row[key] for key in ("quantity", "published", "source", "set_up"))
    cells = [*map(breakable, (*theirs, ours, row["border"])), row["agrees"]]
    if row["agrees"] == VERDICTS[False]:
        cells[-1] = rf"\textbf{{{cells[-1]}}}"
    return " & ".join(cells) + r" \\\addlinespace[2pt]"


def published_numbers(references: References) -> dict[str, str]:
    """How many quantities there are, and how many of ours agree; nothing of a kind that there are none of.

    Those whose name has `_numeric` are of the quantities of which a number is published, `_close` of those
    among them whose set-up is ours, or nearly so, `_findings` of those without a number.
    """
    return {
        f"n_published{kind}{end}": str(n)
        for kind, its in _kinds([row for its in references.values() for row in its])
        for end, n in {
            "": len(its),
            **{f"_{said}": _count(its, said) for said in VERDICTS.values()},
        }.items()
    }


def _kinds(rows: Sequence[Row]) -> Iterator[tuple[str, Sequence[Row]]]:
    numeric = [row for row in rows if row["value"]]
    kinds = {
        "": rows,
        "_numeric": numeric,
        "_close": [row for row in numeric if row["set_up"] in _CLOSE],
        "_findings": [row for row in rows if not row["value"]],
    }
    return ((kind, its) for kind, its in kinds.items() if its)


def _count(rows: Sequence[Row], said: str) -> int:
    return sum(row["agrees"] == said for row in rows)
