"""What the rules ask about collections: what is gathered over all studies."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from onset.code.fingerprint import fingerprint, fingerprint_of_script
from onset.config.collection import CollectionFile
from onset.config.condition import Condition
from onset.settings import canonical_json
from onset.workflow.jobs.looked_at import having, opened
from onset.workflow.jobs.part import Part, Told, Wildcards


class Collections(Part):
    """Jobs of collections. There are none of a collection that wants no study's models."""

    @cached_property
    def names(self) -> list[str]:
        return [name for name in self._project.collections if self.studies(name)]

    @property
    def left(self) -> list[str]:
        return [path for name in self.names for path in (*self.collected(name), *self.made(name))]

    @property
    def told(self) -> Told:
        found: Told = {}
        for name in self.names:
            found[name, "combine"] = partial(self.combine_settings, name)
            found[name, "notebook"] = partial(self.notebook_settings, name)
            for study in self.studies(name):
                found[name, f"collect_{study}"] = partial(self.collect_settings, name, study)
        return found

    # ---- what is collected of each study ----------------------------------------------------

    def studies(self, name: str) -> list[str]:
        """The studies of which some models are wanted."""
        return [study for study in self._project.studies if self._wanted(name, study)]

    def collected(self, name: str) -> list[str]:
        """A table per study."""
        return [f"{self._root}/{name}/studies/{study}.parquet" for study in self.studies(name)]

    def runs(self, name: str) -> Callable[[Wildcards], list[str]]:
        """Datasets and checkpoints of the runs of a study that are wanted."""
        return lambda wildcards: [
            path
            for file in ("dataset.safetensors", "checkpoints/index.json")
            for path in self.of_runs(wildcards.study, self._wanted(name, wildcards.study), file)
        ]

    def collect_settings(self, name: str, study: str) -> str:
        seeds = self._project.runs(study)
        conditions = [
            {
                "name": condition,
                "seeds": seeds[condition][:1] if its.is_ready_made else seeds[condition],
                **its.looked_into,
            }
            for condition, its in self._wanted(name, study).items()
        ]
        on = {"device": self._project.device_of_looks, "threads": self._project.settings.threads}
        return canonical_json({"collection": name, "conditions": conditions, **on})

    def collect_code(self, name: str) -> Callable[[Wildcards], str]:
        return lambda wildcards: fingerprint(
            "onset.stages.collect",
            f"onset.collections.{name}.look",
            *opened(self._wanted(name, wildcards.study).values()),
        )

    def _wanted(self, name: str, study: str) -> dict[str, Condition]:
        """Of models in which nothing is trained, only those that others have trained, and each once: it is
        the same whatever it is asked."""
        gathered = having(self._project.studies[study].gathered, self._file(name).wants)
        found: dict[str, Condition] = {}
        for condition, its in gathered.items():
            ready_made = [other.model for other in found.values() if other.is_ready_made]
            if its.training.steps or (its.is_ready_made and its.model not in ready_made):
                found[condition] = its
        return found

    # ---- what is made of all ----------------------------------------------------------------

    def combined(self, name: str) -> list[str]:
        """The tables of all studies."""
        return [f"{self._root}/{name}/{table}.parquet" for table in self._file(name).makes]

    def combine_settings(self, name: str) -> str:
        """The tables to make, and the studies in their order with what people call them."""
        studies = [
            {
                "name": study,
                "title": self._project.studies[study].file.title,
                "labels": {
                    its.name: its.label for its in self._project.studies[study].conditions.values()
                },
                # Told where there are any, so that no collection of other studies is put together anew.
                **({"meanings": meanings} if (meanings := self._meanings(study)) else {}),
            }
            for study in self.studies(name)
        ]
        makes = list(self._file(name).makes)
        return canonical_json({"collection": name, "makes": makes, "studies": studies})

    def _meanings(self, study: str) -> dict[str, str]:
        return self._project.studies[study].file.meanings

    def combine_code(self, name: str) -> str:
        return fingerprint("onset.stages.combine", f"onset.collections.{name}.combine")

    def made(self, name: str) -> list[str]:
        """What the jobs of a collection declare, but for what is of one study, and for its pages."""
        files = ("names.json", "notebook.ipynb", "notebook.html", "numbers.json")
        its = [f"{self._root}/{name}/{file}" for file in files]
        return [*self.combined(name), *its, *self.figures_of(name), *self.tables_of(name)]

    def figures_of(self, name: str) -> list[str]:
        return self._shown(name, "figures", ("pdf", "png", "csv", "json"))

    def tables_of(self, name: str) -> list[str]:
        return self._shown(name, "tables", ("tex", "csv", "json"))

    def _shown(self, name: str, kind: str, suffixes: tuple[str, ...]) -> list[str]:
        names = getattr(self._file(name), kind)
        return [f"{self._root}/{name}/{kind}/{its}.{end}" for its in names for end in suffixes]

    def notebook_settings(self, name: str) -> str:
        """What the job of its notebook is told, as those of studies' are."""
        made = {kind: list(getattr(self._file(name), kind)) for kind in ("figures", "tables")}
        told = {"results": self._project.results, "code": self.notebook_code(name)}
        return canonical_json({"parameters": told, **made})

    def notebook_code(self, name: str) -> str:
        """Fingerprint of its notebook, of the job, and of what it may open models with."""
        script = fingerprint_of_script(Path(f"workflow/notebooks/{name}.py"))
        conditions = (its for s in self.studies(name) for its in self._wanted(name, s).values())
        return f"{script}-{fingerprint('onset.stages.notebook', *opened(conditions))}"

    # ---- for readers ------------------------------------------------------------------------

    def described(self, name: str) -> dict[str, Any]:
        """What readers are told of it, as they are of a study."""
        its = self._file(name)
        return {
            "name": name,
            "title": its.title,
            "question": its.question,
            "answer": its.answer,
            "conditions": [],
            "figures": [{"name": n, "caption": caption} for n, caption in its.figures.items()],
            "tables": [{"name": n, "caption": caption} for n, caption in its.tables.items()],
            "pages": [{"name": n, "caption": caption} for n, caption in its.pages.items()],
            "has_reference": False,
        }

    def leading_to(self, study: str) -> list[dict[str, Any]]:
        """The collections with pages of their own that look at a study's models: name, title, the page to
        begin with, and at which conditions they look."""
        return [
            {
                "name": name,
                "title": self._file(name).title,
                "page": next(iter(self._file(name).pages)),
                "conditions": list(self._wanted(name, study)),
            }
            for name in self.names
            if self._file(name).pages and study in self.studies(name)
        ]

    def shown(self, name: str) -> list[str]:
        """What its pages are made of."""
        files = ("names.json", "numbers.json", "notebook.html")
        its = [f"{self._root}/{name}/{file}" for file in files]
        return [*its, *self.combined(name), *self.figures_of(name), *self.tables_of(name)]

    def pages_code(self, name: str) -> list[str]:
        """What is loaded by name where its pages are made."""
        return [f"onset.collections.{name}.pages"] if self._file(name).pages else []

    def typeset(self, name: str) -> list[str]:
        """What the paper shows of it."""
        figures = [path for path in self.figures_of(name) if path.endswith(".pdf")]
        tables = [path for path in self.tables_of(name) if path.endswith(".tex")]
        return [*figures, *tables, f"{self._root}/{name}/numbers.json"]

    def _file(self, name: str) -> CollectionFile:
        return self._project.collections[name].file
