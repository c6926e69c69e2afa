"""One condition, composed and checked: what it names exists, and its parts fit together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from onset import analyses, measures, models, tasks
from onset.analyses.settings import AnalysesSettings
from onset.config.condition import Condition
from onset.config.handmade import unfit_handmade
from onset.config.problems import Layer, Problem, merge, nearest, place, problems_of
from onset.config.size import Size, largest_number
from onset.config.study_file import ConditionFile
from onset.config.trained_parts import unfit_optimiser, unfit_patterns
from onset.config.traits import KNOWN, has_all
from onset.config.wants import DEFINED_BY, unknown, wants
from onset.settings import Settings
from onset.tasks.dataset import TaskSettings
from onset.tasks.worlds import AnyTaskSettings, drawn_from_parent, in_words, kind_of, sizes_of
from onset.training.settings import CheckpointSettings, TrainingSettings


def condition_of(
    study: str,
    name: str,
    its_file: ConditionFile,
    layers: Sequence[Layer],
    device: str,
    threads: int,
    listed_in: Layer,
) -> tuple[Condition | None, list[Problem]]:
    """The condition whose settings are the merged layers, or None and what is wrong with it.

    Args:
        study: its name.
        name: the condition's.
        its_file: what it has beside settings.
        layers: of settings; later ones win.
        device: where its models are trained.
        threads: of each job.
        listed_in: where it stands.
    """
    check = _Check(layers)
    task = check.chosen("task", "task", tasks.names(), tasks.load)
    model = check.chosen("model", "model family", models.names(), models.load_settings)
    training = check.section("training", TrainingSettings)
    checkpoints = check.section("checkpoints", CheckpointSettings)
    closer = check.section("analyses", AnalysesSettings)
    fits = check.takes(task, model, training)
    if fits:
        asked = check.merged["measures"]
        check.chosen_functions(["measures"], "measure", asked, measures, task, model)
    if closer:
        if fits:
            where = ["analyses", "names"]
            check.chosen_functions(where, "analysis", closer.names, analyses, task, model)
        if task:
            check.known_splits(task, closer)
    if task and model and fits:
        check.fits(task, model)
        if training and checkpoints:
            check.recorded(task, model, training, checkpoints)
            begun = its_file.parent or its_file.handmade or its_file.interventions
            if training.recorded and begun:
                said = "what others have trained has no parent here, and no interventions"
                check.problem(["training", "recorded"], said)
        if training:
            inherits = bool(its_file.parent) and not drawn_from_parent(task)
            check.chance(model, training, inherits, made=its_file.handmade is not None)
            check.trainable(task, model, training)
            check.measures_in_loss(task, model, training)
    if task and training:
        check.mixture(task, training)
    if training and checkpoints:
        check.last_checkpoint(training, checkpoints)
        if task and model and fits:
            sections = {"task": task, "model": model, "training": training}
            for message in Size.of(task, model, training, checkpoints).too_much():
                check.problem(largest_number(sections), message)
    if task and drawn_from_parent(task) and not its_file.parent:
        said = (
            f"the task {task.name} is made from another run's model: the condition needs a parent"
        )
        check.problem(["task"], said)
    if task:
        for key, message in unfit_handmade(its_file, task):
            path = ".".join(filter(None, [listed_in.key, "handmade", key]))
            check.problems.append(Problem(listed_in.file, path, message))
    if check.problems:
        return None, check.problems
    condition = Condition(
        study=study,
        name=name,
        label=its_file.label or name.replace("_", " "),
        task=task,
        model=model,
        training=training,
        checkpoints=checkpoints,
        measures=tuple(check.merged["measures"]),
        analyses=closer,
        parent=its_file.parent,
        interventions=its_file.interventions,
        extra_seeds=its_file.extra_seeds,
        device=device,
        threads=threads,
        written=check.merged,
        variant_of=its_file.variant_of,
        file=listed_in.file,
        key=listed_in.key,
        handmade=its_file.handmade,
    )
    return condition, []


def _without_training(layers: Sequence[Layer]) -> dict[str, Any]:
    """All settings merged. Where a layer says `training: {steps: 0}`, what those before it say of training
    doesn't count."""
    merged = merge(layers)
    if merged.get("training", {}).get("steps") != 0:
        return merged
    its = [layer.values.get("training") for layer in layers]
    says = [i for i, keys in enumerate(its) if isinstance(keys, dict) and "steps" in keys]
    return {**merged, "training": merge([*layers[says[-1] :]])["training"]}


