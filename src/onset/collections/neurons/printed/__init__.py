"""The library's pages: a list to search and to filter, and a page per neuron of interest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def filled(template: str, **context: Any) -> str:
    """A page's body.

    Args:
        template: a file in `templates/`.
        context: what it shows.
    """
    return _ENVIRONMENT.get_template(template).render(context)
