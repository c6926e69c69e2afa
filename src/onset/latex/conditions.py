"""Every condition of a study, and exactly how it differs from the study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from onset.latex.settings_in_words import as_written
from onset.latex.text import breakable, escape, longtable
from onset.statistics.wording import format_seeds

_COLUMNS = {"condition": 0.36, "otherwise than the study": 0.56, "seeds": 0.08}


def conditions_table(study: Mapping[str, Any]) -> str:
    """A table that may be pages long.

    Args:
        study: `name`, `title`, `conditions`: each with `name`, `label`, `seeds`, `differences`
            (`section.key` → value), `parent` and `handmade` (None, or keys and values) and `interventions`.
    """
    rows = [
        " & ".join(
            (
                rf"{escape(its['label'])}\newline\texttt{{{breakable(its['name'])}}}",
                ";\n".join(map(_setting, _entries(its))) or "as it stands",
                format_seeds(its["seeds"]),
            )
        )
        + r" \\\addlinespace[2pt]"
        for its in study["conditions"]
    ]
    caption = rf"Conditions of the study \emph{{{escape(study['title'])}}}."
    return longtable(_COLUMNS, rows, caption, f"tab:conditions:{study['name']}")


def _entries(condition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Key and value, as the config has them."""
    if condition["parent"]:
        yield "parent", as_written(condition["parent"])
    if condition["handmade"]:
        yield "handmade", as_written(condition["handmade"])
    for key, value in condition["differences"].items():
        yield key, as_written(value)
    for its in condition["interventions"]:
        yield "intervention", as_written(its)


def _setting(entry: tuple[str, str]) -> str:
    key, value = map(breakable, entry)
    return rf"\texttt{{{key}:~{value}}}"
