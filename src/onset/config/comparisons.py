"""Reads a study's comparisons, and checks that what they set side by side is there and can be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from onset import comparisons
from onset.code.syntax import SourceError
from onset.comparisons.settings import PARENT, SOURCE, ComparisonSettings
from onset.config.condition import Condition
from onset.config.groups import (
    Group,
    Seeds,
    conditions_of,
    groups_of,
    partner_of,
    seeds_of,
)
from onset.config.problems import Layer, Problem, merge, nearest, place, problems_of
from onset.config.study import Study
from onset.config.study_file import StudyFile
from onset.config.wants import Wants, unknown, wants_of_comparison
from onset.latex.settings_in_words import as_given
from onset.settings import lost_patterns

LONGEST_GROUP = 200
"""of its name, which is a file's, and a record's with some more"""

_MOST_NAMED = 4


def read_comparisons(
    study_file: StudyFile, layers: Sequence[Layer]
) -> tuple[dict[str, ComparisonSettings], list[Problem]]:
    """The study's comparisons with what is overridden in them, and what is wrong with it.

    Args:
        study_file: of the study.
        layers: what the config adds to the study, its file, and what the config overrides in it.
    """
    found, problems = {}, []
    for name in study_file.comparisons:
        of_one = [
            Layer(its.file, ".".join(filter(None, (its.key, "comparisons", name))), values)
            for its in layers
            if (values := its.values.get("comparisons", {}).get(name)) is not None
        ]
        try:
            found[name] = ComparisonSettings.model_validate(merge(of_one))
        except ValidationError as error:
            problems += problems_of(error, ComparisonSettings, of_one)
            continue
        if found[name].name not in comparisons.names():
            said = unknown("comparison", found[name].name)
            problems.append(Problem(*place(of_one, ["name"]), said))
    return found, problems


def comparison_problems(studies: Mapping[str, Study], seeds: Seeds, config: Layer) -> list[Problem]:
    """What is wrong with the comparisons of all studies.

    Args:
        studies: all that are run.
        seeds: of their conditions.
        config: what may add some to them.
    """
    return [
        Problem(*_place(config, study.name, name, key), message)
        for study in studies.values()
        for name, its in study.comparisons.items()
        for key, message in (*_taken(study, name), *_problems(studies, study, its, seeds))
    ]


def _place(config: Layer, study: str, name: str, key: str) -> tuple[str, str]:
    """File and path of a key of a comparison: in the study's file, or where the config adds it."""
    added = config.values.get("overrides", {}).get(study, {}).get("adds", {})
    of_config = name in added.get("comparisons", {})
    file = config.file if of_config else f"config/studies/{study}.yaml"
    above = f"overrides.{study}.adds" if of_config else ""
    return file, ".".join(filter(None, (above, "comparisons", name, key)))


def _taken(study: Study, name: str) -> Iterator[tuple[str, str]]:
    if name in study.conditions:
        yield "", "is the name of a condition, and both stand in summary.csv"


def _problems(
    studies: Mapping[str, Study], study: Study, its: ComparisonSettings, seeds: Seeds
) -> Iterator[tuple[str, str]]:
    """Key and message."""
    try:
        wanted = wants_of_comparison(its.name)
    except SourceError as error:
        yield "name", f"code that it uses can't be read: {error}"
        return
    lost = lost_patterns(its.conditions, study.conditions)
    for pattern in lost:
        yield (
            "conditions",
            f"there is no condition {pattern!r}; {nearest(pattern, study.conditions)}",
        )
    yield from _unfit_options(wanted, its)
    if together := list(_unfit_together(wanted, its)):
        yield from together
        return
    taken_in = [study.conditions[name] for name in conditions_of(study, its)]
    if not (lost or taken_in):
        yield "conditions", "takes in no condition but the one that it would stand beside"
    if partners := list(_wrong_partners(studies, study, its, taken_in, seeds)):
        yield from partners
        return
    yield from _unfit_conditions(studies, study, its, wanted, taken_in)
    if len(taken_in) == 1 and its.for_each in ("pair", "seed") and not lost:
        said = f"sets several side by side; the only one taken in is {taken_in[0].name}"
        yield "conditions", f"for_each: {its.for_each} {said}"
    if not lost:
        groups = groups_of(study, its, seeds)
        yield from _unfit_groups(wanted, its, groups)
        yield from _unalike(studies, wanted, its, groups)


def _unfit_together(wanted: Wants, its: ComparisonSettings) -> Iterator[tuple[str, str]]:
    """Whether the module looks at groups of this kind."""
    n = {"pair": "two runs", "run": "two runs" if its.beside else "checkpoints"}
    given = n.get(its.for_each, "runs")
    if its.beside and its.for_each not in ("run", "condition"):
        yield "beside", "is for each run, or for each condition, whose runs stand beside others"
    elif wanted.together == "checkpoints":
        if given != "checkpoints":
            said = f"{its.name} looks at the checkpoints of one run: for_each: run, beside nothing"
            yield "beside" if its.beside else "for_each", said
        elif its.checkpoints < 2:
            yield "checkpoints", f"{its.name} looks at several: give 2 or more"
    elif given == "checkpoints" or (wanted.together == "two runs" and given == "runs"):
        how = "for_each: pair, or for_each: run with something beside it"
        if wanted.together == "runs":
            how = f"for_each: condition, seed or study, {how}"
        yield "for_each", f"{its.name} looks at {wanted.together} at a time: {how}"


