"""What `config/studies/NAME.yaml` may hold, and what the config may change in it."""

from __future__ import annotations

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

from onset.comparisons.settings import Chosen, ComparisonSettings
from onset.config.published import PublishedSettings
from onset.handmade.settings import HandmadeSettings
from onset.interventions.settings import InterventionSettings
from onset.settings import InFull, Line, Name, NonNegativeInt, Once, Settings, ShownSeed, Text
from onset.statistics.claims import Claim

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
ExtraSeeds = Annotated[tuple[ShownSeed, ...], Strict(False), Once, InFull]
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
    comparisons: dict[ComparisonName, ComparisonSettings] = {}
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
    meanings: dict[Name, Text] = {}
    """what the truth and the splits of the world are, in a few words, for pages of collections"""
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
    """what it finds, in a sentence or two, for the paper; `{name}` as in `answer`"""
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
