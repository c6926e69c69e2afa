"""What a notebook made is typeset only as far as it is a number, a table or a reference."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from onset.latex import tabular
from onset.latex.made import check_names, numbers_of, reference_of, table_of
from onset.latex.markup import MarkupError, check_number, check_table, numbers_json
from onset.latex.text import escape

HOSTILE = [
    r"\input{/etc/passwd}",
    r"\write18{touch x}",
    r"\immediate\openout5=x",
    r"\catcode`\%=12",
    r"\csname input\endcsname{x}",
    "^^5cinput{x}",
    r"\^^5cinput{x}",
    r"\def\x{\x}\x",
    r"\expandafter\x",
    r"\loop\iftrue\repeat",
    r"\begin{verbatim}x\end{verbatim}",
    r"\begin{filecontents}{x}\end{filecontents}",
    r"\end{document}",
    "0.9 % of cases",
    "#1",
    "a & b",
    r"a \\ b",
    "a_b",
    "x^2",
    "{0.9",
    "0.9}",
    "}{",
    "$x",
    "{$x}$",
    "0.9\\",
    "0.9\n\n0.8",
    "0.9\r",
    "0.9\x00",
]


@pytest.mark.parametrize(
    "text",
    [
        "0.97 [0.95, 0.99]",
        "−0.3 – 5 × 10",
        r"80\,\%",
        r"1\,000",
        r"a\_b \& c \#1 \{x\} \$5",
        escape("tied: top1 {half} 30 % & ~/#1 ^ \\ --"),
        r"$p < 10^{-3}$",
        r"$\alpha_{\mathrm{max}} \approx 0.1$",
        r"\textbf{0.9}~s",
        "none",
        "",
    ],
)
def test_what_a_number_may_be(text):
    assert check_number("tied/ood_1.2", text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_number_may_not_be(text):
    with pytest.raises(MarkupError, match=r"^tied/ood: .+"):
        check_number("tied/ood", text)


@pytest.mark.parametrize("key", ["", "a}{b", r"a\input", "a%", "a#1", "é", "a\n", "^^5c"])
def test_the_name_of_a_number_is_plain(key):
    with pytest.raises(MarkupError, match="the name of a number is"):
        check_number(key, "1")


def test_a_number_is_text():
    assert (check_number("n", 3), check_number("share", 0.5)) == ("3", "0.5")
    for value in (None, True, ["1"], {"a": "b"}):
        with pytest.raises(MarkupError, match="n: a number is saved as text, and this is"):
            check_number("n", value)
    assert json.loads(numbers_json({"n": "3"})) == {"n": "3"}
    with pytest.raises(ValueError, match=r"tied: \\input isn't among the commands"):
        numbers_json({"tied": r"\input{x}"})


@pytest.mark.parametrize(
    "text",
    [
        tabular(["name", "30 %"], [["a_b & c", "0.97"], ["{x} ~ $5", "1"]], "l@{}r"),
        pd.DataFrame({"a_b": [0.5], "share $ %": ["x\\y & z~^"]}).to_latex(
            index=False, escape=True
        ),
        pd.DataFrame({"a": [1], "b": [2]}).to_latex(),
        "\\begin{tabular}{l*{3}{c}}\\toprule\n\\multicolumn{2}{@{}c}{\\textbf{x}} & $y^2$ & z \\\\*[2pt]\n"
        "\\cmidrule(lr){1-2}\\addlinespace[2pt]\\bottomrule\\end{tabular}",
    ],
)
def test_what_a_table_may_be(text):
    assert check_table(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(its for its in HOSTILE if its not in ("0.9\n\n0.8",)),
        r"\begin{tabular}{l} x",
        r"\begin{tabular}{l} {x \end{tabular}}",
        r"\begin{longtable}{l} x \end{longtable}",
        r"\begin {tabular}{l} x \end{tabular}",
        r"\begin{tabular}{*{100000000}{l}} x \end{tabular}",
        r"\begin{tabular}{>{\input{x}}l} x \end{tabular}",
    ],
)
def test_what_a_table_may_not_be(text):
    with pytest.raises(MarkupError):
        check_table(text)


def test_a_file_is_named_with_what_is_wrong(tmp_path):
    path = tmp_path / "numbers.json"
    for content, says in [
        ('{"tied": "\\\\input{x}"}', r"numbers\.json: tied: \\input isn't among"),
        ('{"tied": "条"}', r"numbers\.json: the paper can't set '条' \(U\+6761\)"),
        ('{"tied": "\\u6761 \\ud800"}', r"numbers\.json: tied: the paper can't set .*\(U\+D800\)"),
        ("{", r"numbers\.json: it isn't JSON"),
        ("[" * 100_000, r"numbers\.json: it isn't JSON"),
        ("[]", r"numbers\.json: expected numbers by their names"),
    ]:
        path.write_text(content, encoding="utf-8")
        with pytest.raises(MarkupError, match=says):
            numbers_of(path, ())
    path.write_bytes(b"\xff")
    with pytest.raises(MarkupError, match="isn't UTF-8 text"):
        numbers_of(path, ())
    path.write_text(json.dumps({"tied": "cafe\u0301 α"}))
    assert numbers_of(path, {"α"}) == {"tied": "café α"}


def test_a_table_is_named_with_what_is_wrong(tmp_path):
    path = tmp_path / "ends.tex"
    path.write_text(r"\input{x}")
    with pytest.raises(MarkupError, match=r"ends\.tex: \\input isn't among"):
        table_of(path, ())


def test_a_reference_is_as_it_is_written(tmp_path):
    path = tmp_path / "reference.csv"
    header = "quantity,published,source,set_up,value,border,ours,low,high,agrees\n"
    path.write_text(header + '"loss, at \\input{x}",1,"A & B",same,1,factor 2,0.5,,,yes\n')
    (row,) = reference_of(path, ())
    assert row["quantity"] == r"loss, at \input{x}"  # plain, and escaped later
    for content, says in [
        ("quantity,ours\n", "its columns aren't quantity, published"),
        ("", "isn't a table of comma-separated values"),
        (header + "a,b\n", "row 1 isn't as"),
        (header + "a,b,c,other,1,d,\\input{x},,,yes\n", "row 1 isn't as"),
        (header + "a,b,c,other,\\input{x},d,1,,,yes\n", "row 1 isn't as"),
        (header + "a,b,c,other,,d,1,,,\\input{x}\n", "row 1 isn't as"),
        (header + "条,b,c,other,,d,1,,,no\n", "the paper can't set"),
    ]:
        path.write_text(content, encoding="utf-8")
        with pytest.raises(MarkupError, match=says):
            reference_of(path, ())


def test_names_are_no_paths():
    study = {
        "name": "tiny",
        "figures": [{"name": "one"}],
        "tables": [],
        "base": {"model": {"name": "m"}},
    }
    check_names({"shown": [study], "studies": [study]})
    for bad in (
        {"name": "../tiny"},
        {"figures": [{"name": "a/../../b"}]},
        {"tables": [{"name": "a}"}]},
    ):
        with pytest.raises(MarkupError, match="isn't the name of"):
            check_names({"shown": [study | bad], "studies": [study]})
