"""PyYAML's errors reworded to say what to change."""

from __future__ import annotations

import yaml

_SAID = {
    "'\\t'": "a tab; YAML is indented with spaces",
    "another document": "a second document begins here (---); a file holds one",
    "'<stream end>'": "a bracket isn't closed",
    "end of stream": "a quote isn't closed",
    "mapping values are not allowed": "a colon can't stand here: put text with `: ` in it in quotes, "
    "and a space after a key's colon, here and in the lines before",
    "could not find expected ':'": "a key without a colon, or a colon without a space after it",
    "cannot start any token": "no text begins with such a character; put it in quotes",
    "expected <block end>": "not indented like the lines that it stands among",
    "expected '<document start>'": "unexpected here; is a bracket closed twice?",
}
"""a part of PyYAML's message → ours"""


def in_our_words(error: yaml.MarkedYAMLError, text: str) -> tuple[str, int | None]:
    """What is wrong with a text that PyYAML refuses, and in which line."""
    mark, began = error.problem_mark or error.context_mark, error.context_mark
    line = mark.line + 1 if mark else None
    problem = " ".join(str(error.problem).split())
    said = next((ours for part, ours in _SAID.items() if part in problem), problem)
    if mark and (closed := _closed_before(text, mark)):
        if closed.start_mark.line < mark.line and isinstance(closed, yaml.ScalarToken):
            opened = closed.start_mark.line + 1
            said = (
                f"text behind a quote that was opened in line {opened}; it may lack its end there"
            )
            return said, line
        if "but found '<scalar>'" in problem:
            said = "text behind a closed quote or bracket; all of it goes in quotes"
            return said, line
    in_whole_file = began and began.line == 0 and "block" in str(error.context)
    if began and mark and began.line < mark.line and not in_whole_file:
        said += f" (what it is part of begins in line {began.line + 1})"
    return said, line


def _closed_before(text: str, mark: yaml.Mark) -> yaml.Token | None:
    """The quoted text, or the bracket, that was closed last before a place in the same line."""
    found = None
    try:
        for token in yaml.scan(text, yaml.BaseLoader):
            if token.end_mark.index > mark.index:
                break
            quoted = isinstance(token, yaml.ScalarToken) and token.style in ("'", '"')
            if quoted or isinstance(token, yaml.FlowSequenceEndToken | yaml.FlowMappingEndToken):
                found = token
    except yaml.YAMLError:
        pass  # what stands before the place is scanned by then
    return found if found and found.end_mark.line == mark.line else None
