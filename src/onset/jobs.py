"""What the rules ask of the config: paths, settings and code of each job, by its wildcards."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

from onset.config.parents import Place, parent_of, sources_of
from onset.config.project import Project
from onset.config.study import Condition
from onset.provenance import fingerprint, fingerprint_of_script
from onset.settings import canonical_json

ATLAS = {
    "name": "atlas",
    "title": "The head atlas",
    "question": "Which kinds of attention heads do all these models grow, and which of them do they need?",
    "figures": [
        {
            "name": "mosaic",
            "caption": "Every attention head of every model: a tile is a head, a brick is a model, its block "
            "applications from the bottom up; a row is a condition, its bricks are seeds. Hue and glyph are "
            "the head's kind; the darker, the more accuracy is lost without it.",
        }
    ],
    "tables": [],
}
"""What the paper is told of the atlas, as it is of a study."""


class Wildcards(Protocol):
    """Those of a rule about a study, or about a run."""

    study: str
    condition: str
    seed: str


class Jobs:
    """Answers for the rules, so that rules hold no logic."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._root = Path(project.results)

    # ---- runs -----------------------------------------------------------------------------

    def condition(self, wildcards: Wildcards) -> Condition:
        return self._project.condition(wildcards.study, wildcards.condition)

    def priority(self, wildcards: Wildcards) -> int:
        return self._project.priority(wildcards.study, getattr(wildcards, "condition", None))

    @property
    def gpus(self) -> int:
        """That a training or evaluation job asks for."""
        return int(self._project.settings.device.startswith("cuda"))

    def code(self, stage: str, wildcards: Wildcards) -> str:
        """Fingerprint of the stage and of what it loads by name for this run."""
        condition = self.condition(wildcards)
        task = f"onset.tasks.{condition.task.name}"
        its_parent = self._parent_condition(wildcards) if condition.drawn_from else None
        model = f"onset.models.{condition.model.name}.model"
        streamed = set(condition.training.mixture) - set(condition.task.splits)
        loaded = {
            "dataset": [
                task,
                *([f"onset.models.{its_parent.model.name}.model"] if its_parent else []),
            ],
            "train": [
                model,
                *([task] if streamed else []),
                *(f"onset.measures.{name}" for name in condition.training.measures_in_loss),
                *(f"onset.interventions.{its.name}" for its in condition.interventions),
            ],
            "evaluate": [model, *(f"onset.measures.{name}" for name in condition.measures)],
            "analyse": [model, *(f"onset.analyses.{name}" for name in condition.analyses.names)],
        }
        return fingerprint(f"onset.stages.{stage}", *loaded[stage])

    def code_of(self, stage: str) -> str:
        """Fingerprint of a stage that loads nothing by name."""
        return fingerprint(f"onset.stages.{stage}")

    def parent_index(self, wildcards: Wildcards) -> list[str]:
        """The index of the checkpoints that the training begins with, if it begins with a parent's."""
        folder = self._parent(wildcards)
        return [f"{folder}/checkpoints/index.json"] if folder else []

    def parent_option(self, wildcards: Wildcards) -> str:
        return self.parents_option([wildcards])

    def parents_option(self, runs: Iterable[Wildcards]) -> str:
        """What the training is told of the parents of runs of one condition."""
        folders = [folder for run in runs if (folder := self._parent(run))]
        return " ".join(["--parents", *folders]) if folders else ""

    def drawn_from_index(self, wildcards: Wildcards) -> list[str]:
        """The index of the checkpoints that the dataset is made of, if it is made of a parent's."""
        folder = self._drawn_from(wildcards)
        return [f"{folder}/checkpoints/index.json"] if folder else []

    def drawn_from_option(self, wildcards: Wildcards) -> str:
        """What the dataset's job is told of that parent."""
        folder = self._drawn_from(wildcards)
        return f"--parents {folder}" if folder else ""

    def source_indexes(self, wildcards: Wildcards) -> list[str]:
        """The indexes of the checkpoints that the run's interventions look at."""
        return [
            f"{folder}/checkpoints/index.json" for folder in dict.fromkeys(self._sources(wildcards))
        ]

    def sources_option(self, wildcards: Wildcards) -> str:
        """What the stage is told of them: the sources of each intervention, one after the other."""
        folders = self._sources(wildcards)
        return " ".join(["--sources", *folders]) if folders else ""

    def _sources(self, wildcards: Wildcards) -> list[str]:
        condition, found = self.condition(wildcards), []
        places = sources_of(wildcards.study, condition)
        for place, intervention in zip(places, condition.interventions, strict=True):
            seeds = self._project.runs(place[0])[place[1]]
            own = seeds.index(int(wildcards.seed))
            found += [
                self._run_folder(*place, seeds[(own + on) % len(seeds)])
                for on in intervention.source.seeds_on
            ]
        return found

    @property
    def populations(self) -> list[list[Wildcards]]:
        """On a GPU: the runs of each condition, which are trained as one. Elsewhere none.

        Where there are interventions, each run is by itself.
        """
        if not self.gpus:
            return []
        found: list[list[Wildcards]] = []
        for study in self._project.studies:
            for name, seeds in self._project.runs(study).items():
                runs = [SimpleNamespace(study=study, condition=name, seed=str(s)) for s in seeds]
                alone = self._project.condition(study, name).interventions
                found += [[run] for run in runs] if alone else [runs]
        return found

    def population_name(self, population: list[Wildcards]) -> str:
        first = population[0]
        alone = f"_{first.seed}" if self.condition(first).interventions else ""
        return f"{first.study}_{first.condition}{alone}"

    def folder(self, run: Wildcards) -> str:
        return self._run_folder(run.study, run.condition, run.seed)

    def _run_folder(self, study: str, condition: str, seed: int | str) -> str:
        return f"{self._root}/{study}/{condition}/seed_{seed}"

    def _parent(self, wildcards: Wildcards) -> str | None:
        return self._parent_folder(wildcards) if self.condition(wildcards).inherits else None

    def _drawn_from(self, wildcards: Wildcards) -> str | None:
        return self._parent_folder(wildcards) if self.condition(wildcards).drawn_from else None

    def _parent_folder(self, wildcards: Wildcards) -> str:
        return self._run_folder(*self._parent_place(wildcards), wildcards.seed)

    def _parent_condition(self, wildcards: Wildcards) -> Condition:
        return self._project.condition(*self._parent_place(wildcards))

    def _parent_place(self, wildcards: Wildcards) -> Place:
        place = parent_of(wildcards.study, self.condition(wildcards))
        assert place, "asked only of conditions that have a parent"
        return place

    # ---- studies --------------------------------------------------------------------------

    def measurements(self, wildcards: Wildcards) -> list[str]:
        return self.measures_of(wildcards.study) + self.analyses_of(wildcards.study)

    def measures_of(self, study: str) -> list[str]:
        """The measures of all runs of a study."""
        return self._of_runs(study, self._project.runs(study), "measures.parquet")

    def analyses_of(self, study: str) -> list[str]:
        """The analyses of those runs of a study that are looked at more closely."""
        return self._of_runs(study, self._project.studies[study].analysed, "analyses.parquet")

    def _of_runs(self, study: str, conditions: Iterable[str], file: str) -> list[str]:
        seeds = self._project.runs(study)
        return [
            f"{self._run_folder(study, condition, seed)}/{file}"
            for condition in conditions
            for seed in seeds[condition]
        ]

    def study_settings(self, wildcards: Wildcards) -> str:
        return canonical_json(self._runs(wildcards.study))

    def _runs(self, study: str) -> dict[str, Any]:
        return {
            "conditions": list(self._project.studies[study].conditions),
            "seeds": list(self._project.seeds),
            "analysed": self._project.studies[study].analysed,
            **self._extra_seeds(study),
        }

    def _extra_seeds(self, study: str) -> dict[str, dict[str, list[int]]]:
        """Told only of studies that have conditions with seeds of their own."""
        conditions = self._project.studies[study].conditions.values()
        extra = {c.name: list(c.extra_seeds) for c in conditions if c.extra_seeds}
        return {"extra_seeds": extra} if extra else {}

    def figures_of(self, study: str) -> list[str]:
        return self._files(study, "figures", ("pdf", "png", "csv", "json"))

    def reference_of(self, study: str) -> list[str]:
        """Published values beside ours, if the study names any."""
        named = self._project.studies[study].file.reference
        return [f"{self._root}/{study}/reference.csv"] if named else []

    def tables_of(self, study: str) -> list[str]:
        return self._files(study, "tables", ("tex", "csv", "json"))

    def made_by_notebook(self, study: str) -> list[str]:
        """What a study declares. All of it is asked for: an output that nobody wants is not missed."""
        return self.figures_of(study) + self.tables_of(study) + self.reference_of(study)

    def _files(self, study: str, kind: str, suffixes: tuple[str, ...]) -> list[str]:
        names = getattr(self._project.studies[study].file, kind)
        return [
            f"{self._root}/{study}/{kind}/{name}.{suffix}" for name in names for suffix in suffixes
        ]

    def notebook_parameters(self, study: str) -> str:
        """What the study's notebook is told; its `parameters` cell has exactly these names."""
        its = self._project.studies[study]
        published = {name: p.model_dump() for name, p in its.file.reference.items()}
        code = fingerprint(
            "onset.stages.notebook",
            *(
                f"onset.models.{c.model.name}.{'bridge' if c.has_heads else 'model'}"
                for c in its.conditions.values()
            ),
        )
        return canonical_json(
            {
                "study_name": study,
                "results": self._project.results,
                "conditions": list(its.conditions),
                "labels": {name: condition.label for name, condition in its.conditions.items()},
                "seeds": list(self._project.seeds),
                "code": f"{fingerprint_of_script(Path(f'workflow/notebooks/{study}.py'))}-{code}",
                **({"reference": published} if published else {}),
                **({"analysed": its.analysed} if its.analysed else {}),
                **self._extra_seeds(study),
                **its.file.notebook,
            }
        )

    # ---- the head atlas ---------------------------------------------------------------------

    def runs_with_heads(self, wildcards: Wildcards) -> list[str]:
        """Datasets and checkpoints of all runs of a study that have heads."""
        study, conditions = wildcards.study, self._with_heads(wildcards.study)
        files = ("dataset.safetensors", "checkpoints/index.json")
        return [path for file in files for path in self._of_runs(study, conditions, file)]

    def heads_settings(self, wildcards: Wildcards) -> str:
        seeds = self._project.runs(wildcards.study)
        conditions = self._with_heads(wildcards.study)
        told = [{"name": n, "seeds": seeds[n], **its.heads_job} for n, its in conditions.items()]
        on = {"device": self._project.settings.device, "threads": self._project.settings.threads}
        return canonical_json({"conditions": told, **on})

    def heads_code(self, wildcards: Wildcards) -> str:
        conditions = self._with_heads(wildcards.study).values()
        families = {f"onset.models.{its.model.name}" for its in conditions}
        loaded = [f"{its}.{part}" for its in sorted(families) for part in ("model", "bridge")]
        return fingerprint("onset.stages.heads", *loaded)

    def _with_heads(self, study: str) -> dict[str, Condition]:
        conditions = self._project.studies[study].conditions
        return {name: its for name, its in conditions.items() if its.has_heads}

    @property
    def _studies_with_heads(self) -> list[str]:
        return [study for study in self._project.studies if self._with_heads(study)]

    @property
    def heads(self) -> list[str]:
        return [f"{self._root}/atlas/studies/{study}.parquet" for study in self._studies_with_heads]

    @property
    def atlas_page(self) -> list[str]:
        """None, if no model has heads."""
        return [f"{self._root}/atlas/notebook.html"] if self._studies_with_heads else []

    @property
    def atlas_settings(self) -> str:
        """What the atlas is told: the studies in their order, and what people call them."""
        studies = [
            {
                "name": name,
                "title": study.file.title,
                "labels": {its.name: its.label for its in study.conditions.values()},
            }
            for name, study in self._project.studies.items()
            if name in self._studies_with_heads
        ]
        return canonical_json({"studies": studies})

    @property
    def atlas_figures(self) -> list[str]:
        return [f"{self._root}/atlas/figures/mosaic.{its}" for its in ("pdf", "png", "csv", "json")]

    @property
    def atlas_parameters(self) -> str:
        """What the atlas's notebook is told."""
        script = fingerprint_of_script(Path("workflow/notebooks/atlas.py"))
        code = f"{script}-{fingerprint('onset.stages.notebook')}"
        return canonical_json({"results": self._project.results, "code": code})

    # ---- what readers see ---------------------------------------------------------------------

    @property
    def summaries(self) -> list[str]:
        return [f"{self._root}/{study}/summary.csv" for study in self._project.studies]

    @property
    def study_pages(self) -> list[str]:
        return [f"{self._root}/{study}/index.html" for study in self._project.studies]

    def study_page(self, study: str) -> str:
        return canonical_json({"study": self._description(study)})

    @cached_property
    def front_page(self) -> str:
        studies = [self._description(study) for study in self._project.studies]
        whole = {"paper": self._project.settings.paper, "atlas": bool(self.atlas_page)}
        return canonical_json({"studies": studies, **whole})

    def _description(self, study: str) -> dict[str, Any]:
        its = self._project.studies[study]
        return {
            "name": study,
            "title": its.file.title,
            "question": its.file.question,
            "has_heads": study in self._studies_with_heads,
            "conditions": [
                {"name": name, "label": its.conditions[name].label, "seeds": list(seeds)}
                for name, seeds in self._project.runs(study).items()
            ],
            "seeds": list(self._project.seeds),
            "figures": [{"name": n, "caption": c} for n, c in its.file.figures.items()],
            "tables": [{"name": n, "caption": c} for n, c in its.file.tables.items()],
        }

    @property
    def paper(self) -> list[str]:
        """The PDF, if it is wanted."""
        return [f"{self._root}/paper/paper.pdf"] if self._project.settings.paper else []

    @property
    def paper_sources(self) -> list[str]:
        return sorted(
            str(path) for path in Path("paper").rglob("*") if path.suffix in (".tex", ".bib")
        )

    @property
    def paper_inputs(self) -> list[str]:
        found = []
        for study in self._project.studies:
            found += [path for path in self.figures_of(study) if path.endswith(".pdf")]
            found += [path for path in self.tables_of(study) if path.endswith(".tex")]
            found.append(f"{self._root}/{study}/numbers.json")
        if self.atlas_page:
            found += [f"{self._root}/atlas/figures/mosaic.pdf", f"{self._root}/atlas/numbers.json"]
        return found

    @cached_property
    def paper_settings(self) -> str:
        described = [self._description(study) for study in self._project.studies]
        return canonical_json({"studies": described + ([ATLAS] if self.atlas_page else [])})
