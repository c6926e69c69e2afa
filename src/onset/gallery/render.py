"""Pages from templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
from pygments.formatters import HtmlFormatter

from onset.statistics.wording import format_seeds

# One for all pages, so that it compiles each template once.
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["seeds"] = format_seeds


def render(template: str, **context: Any) -> str:
    """A page.

    Args:
        template: a file in `templates/`.
        context: what it shows; `title`, and `path`, name and address of each page above it.
    """
    return _ENVIRONMENT.get_template(template).render(context)


def notebook_page(study: str, body: str) -> str:
    """A rendered notebook."""
    return render(
        "notebook.html",
        title=f"{study}: notebook",
        path=[("Onset", "../index.html"), (study, "index.html")],
        body=body,
        light=HtmlFormatter(style="default").get_style_defs(".highlight"),
        dark=HtmlFormatter(style="github-dark").get_style_defs(".highlight"),
    )
