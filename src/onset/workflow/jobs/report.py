"""What the rules ask about Snakemake's report."""

from __future__ import annotations

from pathlib import Path

from onset.workflow.jobs.pages import Pages


class Report:
    """What Snakemake's report says of studies."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def category(self, study: str) -> str:
        """What Snakemake's report calls a study."""
        return _without_braces(self._pages.described[study]["title"])

    def labels(self, study: str, figure: str | None = None) -> dict[str, str]:
        """What Snakemake's report says of a study's notebook, or of the figure at a path.

        A caption file of the report knows the job and not which of its figures it is about; labels do.
        """
        shown = self._pages.described[study]
        captions = {its["name"]: its["caption"] for its in shown["figures"]}
        name = Path(figure).stem if figure else "notebook"
        said = captions[name] if figure else shown["question"]
        return {"name": name, "shows": _without_braces(said)}


def _without_braces(text: str) -> str:
    """In reports Snakemake takes what is in braces for a wildcard, whoever says it."""
    return text.replace("{", "(").replace("}", ")")