def _unfit_groups(
    wanted: Wants, its: ComparisonSettings, groups: Sequence[Group]
) -> Iterator[tuple[str, str]]:
    for group in groups:
        if len(group.name) > LONGEST_GROUP:
            yield "conditions", f"their names are too long for a file's: {group.name}"
    odd = [group for group in groups if len(group.members) != 2]
    if wanted.together == "two runs" and odd:
        more = f" (and so with {len(odd) - 1} more)" if odd[1:] else ""
        n = len(odd[0].members)
        said = f"{its.name} looks at two runs, and with {odd[0].name} there are {n}"
        yield "beside", f"{said}{more}"


def _unalike(
    studies: Mapping[str, Study], wanted: Wants, its: ComparisonSettings, groups: Sequence[Group]
) -> Iterator[tuple[str, str]]:
    """Conditions that differ in a setting that must be the same for this module."""
    places = {
        (one, other): None
        for group in groups
        for one, *others in [list(dict.fromkeys((m.study, m.condition) for m in group.members))]
        for other in others
    }
    for path in wanted.alike:
        section, _, key = path.partition(".")
        for two in places:
            conditions = [studies[study].conditions[name] for study, name in two]
            values = [getattr(getattr(one, section), key, None) for one in conditions]
            counted = [len(value) if isinstance(value, tuple) else value for value in values]
            if counted[0] != counted[1]:
                shown = (
                    f"{as_given(value)} in {one.name}"
                    for value, one in zip(values, conditions, strict=True)
                )
                many = "as many entries" if isinstance(values[0], tuple) else "the same value"
                said = f"{its.name} needs {path} to have {many} in both: {' and '.join(shown)}"
                yield "beside" if its.beside else "conditions", said
                break


def _unfit_options(wanted: Wants, its: ComparisonSettings) -> Iterator[tuple[str, str]]:
    for name, value in its.options.items():
        if name not in wanted.options:
            yield (
                f"options.{name}",
                f"{its.name} has no such option; {nearest(name, wanted.options)}",
            )
            continue
        usual = wanted.options[name]
        if isinstance(usual, list) and isinstance(value, tuple):
            there = [module for of in wanted.catalogues for module in of.names()]
            for module in (its for its in value if its not in there):
                yield f"options.{name}", f"there is no {module!r}; {nearest(module, there)}"
        elif type(value) is float and type(usual) is int:
            yield f"options.{name}", f"{value}: must be a whole number, like its default, {usual}"
        elif type(value) is not type(usual) and (type(value), type(usual)) != (int, float):
            said = f"{as_given(value)}: must be like its default, {as_given(usual)}"
            yield f"options.{name}", said
        elif type(usual) in (int, float) and usual > 0 and not value > 0:
            yield f"options.{name}", f"{value}: must be more than 0, like its default, {usual}"


def _wrong_partners(
    studies: Mapping[str, Study],
    study: Study,
    its: ComparisonSettings,
    taken_in: Sequence[Condition],
    seeds: Seeds,
) -> Iterator[tuple[str, str]]:
    """What each condition is to stand beside is there, and is run with its seeds."""
    if its.beside in (PARENT, SOURCE):
        has = {PARENT: "parent", SOURCE: "interventions"}[its.beside]
        if without := [c.name for c in taken_in if not getattr(c, has)]:
            why = "" if its.beside == PARENT else f", and so no {SOURCE}"
            yield (
                "beside",
                f"without {has}{why}: {_listed(without)}; leave out those that have none",
            )
            return
    looked_at = seeds_of(study, its, seeds)
    for condition in taken_in:
        place = partner_of(study.name, condition, its)
        if not place:
            continue
        if place[0] not in studies:
            yield (
                "beside",
                f"the study {place[0]!r} isn't in `studies`; {nearest(place[0], studies)}",
            )
            return
        if place[1] not in studies[place[0]].conditions:
            there = nearest(place[1], studies[place[0]].conditions)
            yield "beside", f"there is no condition {place[1]!r} in {place[0]}; {there}"
            return
        if alone := set(looked_at[condition.name]) - set(seeds[place[0]][place[1]]):
            called = place[1] if place[0] == study.name else "/".join(place)
            said = f"{called} isn't run with the seeds {', '.join(map(str, sorted(alone)))}"
            yield "beside", f"{said} of {condition.name}"


def _unfit_conditions(
    studies: Mapping[str, Study],
    study: Study,
    its: ComparisonSettings,
    wanted: Wants,
    taken_in: Sequence[Condition],
) -> Iterator[tuple[str, str]]:
    """Each condition, and each that stands beside one, is of the kind that the module asks for."""
    others = [place for c in taken_in if (place := partner_of(study.name, c, its))]
    beside = [studies[place[0]].conditions[place[1]] for place in dict.fromkeys(others)]
    said: dict[tuple[str, str], list[str]] = {}
    for key, conditions in (("conditions", taken_in), ("beside", beside)):
        for condition in conditions:
            there = condition.task.splits
            lost = [split for split in its.splits if split not in there]
            for message in wanted.unfit(condition.task, condition.model):
                said.setdefault((key, message), []).append(condition.name)
            about_splits = [
                f"there is no split {split!r}; {nearest(split, there)}" for split in lost
            ]
            if not lost and (message := wanted.idle_splits(condition.task, its.splits)):
                about_splits.append(message)
            for message in about_splits:
                said.setdefault(("splits", message), []).append(condition.name)
    yield from ((key, f"{_listed(names)}: {message}") for (key, message), names in said.items())


def _listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
