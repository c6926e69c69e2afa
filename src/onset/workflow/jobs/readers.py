"""What the rules ask about what is made of all studies: the paper and Snakemake's report."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from onset.config.differences import base_of
from onset.latex.sources import sources_of
from onset.workflow.jobs.pages import PageJobs, in_order


class ReaderJobs(PageJobs):
    """Jobs of the paper and the report, beside those of pages."""

    @property
    def summaries(self) -> list[str]:
        return [f"{self._root}/{study}/summary.csv" for study in self._project.studies]

    def report_category(self, study: str) -> str:
        """What Snakemake's report calls a study."""
        return _without_braces(self._described[study]["title"])

    def report_labels(self, study: str, figure: str | None = None) -> dict[str, str]:
        """What Snakemake's report says of a study's notebook, or of the figure at a path.

        A caption file of the report knows the job and not which of its figures it is about; labels do.
        """
        shown = self._described[study]
        captions = {its["name"]: its["caption"] for its in shown["figures"]}
        name = Path(figure).stem if figure else "notebook"
        said = captions[name] if figure else shown["question"]
        return {"name": name, "shows": _without_braces(said)}

    @property
    def paper(self) -> list[str]:
        """The PDF, if it is wanted."""
        return [f"{self._root}/paper/paper.pdf"] if self._project.settings.paper else []

    @property
    def paper_sources(self) -> list[str]:
        return sorted(map(str, sources_of(Path("paper"))))

    @property
    def paper_inputs(self) -> list[str]:
        found = []
        for study in self._project.studies:
            found += [path for path in self.figures_of(study) if path.endswith(".pdf")]
            found += [path for path in self.tables_of(study) if path.endswith(".tex")]
            found += [f"{self._root}/{study}/{file}" for file in ("summary.csv", "numbers.json")]
            found += self.reference_of(study)
        if self.atlas_page:
            found += [f"{self._root}/atlas/figures/mosaic.pdf", f"{self._root}/atlas/numbers.json"]
        return found

    @cached_property
    def paper_settings(self) -> str:
        """What there is to see of each study, and the settings that its conditions begin with."""
        return in_order(
            {
                "shown": [self._described[study] for study in self.studies_with_pages],
                "studies": [
                    {**self._described[name], "base": base_of(study)}
                    for name, study in self._project.studies.items()
                ],
                "seeds": list(self._project.seeds),
            }
        )


def _without_braces(text: str) -> str:
    """In reports Snakemake takes what is in braces for a wildcard, whoever says it."""
    return text.replace("{", "(").replace("}", ")")
