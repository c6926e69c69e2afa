"""Checks that a study's file and its notebook agree on names, before anything runs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from onset.config.name_patterns import Hole, Pattern, matches, spelt_out
from onset.config.notebook_source import NotebookSource
from onset.config.problems import nearest
from onset.config.quoted import wrong_with_mean
from onset.config.study import TOLD_TO_EVERY_NOTEBOOK, Study
from onset.notebook.parameters import Parameters

Found = Iterator[tuple[str, str]]
"""key and message"""

_NUMBER = re.compile(r"\{([^{}]*)\}")
_LOOKS_CLOSER = {"analyses", "analysed", "closer"}
"""what a notebook asks its study for that looks at analyses"""


def notebook_problems(
    study: Study, source: NotebookSource, name: str, complete: bool = True
) -> Found:
    """What is wrong with the names in a study's file that its notebook has to know.

    Args:
        study: its file and its conditions.
        source: of the notebook.
        name: of the notebook, for people.
        complete: whether all conditions are there; if some are faulty, what depends on them isn't judged.
    """
    if source.parameters is None:
        yield "", f"{name} must have one cell tagged `parameters`"
    else:
        for said in source.parameters.refused:
            yield "", f"{name}: {said}"
        yield from _named(study, source.parameters, name)
        if complete:
            yield from _valued(study, source.parameters, name)
    for kind in ("figures", "tables"):
        yield from _made(study, source, kind, name)
    yield from _published(study, source, name)
    if not complete:
        return
    if _LOOKS_CLOSER & source.asked and not study.analysed:
        yield "analyses.names", f"{name} looks at analyses, and no condition has any"
    yield from _answer(study, source, name)
    for condition in sorted(source.conditions - study.conditions.keys()):
        there = nearest(condition, study.conditions)
        yield "conditions", f"{name} asks for the condition {condition!r}; {there}"


def _named(study: Study, parameters: Parameters, name: str) -> Found:
    """Every parameter is told, and everything told is a parameter."""
    known, of_file = parameters.kinds, study.file.notebook
    own = set(known) - {*TOLD_TO_EVERY_NOTEBOOK}
    if lacking := [its for its in TOLD_TO_EVERY_NOTEBOOK if its not in known]:
        yield "", f"the parameters of {name} lack {', '.join(lacking)}"
    for its in (its for its in of_file if its not in known):
        yield f"notebook.{its}", f"{name} has no such parameter; {nearest(its, own)}"
    for its in (its for its in known if its in own and its not in of_file):
        yield "notebook", f"the parameter {its} of {name} is missing"


def _valued(study: Study, parameters: Parameters, name: str) -> Found:
    """Every value is of its parameter's kind."""
    steps = {step for c in study.conditions.values() for step in c.checkpoints.at(c.training.steps)}
    context = {"conditions": list(study.conditions), "steps": steps}
    try:
        for place, said in parameters.problems(study.file.notebook, **context):
            yield ".".join(map(str, ("notebook", *place))), said
    except ValueError as error:
        yield "", f"{name}: {error}"


def _made(study: Study, source: NotebookSource, kind: str, name: str) -> Found:
    """Figures or tables."""
    patterns: list[Pattern] = getattr(source, kind)
    declared: Mapping[str, str] = getattr(study.file, kind)
    verb = {"figures": "draws", "tables": "makes"}[kind]
    for its in declared:
        if not matches(patterns, its, {}):
            there = nearest(its, spelt_out(patterns, {}))
            yield f"{kind}.{its}", f"{name} {verb} no such {kind.removesuffix('s')}; {there}"
    for its in sorted(its for what, its in source.always if what == kind and its not in declared):
        yield kind, f"{name} {verb} {its}, which isn't declared here: give it a caption"


def _published(study: Study, source: NotebookSource, name: str) -> Found:
    published = study.file.reference
    if published and not {"verdict", "save_reference"} & source.calls:
        yield "reference", f"{name} sets nothing beside it (study.verdict)"
        return
    for its in published:
        if not matches(source.published, its, {}):
            there = nearest(its, spelt_out(source.published, {}))
            yield f"reference.{its}", f"{name} sets nothing of ours beside it; {there}"


def _answer(study: Study, source: NotebookSource, name: str) -> Found:
    answer = study.file.answer or ""
    if odd := re.search(r"[{}]", _NUMBER.sub("", answer)):
        yield "answer", f"a {odd[0]} has no counterpart; a number's name stands in {{ and }}"
    splits = {split for c in study.conditions.values() for split in c.task.splits}
    holes = {
        Hole.CONDITION: list(study.conditions),
        Hole.SPLIT: sorted(splits | {its for its in source.texts if its.isidentifier()}),
    }
    for asked in dict.fromkeys(_NUMBER.findall(answer)):
        condition, split, quantity = [*asked.split("/", 2), "", ""][:3]
        said = wrong_with_mean(study, condition, split, quantity) if quantity else ""
        if quantity and condition in study.conditions and (not split or split in splits):
            if said:
                yield "answer", f"{asked!r}: {said}"
        elif not matches(source.numbers, asked, holes):
            near = _near(asked, source.numbers, {**holes, Hole.SPLIT: sorted(splits)})
            near += f"; as a mean: {said}" if said else ""
            yield (
                "answer",
                f"{name} saves no number {asked!r}{near}{_gone(asked, study.conditions)}",
            )


def _near(asked: str, patterns: Iterable[Pattern], holes: Mapping[Hole, list[str]]) -> str:
    known = set(spelt_out(list(patterns), dict(holes)))
    close = difflib.get_close_matches(asked, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _gone(asked: str, conditions: Collection[str]) -> str:
    """Where a number's name begins with what could be a condition's, those that there are."""
    first, stroke, _ = asked.partition("/")
    if not stroke or first in conditions:
        return ""
    return f" (conditions: {', '.join(conditions)})"
