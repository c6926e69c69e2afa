"""A study: its file, its conditions, and what each job needs to know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    JsonValue,
    Strict,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from onset import models
from onset.analyses.settings import AnalysesSettings
from onset.comparisons.settings import Chosen, ComparisonSettings
from onset.config.devices import device_of_looks
from onset.config.published import PublishedSettings
from onset.config.traits import has_all
from onset.handmade.settings import HandmadeSettings
from onset.interventions.settings import InterventionSettings
from onset.settings import (
    Line,
    Name,
    NonNegativeInt,
    Once,
    Settings,
    ShownSeed,
    Text,
    canonical_json,
    fits,
)
from onset.statistics.claims import Claim
from onset.tasks.worlds import drawn_from_parent, in_words
from onset.training.settings import CheckpointSettings, TrainingSettings

SECTIONS = ("task", "model", "training", "checkpoints", "measures", "analyses")
"""The parts of a study's settings that a condition may change."""

TOLD_TO_EVERY_NOTEBOOK = ("study_name", "results")
"""parameters of notebooks"""


def _no_folder_of_the_study(name: str) -> str:
    if name in ("comparisons", "figures", "settings", "tables"):
        raise ValueError(f"not a condition's name: in its folder lie the study's {name}")
    return name


def _no_folder_of_a_run(name: str) -> str:
    if name.startswith("seed_"):
        raise ValueError("not a comparison's name: folders of runs are called so")
    return name


def _no_surgery_twice(
    interventions: tuple[InterventionSettings, ...],
) -> tuple[InterventionSettings, ...]:
    for place, its in enumerate(interventions):
        if its in interventions[:place]:
            first, second = interventions.index(its) + 1, place + 1
            raise ValueError(
                f"number {second}, {its.name}, is the same as number {first} and would do nothing more"
            )
    return interventions


def _no_parameter_of_every_notebook(name: str) -> str:
    if name in TOLD_TO_EVERY_NOTEBOOK:
        raise ValueError("a parameter of this name is given to every notebook already")
    return name


def _path_of_a_setting(path: str) -> str:
    section, *keys = path.split(".")
    if section not in _SWEPT or not keys or not all(keys):
        raise ValueError(f"an axis is SECTION.KEY with a section of: {', '.join(_SWEPT)}")
    if any(key.isdecimal() for key in keys):
        raise ValueError("an entry of a list is no axis; give each list a condition of its own")
    return path


_SWEPT = ("task", "model", "training", "checkpoints", "parent")
AxisPath = Annotated[str, AfterValidator(_path_of_a_setting)]
AxisValues = Annotated[list[JsonValue], Field(min_length=1)]
Grids = Annotated[tuple[dict[AxisPath, AxisValues], ...], Strict(False)]
ComparisonName = Annotated[Name, AfterValidator(_no_folder_of_a_run)]
ConditionName = Annotated[Name, AfterValidator(_no_folder_of_the_study)]
ExtraSeeds = Annotated[tuple[ShownSeed, ...], Strict(False), Once]
Interventions = Annotated[
    tuple[InterventionSettings, ...], Strict(False), AfterValidator(_no_surgery_twice)
]
ParameterName = Annotated[Name, AfterValidator(_no_parameter_of_every_notebook)]
Theme = Annotated[Line, StringConstraints(max_length=60)]
"""a heading of the front page, the same in the files of all that stand under it"""


def _a_claim(text: str) -> str:
    return Claim.of(text).text


ClaimText = Annotated[str, AfterValidator(_a_claim)]


class ParentSettings(Settings):
    """The run whose checkpoint a run starts from, or whose model its dataset is made with; same seed."""

    condition: Name
    study: Name | None = None
    """None: the same study"""
    step: NonNegativeInt | None = None
    """None: its last checkpoint"""


class Changes(Settings):
    """Changes to a study's settings: each section holds only the keys that differ."""

    task: dict[str, Any] = {}
    model: dict[str, Any] = {}
    training: dict[str, Any] = {}
    checkpoints: dict[str, Any] = {}
    measures: Annotated[tuple[Name, ...], Strict(False)] = ()
    analyses: dict[str, Any] = {}


class ConditionFile(Changes):
    """A named change to the study's settings."""

    extra_seeds: ExtraSeeds = ()
    """seeds to run in addition to the config's, for questions that few seeds don't settle"""

    label: Line | None = None
    """its name in figures; by default the condition's name"""
    variant_of: Name | None = None
    """the condition that it is but for what is said here; it stands in tables, and in no figure of all
    conditions"""
    parent: ParentSettings | None = None
    handmade: HandmadeSettings | None = None
    """what its training begins with, instead of random parameters: a model made by hand"""
    interventions: Interventions = ()
    """surgery before or during training, in this order"""


class ConditionOverrides(Changes):
    """What the config's `overrides`, or a study's `smoke`, hold for a condition."""

    extra_seeds: ExtraSeeds | None = None
    """in place of the condition's"""
    interventions: Interventions | None = None
    """in place of the condition's"""

    @property
    def in_place(self) -> dict[str, Any]:
        """What stands here in place of the condition's."""
        both = {"extra_seeds": self.extra_seeds, "interventions": self.interventions}
        return {key: value for key, value in both.items() if value is not None}


