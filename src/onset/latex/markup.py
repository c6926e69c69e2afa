"""Which TeX a number or a table may contain, so that a foreign one can only be displayed."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SYMBOLS = frozenset("%&#_${},;:!/ ")
"""characters that a backslash may stand before: those it escapes, and spaces"""
_TEXT = _words(
    "textbackslash textasciitilde textasciicircum textless textgreater textbar textquotesingle textdegree "
    "textsuperscript textsubscript textbf textit textsl textsc texttt textrm textsf textnormal emph "
    "bfseries itshape ttfamily small footnotesize scriptsize mbox allowbreak newline quad qquad enspace "
    "dots ldots ensuremath rotatebox"
)
_MATHEMATICS = _words(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi "
    "rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma "
    "Upsilon Phi Psi Omega ell hbar infty partial nabla forall exists emptyset "
    "pm mp times div cdot ast star circ bullet oplus otimes odot wedge vee cap cup setminus "
    "le leq ge geq ne neq approx equiv sim simeq cong propto ll gg prec succ in notin ni subset subseteq "
    "supset supseteq mid parallel perp models vdash to gets leftarrow rightarrow leftrightarrow Leftarrow "
    "Rightarrow Leftrightarrow longrightarrow Longrightarrow mapsto uparrow downarrow "
    "sum prod int sqrt frac log ln exp min max arg sin cos tan argmin lim Pr cdots "
    "mathrm mathbf mathit mathsf mathtt mathcal hat bar tilde vec dot overline underline "
    "left right langle rangle lfloor rfloor lceil rceil lbrace rbrace vert Vert"
)
_ENVIRONMENT = "tabular"
_RULES = _words(
    "toprule midrule bottomrule cmidrule hline cline addlinespace multicolumn centering raggedright "
    "raggedleft arraybackslash linewidth textwidth tabcolsep"
)
_TOKEN = re.compile(
    r"\\(?P<edge>begin|end)\{(?P<environment>[^{}\\]*)\}"
    r"|\\(?P<word>[A-Za-z]+)|\\(?P<symbol>.)|(?P<special>\^\^|[{}$&#%^_])|(?P<control>[\x00-\x1f\x7f])",
    re.DOTALL,
)
_KEY = re.compile(r"[^\\{}%#^~$&\x00-\x1f\x7f-\U0010ffff]+")
_MOST_COLUMNS = re.compile(r"(?:\*|\\multicolumn)\s*\{\s*\d{4,}")
"""a number of columns that LaTeX would count up to for a long time"""


class MarkupError(ValueError):
    """What is to be typeset holds more of TeX than its kind may."""


def check_number(key: str, value: object) -> str:
    r"""A number as it is to be typeset: plain text, `\%` and the like, mathematics between `$`.

    Args:
        key: what it is called.
        value: a text; a whole or decimal number is one, too.

    Raises:
        MarkupError: it, or its name, may hold no such thing.
    """
    if not _KEY.fullmatch(key):
        raise MarkupError(f"{key!a}: the name of a number is ASCII without \\ {{ }} % # ^ ~ $ &")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise MarkupError(f"{key}: a number is saved as text, and this is {value!r:.60}")
    try:
        _check(value, _TEXT | _MATHEMATICS, environments=())
    except MarkupError as error:
        raise MarkupError(f"{key}: {error}") from None
    return value


def numbers_json(numbers: Mapping[str, str]) -> str:
    """The content of a numbers.json.

    Raises:
        MarkupError: one of the numbers can't be typeset.
    """
    for key, value in numbers.items():
        check_number(key, value)
    return json.dumps(dict(numbers), indent=1) + "\n"


def check_table(text: str) -> str:
    """A table as it is to be typeset: tabulars with rules, and in their cells what numbers may hold.

    Raises:
        MarkupError: it holds something else.
    """
    _check(text, _TEXT | _MATHEMATICS | _RULES, environments=(_ENVIRONMENT,))
    return text


def _check(text: str, words: Collection[str], environments: Collection[str]) -> None:
    """Every command is known, and what opens closes again."""
    if _MOST_COLUMNS.search(text):
        raise MarkupError("more columns than a page has")
    opened: list[str] = []
    for token in _TOKEN.finditer(text):
        its = token[0]
        if token["edge"]:
            _environment(token, opened, environments)
        elif token["word"]:
            if token["word"] not in words:
                raise MarkupError(_not_allowed(its))
        elif token["symbol"]:
            in_table = its == r"\\" and _ENVIRONMENT in opened
            if token["symbol"] not in _SYMBOLS and not in_table:
                raise MarkupError(_not_allowed(its))
        elif token["control"]:
            if its not in "\n\t" or not environments:
                raise MarkupError(f"{its!r} isn't part of one line of text")
        else:
            _special(its, opened)
    if text.endswith("\\") and len(text) - len(text.rstrip("\\")) & 1:
        raise MarkupError("a \\ stands at its end")
    if opened:
        raise MarkupError(f"its {opened[-1]} isn't closed")


def _environment(token: re.Match[str], opened: list[str], allowed: Collection[str]) -> None:
    name = token["environment"]
    if name not in allowed:
        raise MarkupError(_not_allowed(token[0]))
    if token["edge"] == "begin":
        opened.append(name)
    elif not opened or opened.pop() != name:
        raise MarkupError(f"{token[0]} closes what isn't open")


def _not_allowed(command: str) -> str:
    shown = command.encode("ascii", "backslashreplace").decode()
    return f"{shown} isn't among the commands allowed in it"


def _special(its: str, opened: list[str]) -> None:
    """A character that means something to TeX where it stands alone."""
    innermost = opened[-1] if opened else ""
    match its:
        case "{":
            opened.append("{")
        case "}":
            if innermost != "{":
                raise MarkupError("its braces don't match")
            opened.pop()
        case "$":
            if innermost == "$":
                opened.pop()
            elif "$" in opened:
                raise MarkupError("a $ stands within braces within mathematics")
            else:
                opened.append("$")
        case "^" | "_" if "$" in opened:
            pass
        case "&" if _ENVIRONMENT in opened:
            pass
        case "^^":
            raise MarkupError("^^ stands for another character")
        case _:
            raise MarkupError(f"{its} has a meaning in TeX: write \\{its}")
