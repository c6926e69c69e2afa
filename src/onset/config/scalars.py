"""What an unquoted scalar means in YAML.

PyYAML implements YAML 1.1, for which 0400 is 256, 25:00 is 1500, 1e-3 is text and `no` is false. Here a
number is what it looks like, by YAML 1.2's core schema, and anything that could be read in two ways is
refused.
"""

from __future__ import annotations

import re

import yaml

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*(_[0-9]+)*)")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(_[0-9]+)*(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_ZEROS_IN_FRONT = re.compile(r"[-+]?0[0-9_]+")
_MOST_DIGITS = 1_000
_YAML_1_1 = yaml.SafeLoader("")


def meant(text: str) -> int | float | bool | str | None:
    """The value.

    Raises:
        ValueError: it is not clear; the message says what to write.
    """
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) > _MOST_DIGITS and _INT.fullmatch(text):
        raise ValueError(f"a number of more than {_MOST_DIGITS} digits")
    number = _number(text)
    if number is None and (instead := _instead(text)):
        raise ValueError(
            f"{text}: not read alike by all programs; {instead}, or put it in quotes if it is text"
        )
    return text if number is None else number


def is_text(text: str) -> bool:
    """Whether it is text wherever only text is expected, as `no` and 25:00 are."""
    return text not in _NULL | _TRUE | _FALSE and _number(text) is None


def _number(text: str) -> int | float | None:
    if len(text) > _MOST_DIGITS:
        return None
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and not _ZEROS_IN_FRONT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return None


def _instead(text: str) -> str | None:
    """What to write instead of what YAML 1.1 takes for more than text."""
    if _ZEROS_IN_FRONT.fullmatch(text):
        return f"write {text.replace('_', '').lstrip('+-0') or 0}"
    tag = _YAML_1_1.resolve(yaml.ScalarNode, text, (True, False))
    match tag.rpartition(":")[2]:
        case "int" | "float":
            return "write it in decimal digits"
        case "bool":
            return "write true or false"
    return None