class StudyChanges(Changes):
    """What changes what a study has: its own `smoke`, or the config's `overrides`."""

    conditions: dict[Name, ConditionOverrides] = {}
    """changes to single conditions"""
    comparisons: dict[Name, dict[str, Any]] = {}
    """changes to single comparisons: of each only the keys that differ"""
    sweep: Grids = ()
    """in place of the study's"""


class Additions(Settings):
    """What a study has only with a certain config, as its own file would have it."""

    conditions: dict[ConditionName, ConditionFile] = {}
    reference: dict[Name, PublishedSettings] = {}


class StudyOverrides(StudyChanges):
    """What the config's `overrides` hold for a study."""

    adds: Additions = Additions()
    """what is there in addition to the study's own"""


class StudyFile(Settings):
    """`config/studies/NAME.yaml`, as far as it can be checked without knowing its task and model."""

    title: Line
    theme: Theme | None = None
    """the studies that it stands with on the front page"""
    question: Text
    answer: Text | None = None
    """one sentence for the gallery; `{condition/split/quantity}` stands for a mean, as in `summary.csv`,
    `{name}` for a number that the notebook saves"""
    task: dict[str, Any]
    model: dict[str, Any]
    training: dict[str, Any]
    checkpoints: dict[str, Any]
    measures: Annotated[tuple[Name, ...], Strict(False)]
    analyses: dict[str, Any] = {}
    sweep: Grids = ()
    """grids of settings, `SECTION.KEY: [values]`; each point is a condition of its own"""
    conditions: Annotated[dict[ConditionName, ConditionFile], Field(validate_default=True)] = {}
    comparisons: dict[ComparisonName, ComparisonSettings] = {}
    """looks at several runs, or at several checkpoints of one, together"""
    gathered: Annotated[tuple[Chosen, ...], Strict(False), Once] = ("*",)
    """the conditions whose models collections look at, by name or pattern: leave out what is one model many
    times"""
    figures: dict[Name, Text] = {}
    """the figures that the notebook draws, with their captions"""
    tables: dict[Name, Text] = {}
    """the tables that the notebook makes, with their captions"""
    notebook: dict[ParameterName, JsonValue] = {}
    """additional parameters of the study's notebook"""
    quotes: Annotated[tuple[Name, ...], Strict(False), Once] = ()
    """other studies, whose means the notebook sets beside its own where they are run, too"""
    reference: dict[Name, PublishedSettings] = {}
    """what the literature reports, beside which ours is set"""
    abstract: Text | None = None
    """its part of the paper's abstract; `{name}` as in `answer`"""
    holds: Annotated[tuple[ClaimText, ...], Strict(False)] = ()
    """what the answer and the abstract claim (`onset.statistics.claims`): where one of these doesn't hold,
    page and paper say so behind the sentence"""
    smoke: StudyChanges | None = None
    """the changes that make it small enough for a smoke run, in seconds; `{}` if none are needed"""

    @field_validator("conditions", mode="before")
    @classmethod
    def _no_change_is_a_condition(cls, conditions: Any) -> Any:
        """`name:` with nothing after it is the study as it stands."""
        if not isinstance(conditions, dict):
            return conditions
        return {name: {} if changes is None else changes for name, changes in conditions.items()}

    @field_validator("conditions")
    @classmethod
    def _there_is_a_condition(
        cls, conditions: dict[str, ConditionFile], info: ValidationInfo
    ) -> dict[str, ConditionFile]:
        if not conditions and not info.data.get("sweep"):
            raise ValueError("must not be empty, unless there is a sweep")
        return conditions


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


@dataclass(frozen=True)
class Study:
    """A study with all its conditions."""

    name: str
    file: StudyFile
    base: Mapping[str, Any]
    """the settings that its conditions change, as the files have them, merged; without defaults"""
    conditions: Mapping[str, Condition]
    comparisons: Mapping[str, ComparisonSettings] = field(default_factory=dict)
    """with what the config overrides in them"""

    @cached_property
    def absent(self) -> str | None:
        """Why its models can't be had on this machine, the first reason; None: they can."""
        for condition in self.conditions.values():
            family = models.load_planning(condition.model.name)
            if hasattr(family, "absent") and (why := family.absent(condition.model)):
                return why
        return None

    @property
    def gathered(self) -> dict[str, Condition]:
        """The conditions whose models collections look at, if they want such models."""
        return {
            name: its for name, its in self.conditions.items() if fits(name, self.file.gathered)
        }

    @property
    def analysed(self) -> list[str]:
        """The conditions that are looked at more closely."""
        return [name for name, condition in self.conditions.items() if condition.analyses.names]

    @property
    def variants(self) -> dict[str, str]:
        """The conditions that are variants, with what they are variants of."""
        return {c.name: c.variant_of for c in self.conditions.values() if c.variant_of}

    @property
    def extra_seeds(self) -> dict[str, list[int]]:
        """Of the conditions that have seeds of their own."""
        return {c.name: list(c.extra_seeds) for c in self.conditions.values() if c.extra_seeds}
