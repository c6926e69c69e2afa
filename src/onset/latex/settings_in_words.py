"""Settings formatted for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onset.latex.text import escape


def as_written(value: Any) -> str:
    """A value of JSON as a line of YAML has it: `{heads: pair, seeds_on: [0, 1]}`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "{" + ", ".join(f"{k}: {as_written(its)}" for k, its in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(as_written, value)) + "]"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def as_given(value: Any) -> str:
    """A value as messages quote it: as in a config, with text in quotes: `[null, 'one', 0.5]`."""
    match value:
        case None | bool():
            return as_written(value)
        case Mapping():
            its = (f"{as_written(key)}: {as_given(its)}" for key, its in value.items())
            return "{" + ", ".join(its) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(as_given, value)) + "]"
        case _:
            return repr(value)


def in_words(value: Any) -> str:
    """A value of JSON without brackets: `0.9, 0.98`; what is off, or empty, is a dash."""
    match value:
        case None | [] | ():
            return "–"
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return ", ".join(f"{k} {in_words(its)}" for k, its in value.items()) or "–"
        case list() | tuple():
            return ", ".join(map(in_words, value))
        case _:
            return as_written(value)


def key_in_words(key: str) -> str:
    r"""What a setting is called in a table, typeset: n_layers → layers, d_mlp → $d_{\mathrm{mlp}}$."""
    kind, _, name = key.partition("_")
    if kind == "d" and name:
        return rf"$d_{{\mathrm{{{escape(name)}}}}}$"
    return escape((name if kind == "n" and name else key).replace("_", " "))
