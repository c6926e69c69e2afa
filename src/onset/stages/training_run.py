"""The training of one run: where it starts, and what is written of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from jaxtyping import Float
from pydantic import TypeAdapter
from torch import Tensor

from onset import handmade, interventions, measures, models, tasks
from onset.interventions.settings import InterventionSettings
from onset.models.batch import AnyModel, Parameters
from onset.runs.artefacts import (
    Beginning,
    checksum,
    read_checkpoint,
    read_checkpoint_index,
    read_dataset,
    write_checkpoint,
    write_checkpoint_index,
)
from onset.runs.recorded import write_recorded
from onset.runs.source import Source
from onset.stages.command import StageError, log
from onset.stages.progress import Progress
from onset.stages.record import record_settings
from onset.store.layout import RunFolder
from onset.store.origin import Origin, digest
from onset.store.recording import JobRecorder
from onset.store.tables import save_table
from onset.training.interventions import Altered, Intervention
from onset.training.loop import InLoss, start_log, train
from onset.training.randomness import seed_of_weights
from onset.training.settings import CheckpointSettings, TrainingSettings
from onset.training.state import TrainingState


def interventions_in(settings: Mapping[str, Any]) -> list[InterventionSettings]:
    """Those of the settings that a training is told, in their order."""
    given = settings.get("interventions", ())
    return [TypeAdapter(InterventionSettings).validate_python(its, strict=False) for its in given]


class TrainingRun:
    """One run's folder, where its training starts, and what is written of it."""

    def __init__(
        self,
        folder: RunFolder,
        record: JobRecorder,
        parent: list[Path],
        sources: list[Path],
        settings: dict[str, Any],
        code: str,
    ) -> None:
        self.folder, self._record, self._settings = folder, record, settings
        self.dataset = read_dataset(folder, streams=True)
        with _in_one_line(folder.run):
            self.model = models.build(settings["model"], *self.dataset.sizes)
        self.training = TrainingSettings.model_validate(settings["training"])
        self._seed = seed_of_weights(folder.seed, self.training.chance.weights)
        self._beginning = None
        if getattr(self.model, "begins_alike", False):
            told = self.model.settings.model_dump(mode="json")
            self._beginning = Beginning(told, self.dataset.sizes, self._seed)
        checkpoints = CheckpointSettings.model_validate(settings["checkpoints"])
        self.steps = checkpoints.at(self.training.steps)

        self._parent, self._inherited = None, None
        for parent_folder in map(RunFolder, parent):
            index = read_checkpoint_index(parent_folder)
            step = settings["parent"].get("step", index["steps"][-1])
            self._inherited = read_checkpoint(parent_folder, step, settings["device"])
            self._parent = {"run": parent_folder.run, "step": step, "origin": index["origin"]}

        looked_at = [Source(RunFolder(its)) for its in sources]
        self.interventions = self._prepared(looked_at)

        # Half-done work may be taken up only if everything that it depends on is the same.
        depends_on = {
            "settings": settings,
            "dataset": checksum(folder.dataset),
            "parent": self._parent,
            "sources": [checksum(its.folder.checkpoint_index) for its in looked_at],
        }
        self._origin = Origin(folder.run, digest(depends_on), code)
        start = TrainingState.load(folder.training_state, self._origin, settings["device"])
        if start and self._has_checkpoints_up_to(start.step):
            log.info("%s  goes on from step %d", folder.run, start.step)
            its = self.beginning().parameters if self._had_again else {}
            self.start = start.with_parameters({name: its[name] for name in self._had_again})
        else:
            self.start = self.beginning()

    def beginning(self) -> TrainingState:
        """Where a training starts that was never interrupted."""
        with _in_one_line(self.folder.run):
            if self._inherited:
                initial = self._inherited
            elif its := self._settings.get("handmade"):
                initial = _made(its, self.model)
            elif self._beginning and not self.training.steps:
                initial = self._beginning.parameters()  # which no update changes: read once
            else:
                initial = self.model.initial_parameters(self._seed)
        return TrainingState(0, {n: p.to(self._settings["device"]) for n, p in initial.items()})

    @property
    def _had_again(self) -> frozenset[str]:
        """What isn't written again at each checkpoint, as it is never trained and can be had again."""
        return self.model.constants if self._beginning else frozenset()

    def _has_checkpoints_up_to(self, last: int) -> bool:
        """Whether those that an interrupted call wrote are still there, as it wrote them."""
        steps = (step for step in self.steps if step <= last)
        return all(self._record.earlier(self.folder.checkpoint(step)) for step in steps)

    def _prepared(self, looked_at: list[Source]) -> dict[int, list[Intervention]]:
        """Interventions by the update that they come before, each with the runs that it looks at."""
        found: dict[int, list[Intervention]] = {}
        sources = iter(looked_at)
        for settings in interventions_in(self._settings):
            its = list(islice(sources, len(settings.source.seeds_on)))
            altered = interventions.load(settings.name).altered
            found.setdefault(settings.before_step, []).append(
                partial(_altered, altered, settings, self.model, its, self.folder.seed)
            )
        return found

    def train(self) -> TrainingState:
        """By itself. Measures in the loss see no other splits than training does."""
        if self.training.recorded:
            return self._recorded()
        trained_on = self.dataset.only(self.training.mixture)
        return train(
            self.model,
            self.dataset,
            self.training,
            frozenset(self.steps),
            self.folder.seed,
            self.start,
            on_checkpoint=self.keep,
            on_step=Progress(self.folder.run, self.start.step, self.training.steps),
            in_loss=[
                partial(_weighted, measures.load(name).in_loss(self.model, trained_on), weight)
                for name, weight in self.training.measures_in_loss.items()
            ],
            interventions=self.interventions,
        )

    def _recorded(self) -> TrainingState:
        """The checkpoints of a training that others have done."""
        model = self.model.settings.model_dump(mode="json")
        its = write_recorded(self.folder, self.steps, model, self.dataset.sizes, self._origin)
        with _in_one_line(self.folder.run):
            for step in its:
                log.info("%s  step %d: as it was recorded", self.folder.run, step)
        return replace(self.start, step=self.training.steps, log=start_log(self.start))

    def keep(self, state: TrainingState) -> None:
        """A checkpoint, and what an interrupted training resumes from."""
        write_checkpoint(self.folder, state.step, state.parameters, self._origin, self._beginning)
        if state.step < self.training.steps:
            kept = state.without_parameters(self._had_again)
            kept.save(self.folder.training_state, self._origin)

    def finish(self, end: TrainingState) -> None:
        """Log, settings and index; the index says that all is there."""
        save_table(self.folder.training_log, end.log, self._origin)
        settings = self._settings
        resolved = {
            "model": self.model.settings.model_dump(mode="json"),
            "training": self.training.model_dump(mode="json"),
            "checkpoints": settings["checkpoints"],
            "parent": self._parent,
            "seed": self.folder.seed,
            "device": settings["device"],
            "threads": settings["threads"],
        }
        for key in ("handmade", "interventions"):
            if settings.get(key):
                resolved[key] = settings[key]
        record_settings(self.folder, "training", resolved)
        for step in self.steps:
            self._record.keep(self.folder.checkpoint(step))
        write_checkpoint_index(self.folder, self.steps, resolved, self._origin)
        self._record.discard(self.folder.training_state)


@contextmanager
def _in_one_line(run: str) -> Iterator[None]:
    """What makes a model impossible, such as weights that aren't its own, is said and not traced back."""
    try:
        yield
    except ValueError as error:
        raise StageError(f"{run}: {error}") from error


def _made(its: Mapping[str, Any], model: AnyModel) -> Parameters:
    """A model made by hand; raises a ValueError if this one can't hold it."""
    task = tasks.load(its["task"]["name"]).Settings.model_validate(its["task"])
    return handmade.load(its["name"]).made(its["up_to"], task, model)


def _altered(
    altered: Callable[..., Altered],
    settings: InterventionSettings,
    model: AnyModel,
    sources: list[Source],
    seed: int,
    parameters: Parameters,
) -> Altered:
    return altered(settings, model, parameters, sources, seed)


def _weighted(measure: InLoss, weight: float, parameters: Parameters) -> Float[Tensor, ""]:
    return weight * measure(parameters)
