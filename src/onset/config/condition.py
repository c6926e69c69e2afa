"""A condition: its settings, merged and validated, and what each kind of job is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from onset import models
from onset.analyses.settings import AnalysesSettings
from onset.config.devices import device_of_looks
from onset.config.study_file import ParentSettings
from onset.config.traits import has_all
from onset.handmade.settings import HandmadeSettings
from onset.interventions.settings import InterventionSettings
from onset.settings import Settings, canonical_json
from onset.tasks.worlds import drawn_from_parent, in_words
from onset.training.settings import CheckpointSettings, TrainingSettings


@dataclass(frozen=True)
class Condition:
    """All settings of the runs of one condition, merged and validated."""

    study: str
    name: str
    label: str
    task: Settings
    model: Settings
    training: TrainingSettings
    checkpoints: CheckpointSettings
    measures: tuple[str, ...]
    analyses: AnalysesSettings
    parent: ParentSettings | None
    interventions: tuple[InterventionSettings, ...]
    extra_seeds: tuple[int, ...]
    device: str
    threads: int
    written: Mapping[str, Any]
    """its settings as the files have them, merged; without defaults"""
    variant_of: str | None
    """the condition of which it is a variant"""
    file: str
    """in which it stands"""
    key: str
    """where it stands in there, dots between"""
    handmade: HandmadeSettings | None = None

    # What each kind of job is told, as JSON; a job is run again when this changes, and only then.

    @cached_property
    def dataset_job(self) -> str:
        told: dict[str, Any] = {"task": self._dump(self.task)}
        if self.drawn_from:
            told |= {"parent": self._dump(self.drawn_from), "threads": self.threads}
        if in_words(self.task):
            told["model"] = self._dump(self.model)
        return canonical_json(told)

    @cached_property
    def train_job(self) -> str:
        return canonical_json(
            {
                "model": self._dump(self.model),
                "training": self._dump(self.training),
                "checkpoints": self._dump(self.checkpoints),
                "parent": self._dump(self.inherits) if self.inherits else None,
                "device": self.device,
                "threads": self.threads,
                # Told only of conditions that have any: the others' jobs stay what they are.
                **(
                    {"interventions": its}
                    if (its := [*map(self._dump, self.interventions)])
                    else {}
                ),
                **(
                    {"handmade": {**self._dump(self.handmade), "task": self._dump(self.task)}}
                    if self.handmade
                    else {}
                ),
            }
        )

    @cached_property
    def evaluate_job(self) -> str:
        return canonical_json(
            {
                "model": self._dump(self.model),
                "measures": list(self.measures),
                "device": device_of_looks(self.device),
                "threads": self.threads,
            }
        )

    @cached_property
    def analyse_job(self) -> str:
        return canonical_json(
            {
                "model": self._dump(self.model),
                "analyses": self._dump(self.analyses),
                "device": device_of_looks(self.device),
                "threads": self.threads,
                **self._looked_at,
            }
        )

    @property
    def _looked_at(self) -> dict[str, Any]:
        """The run that data are made of, if analyses may look at it."""
        if not (self.drawn_from and self.analyses.names):
            return {}
        return {"parent": self._dump(self.drawn_from)}

    def seeds(self, of_all: Sequence[int]) -> tuple[int, ...]:
        """Those that it is run with: what all conditions are, and its own."""
        return tuple(dict.fromkeys((*of_all, *self.extra_seeds)))

    @cached_property
    def looked_into(self) -> dict[str, Any]:
        """What jobs that look into the models of its runs are told of them."""
        return {
            "model": self._dump(self.model),
            "trained_on": sorted(self.training.mixture),
            "from_scratch": self.from_scratch,
        }

    @property
    def has_heads(self) -> bool:
        """Whether its models have attention heads; then they open in TransformerLens."""
        return has_all(["heads"], self.model)

    @property
    def from_scratch(self) -> bool:
        """Whether its training begins with parameters drawn at random, and left as they were drawn."""
        begins = self.inherits or self.handmade or self._begins_trained
        return not (begins or self.interventions)

    @property
    def is_ready_made(self) -> bool:
        """Whether its models are those that others have trained, as they are: the same for all seeds."""
        return self._begins_trained and not self.training.steps

    @property
    def _begins_trained(self) -> bool:
        family = models.load_planning(self.model.name)
        return hasattr(family, "begins_trained") and family.begins_trained(self.model)

    @property
    def inherits(self) -> ParentSettings | None:
        """The parent that its training begins with."""
        return None if drawn_from_parent(self.task) else self.parent

    @property
    def drawn_from(self) -> ParentSettings | None:
        """The parent that its dataset is made of."""
        return self.parent if drawn_from_parent(self.task) else None

    @property
    def jobs(self) -> tuple[str, ...]:
        """What its jobs are told: conditions with the same differ in name and label alone."""
        return self.dataset_job, self.train_job, self.evaluate_job, self.analyse_job

    @staticmethod
    def _dump(settings: Settings) -> dict[str, Any]:
        # Defaults are left out, so that a key that gains one disturbs no old run.
        return settings.model_dump(mode="json", exclude_defaults=True)
