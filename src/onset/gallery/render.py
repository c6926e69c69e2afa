"""Pages from templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from pygments.formatters import HtmlFormatter

_TEMPLATES = Path(__file__).parent / "templates"


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def notebook_page(study: str, body: str) -> str:
    """A rendered notebook."""
    highlighting = HtmlFormatter(style="default").get_style_defs(".highlight")
    return _environment().get_template("notebook.html").render(
        title=f"{study}: notebook", body=body, highlighting=highlighting, home="../index.html"
    )  # fmt: skip


def study_page(study: Mapping[str, Any]) -> str:
    """The page of one study: question, figures, tables, runs."""
    return _environment().get_template("study.html").render(
        title=study["title"], study=study, home="../index.html"
    )  # fmt: skip


def index_page(studies: Sequence[Mapping[str, Any]], paper: bool, atlas: bool) -> str:
    """The front page: the paper, a card per study, and the atlas of heads if there is one."""
    return _environment().get_template("index.html").render(
        title="Onset", studies=studies, paper=paper, atlas=atlas, home="index.html"
    )  # fmt: skip
