"""What the rules ask about a run: its settings, its code, and the runs that it uses."""

from __future__ import annotations

from collections.abc import Iterable

from onset import analyses, handmade, interventions, measures, tasks
from onset.code.fingerprint import fingerprint
from onset.config.condition import Condition
from onset.config.parents import Place, parent_of, source_runs
from onset.config.wants import loaded_by
from onset.models import inspection
from onset.tasks.worlds import in_words
from onset.workflow.jobs.part import Part, Wildcards


class Runs(Part):
    """Jobs of single runs."""

    def made(self, study: str) -> dict[str, list[str]]:
        """What the jobs of each run declare, by the run's folder."""
        files = ["dataset.safetensors", "checkpoints/index.json", "training.parquet"]
        found = {}
        for condition, seeds in self._project.runs(study).items():
            closer = self._project.condition(study, condition).analyses.names
            made = [*files, "measures.parquet", *(["analyses.parquet"] if closer else [])]
            for folder in (self.run_folder(study, condition, seed) for seed in seeds):
                found[folder] = [f"{folder}/{file}" for file in made]
        return found

    @property
    def left(self) -> list[str]:
        made = (self.made(study) for study in self._project.studies)
        return [path for by_run in made for files in by_run.values() for path in files]

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
        by_hand = condition.handmade
        its_parent = self._parent_condition(wildcards) if condition.drawn_from else None
        of_parent = its_parent.model.name if its_parent else None
        model = f"onset.models.{condition.model.name}.model"
        streamed = set(condition.training.mixture) - set(condition.task.splits)
        tokenizer = f"onset.models.{condition.model.name}.tokenizer"
        loaded = {
            "dataset": [
                task,
                *([f"onset.models.{of_parent}.model"] if of_parent else []),
                *([tokenizer] if in_words(condition.task) else []),
            ],
            "train": [
                model,
                *([task] if streamed else []),
                *map(measures.CATALOGUE.dotted, condition.training.measures_in_loss),
                *([handmade.CATALOGUE.dotted(by_hand.name)] if by_hand else []),
                *(interventions.CATALOGUE.dotted(its.name) for its in condition.interventions),
            ],
            "evaluate": [model, *map(measures.CATALOGUE.dotted, condition.measures)],
            "analyse": [
                *_opened(condition.model.name),
                *(_opened(of_parent) if of_parent else []),
                *map(analyses.CATALOGUE.dotted, condition.analyses.names),
                *(its for name in condition.analyses.names for its in loaded_by(analyses, name)),
            ],
        }
        return fingerprint(f"onset.stages.{stage}", *loaded[stage])

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
        condition, seeds = self.condition(wildcards), self._project.all_runs
        runs = source_runs(wildcards.study, condition, int(wildcards.seed), seeds)
        return [self.run_folder(*its) for its in runs]

    def _parent(self, wildcards: Wildcards) -> str | None:
        return self._parent_folder(wildcards) if self.condition(wildcards).inherits else None

    def _drawn_from(self, wildcards: Wildcards) -> str | None:
        return self._parent_folder(wildcards) if self.condition(wildcards).drawn_from else None

    def _parent_folder(self, wildcards: Wildcards) -> str:
        return self.run_folder(*self._parent_place(wildcards), wildcards.seed)

    def _parent_condition(self, wildcards: Wildcards) -> Condition:
        return self._project.condition(*self._parent_place(wildcards))

    def _parent_place(self, wildcards: Wildcards) -> Place:
        place = parent_of(wildcards.study, self.condition(wildcards))
        assert place, "asked only of conditions that have a parent"
        return place


def _opened(family: str) -> list[str]:
    """What is loaded by name where a model of this family is looked into."""
    bridge = [f"onset.models.{family}.bridge"] if inspection.has_bridge(family) else []
    return [f"onset.models.{family}.model", *bridge]