class _Check:
    """The merged settings of a condition, and all that is found wrong with them."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self.merged = _without_training(layers)
        self.problems: list[Problem] = []

    def problem(self, path: Sequence[str], message: str) -> None:
        self.problems.append(Problem(*place(self._layers, path), message))

    def chance(
        self, model: Settings, training: TrainingSettings, inherits: bool, made: bool
    ) -> None:
        """Another draw is of something that is drawn.

        Args:
            model: its settings.
            training: the run's.
            inherits: whether its first weights are those of a parent.
            made: whether they are made by hand.
        """
        path = ["training", "chance"]
        whence = {
            "others have trained them": training.recorded,
            "its parent gives them": inherits,
            "they are made by hand": made,
        }
        if training.chance.weights and any(whence.values()):
            why = next(said for said, so in whence.items() if so)
            self.problem([*path, "weights"], f"no initial weights are drawn here: {why}")
        chance, drops = training.chance, bool(getattr(model, "dropout", 0))
        still = training.batch_size is None and not drops
        if chance.batches and (still or not training.updates):
            why = "every batch is full" if training.updates else "nothing is trained"
            self.problem([*path, "batches"], f"no batches are drawn here: {why}")
        if chance.dropout is not None and not (drops and training.updates):
            self.problem([*path, "dropout"], "the model is trained without dropout")
        if chance.since and not (chance.batches or chance.dropout):
            self.problem([*path, "since"], "says from when on other draws count; there are none")
        elif chance.since and chance.since >= training.updates:
            said = f"training ends at step {training.updates}, so that no update would be another"
            self.problem([*path, "since"], said)

    def section(self, key: str, settings: type[BaseModel]) -> Any:
        """The section as settings of a class; None, and a problem each, if they don't fit it."""
        try:
            return settings.model_validate(self.merged.get(key, {}))
        except ValidationError as error:
            self.problems += problems_of(error, settings, self._layers, [key])
            return None

    def chosen(
        self, key: str, kind: str, names: Sequence[str], load: Callable[[str], Any]
    ) -> Settings | None:
        """The section as settings of the module that its `name` chooses."""
        name = self.merged[key].get("name")
        if isinstance(name, str) and name in names:
            return self.section(key, load(name).Settings)
        if name and kind in DEFINED_BY:
            said = unknown(kind, name)
        else:
            said = f"unknown {kind} {name!r}" if name else f"the {kind} is missing"
            said = f"{said}; {nearest(name, names)}"
        self.problem([key, "name"], said)
        return None

    def chosen_functions(
        self,
        path: Sequence[str],
        kind: str,
        listed: Sequence[str],
        package: ModuleType,
        task: AnyTaskSettings | None,
        model: Settings | None,
    ) -> None:
        """Measures or analyses: each exists, once, the task knows what it needs, it takes the model."""
        there = package.names() if listed else ()
        for name in listed:
            if name not in there:
                self.problem(path, unknown(kind, name))
            elif task:
                for message in wants(package, name).unfit(task, model):
                    self.problem(path, message)
        if len(set(listed)) < len(listed):
            self.problem(path, f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} is listed twice")

    def takes(
        self,
        task: AnyTaskSettings | None,
        model: Settings | None,
        training: TrainingSettings | None,
    ) -> bool:
        """Whether the model's family takes the task's kind of world, as far as both are known."""
        if not task or not model:
            return True
        takes, kind = models.load_planning(model.name).TAKES, kind_of(task)
        if takes != kind:
            said = (
                f"the model family {model.name} takes {takes}, and the task {task.name} has {kind}"
            )
            self.problem(["model", "name"], said)
        elif kind == "vectors" and training and "loss" in training.model_fields_set:
            said = f"is of sequences; what {model.name} minimises is the family's own"
            self.problem(["training", "loss"], said)
        if in_words(task) and not has_all(["tokenizer"], model):
            said = f"the task {task.name} has texts, and needs {KNOWN['tokenizer']}"
            self.problem(["model", "name"], f"{said}; the {model.name} has none")
            return False
        return takes == kind

    def fits(self, task: AnyTaskSettings, model: Settings) -> None:
        """The family has no objection to a world of this size."""
        asked = (task.max_hops,) if isinstance(task, TaskSettings) else ()
        for message in models.load_planning(model.name).problems(model, *asked, *sizes_of(task)):
            self.problem(["model"], message)

    def recorded(
        self,
        task: AnyTaskSettings,
        model: Settings,
        training: TrainingSettings,
        checkpoints: CheckpointSettings,
    ) -> None:
        """A training that others have done has checkpoints to be had, and each is fit for the task."""
        family = models.load_planning(model.name)
        can_be_had = hasattr(family, "recorded") and family.recorded(model)
        if training.recorded != can_be_had:
            wanted = "this model is one checkpoint" if training.recorded else "say recorded: true"
            said = f"the model's name has a {{step}} in it where training is recorded; {wanted}"
            self.problem(["training", "recorded"], said)
        elif can_be_had:
            for step in checkpoints.at(training.steps):
                self.fits(task, family.at_step(model, step))

    def mixture(self, task: AnyTaskSettings, training: TrainingSettings) -> None:
        for split in training.mixture:
            if split not in task.trained:
                said = f"can't be trained on; {nearest(split, task.trained)}"
                self.problem(["training", "mixture", split], said)
            elif training.batch_size is None and split not in task.splits:
                said = f"{split} is drawn afresh for every batch and has no full batch: give a batch_size"
                self.problem(["training", "batch_size"], said)
        parts = training.mixture if training.batch_size is None else training.batch_parts()
        for split in (split for split, part in training.mixture.items() if part):
            if split not in parts:
                said = (
                    f"{training.mixture[split]:g} of a batch of {training.batch_size} is less than "
                    "one example: it would never be trained"
                )
                self.problem(["training", "mixture", split], said)

    def known_splits(self, task: AnyTaskSettings, closer: AnalysesSettings) -> None:
        """Each is there, each analysis has something to look at in them, and each is looked at."""
        path = ["analyses", "splits"]
        if odd := [split for split in closer.splits if split not in task.splits]:
            for split in odd:
                self.problem(path, f"there is no split {split!r}; {nearest(split, task.splits)}")
            return
        if not (closer.splits and closer.names):
            return
        there = analyses.names()
        asked = [wants(analyses, name) for name in closer.names if name in there]
        fits = [its for its in asked if not any(its.unfit(task, None))]
        unfit = [said for its in fits if (said := its.unfit_for_splits(task, closer.splits))]
        for message in unfit:
            self.problem(path, message)
        for split in closer.splits if fits and not unfit else ():
            if not any(its.parent or its.looks_at(task, split) for its in fits):
                names = ", ".join(its.name for its in fits)
                self.problem(path, f"nothing is looked at in {split} by {names}")

    def trainable(self, task: AnyTaskSettings, model: Settings, training: TrainingSettings) -> None:
        """Each pattern fits a parameter and counts for one; its rows are there; the optimiser has work."""
        for pattern, said in unfit_patterns(training.trainable or {}, task, model):
            self.problem(["training", "trainable", *filter(None, [pattern])], said)
        if said := unfit_optimiser(training, task, model):
            self.problem(["training", "optimiser"], said)

    def measures_in_loss(
        self, task: AnyTaskSettings, model: Settings, training: TrainingSettings
    ) -> None:
        path = ["training", "measures_in_loss"]
        listed = list(training.measures_in_loss)
        self.chosen_functions(path, "measure", listed, measures, task, model)
        for name in set(listed) & set(measures.names()):
            if not wants(measures, name).in_loss:
                others = [n for n in measures.names() if wants(measures, n).in_loss]
                said = f"can't enter a loss; {nearest(name, others)}"
                self.problem([*path, name], said)
            elif not any(wants(measures, name).looks_at(task, split) for split in training.mixture):
                needed = ", ".join(wants(measures, name).truth)
                said = f"no split of the mixture knows what it needs of each example: {needed}"
                self.problem([*path, name], said)

    def last_checkpoint(self, training: TrainingSettings, checkpoints: CheckpointSettings) -> None:
        if checkpoints.steps and max(checkpoints.steps) > training.steps:
            said = f"{max(checkpoints.steps)} is after the last training step, {training.steps}"
            self.problem(["checkpoints", "steps"], said)
        if checkpoints.schedule == "log" and checkpoints.first > training.steps:
            said = f"{checkpoints.first} is after the last training step, {training.steps}"
            self.problem(["checkpoints", "first"], said)
        elif checkpoints.schedule == "log" and checkpoints.first > 1:
            most = training.steps - checkpoints.first + 2
            if (checkpoints.count or 0) > most:
                said = (
                    f"with the second checkpoint at step {checkpoints.first} of {training.steps}, "
                    f"there can be at most {most}, but count asks for {checkpoints.count}"
                )
                self.problem(["checkpoints", "first"], said)
        if checkpoints.schedule != "log" and self._last("first") >= self._last("schedule"):
            said = f"a schedule `{checkpoints.schedule}` doesn't use it"
            self.problem(["checkpoints", "first"], said)

    def _last(self, key: str) -> int:
        """Which layer is the last that gives this key of the checkpoints; -1: none."""
        given = [layer.values.get("checkpoints") for layer in self._layers]
        its = [index for index, keys in enumerate(given) if isinstance(keys, dict) and key in keys]
        return max(its, default=-1)
