"""Plain text stays what it says when it is typeset."""

from __future__ import annotations

import pytest

from onset.latex import definitions, escape, tabular


@pytest.mark.parametrize(
    ("text", "typeset"),
    [
        ("once per hop", "once per hop"),
        ("30 % & more", r"30 \% \& more"),
        ("composed_train", r"composed\_train"),
        ("$5 #1 {x}", r"\$5 \#1 \{x\}"),
        ("a~b^c", r"a\textasciitilde{}b\textasciicircum{}c"),
        (r"\%", r"\textbackslash{}\%"),  # each character once: what escapes isn't escaped again
        ("A→B × Größe – “x”", "A→B × Größe – “x”"),
        ("cafe\u0301", "café"),  # an accent behind its letter
        ("--steps, ---", "-{}-steps, -{}-{}-"),  # no dashes
        ("a << b >> c", "a <{}< b >{}> c"),
        ("``x'' ,,y ?` !`", "`{}`x'{}' ,{},y ?{}` !{}`"),
        ("first\n\nsecond\tthird", "first  second third"),  # no paragraph's end
        ("", ""),
    ],
)
def test_escape(text, typeset):
    assert escape(text) == typeset


def test_tabular():
    assert tabular(
        ["name", "30 %"], [["a_b", "0.97 [0.95, 0.99]"], ["c", "1"]], "lr"
    ).splitlines() == [
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"name & 30 \% \\",
        r"\midrule",
        r"a\_b & 0.97 [0.95, 0.99] \\",
        r"c & 1 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_definitions():
    assert definitions("onsetdefine", {"study/a_b": "0.97", "n": "3"}) == (
        "\\onsetdefine{study/a_b}{0.97}\n\\onsetdefine{n}{3}\n"
    )
