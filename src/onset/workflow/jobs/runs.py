"""What the rules ask about a run: its settings, its code, and the runs that it begins with or looks at."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

from onset import analyses, interventions, measures, tasks
from onset.code.fingerprint import fingerprint
from onset.config.parents import Place, parent_of, sources_of
from onset.config.project import Project
from onset.config.study import Condition


class Wildcards(Protocol):
    """Those of a rule about a study, or about a run."""

    study: str
    condition: str
    seed: str


class RunJobs:
    """Jobs of single runs, and of several that are trained as one."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._root = Path(project.results)

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
        task = tasks.CATALOGUE.dotted(condition.task.name)
        its_parent = self._parent_condition(wildcards) if condition.drawn_from else None
        of_parent = [f"onset.models.{its_parent.model.name}.model"] if its_parent else []
        model = f"onset.models.{condition.model.name}.model"
        streamed = set(condition.training.mixture) - set(condition.task.splits)
        loaded = {
            "dataset": [task, *of_parent],
            "train": [
                model,
                *([task] if streamed else []),
                *map(measures.CATALOGUE.dotted, condition.training.measures_in_loss),
                *(interventions.CATALOGUE.dotted(its.name) for its in condition.interventions),
            ],
            "evaluate": [model, *map(measures.CATALOGUE.dotted, condition.measures)],
            "analyse": [
                model,
                *of_parent,
                *map(analyses.CATALOGUE.dotted, condition.analyses.names),
            ],
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
        """What the jobs of dataset and analyses are told of that parent."""
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
