"""Made-up cards of the front page, as many as a test wants."""

from __future__ import annotations

from typing import Any

from onset.gallery.front import card

STUDY = {
    "name": "first",
    "title": "A study",
    "question": "Does it?",
    "answer": "It does.",
    "broken": [],
    "conditions": [
        {"name": "plain", "label": "as it is", "seeds": [0, 1], "differences": {}},
        {"name": "deep", "label": "deeper", "seeds": [0], "differences": {"model.n_layers": 3}},
    ],
    "figures": [{"name": "main", "caption": "What <b>it</b> does."}],
}


def card_of(
    name: str, theme: str | None = None, overridden: bool = False, **study: Any
) -> dict[str, Any]:
    """A study's card with what the front page is told of it.

    Args:
        name: of the study.
        theme: of the study.
        overridden: whether the config changes its settings.
        study: in place of what `STUDY` says.
    """
    return {**card({**STUDY, "name": name, **study}), "theme": theme, "overridden": overridden}
