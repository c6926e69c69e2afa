"""Checks that a study's file and its notebook agree on names, before anything runs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from onset.config.name_patterns import Hole, Pattern, matches, spelt_out
from onset.config.notebook_source import NotebookSource
from onset.config.problems import nearest
from onset.config.quoted import wrong_with_mean
from onset.config.study import Study
from onset.config.study_file import TOLD_TO_EVERY_NOTEBOOK
from onset.notebook.parameters import Parameters
from onset.statistics.claims import Claim, ClaimError
from onset.statistics.means import parts_of

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
        yield from made_problems(getattr(study.file, kind), source, kind, name)
    yield from _published(study, source, name, complete)
    if not complete:
        return
    if _LOOKS_CLOSER & source.asked and not study.analysed:
        yield "analyses.names", f"{name} looks at analyses, and no condition has any"
    yield from _told(study, source, name, "answer", study.file.answer or "")
    yield from _told(study, source, name, "abstract", study.file.abstract or "")
    for place, claim in enumerate(study.file.holds):
        for said in wrong_with_claim(study, source, name, claim):
            yield f"holds.{place}", said
    for claim in source.claims:
        for said in wrong_with_claim(study, source, name, claim, _surely_there):
            yield "", f"{name}, study.holds({claim!r}): {said}"
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


def made_problems(
    declared: Mapping[str, str], source: NotebookSource, kind: str, name: str
) -> Found:
    """Of the figures or tables that are declared, and of those that the notebook makes.

    Args:
        declared: name → caption.
        source: of the notebook.
        kind: figures or tables.
        name: of the notebook, for people.
    """
    patterns: list[Pattern] = getattr(source, kind)
    verb = {"figures": "draws", "tables": "makes"}[kind]
    for its in declared:
        if not matches(patterns, its, {}):
            there = nearest(its, spelt_out(patterns, {}))
            yield f"{kind}.{its}", f"{name} {verb} no such {kind.removesuffix('s')}; {there}"
    for its in sorted(its for what, its in source.always if what == kind and its not in declared):
        yield kind, f"{name} {verb} {its}, which isn't declared here: give it a caption"


def _published(study: Study, source: NotebookSource, name: str, complete: bool) -> Found:
    published = study.file.reference
    if published and not {"verdict", "save_reference"} & source.calls:
        yield "reference", f"{name} sets nothing beside it (study.verdict)"
        return
    for its, said in published.items():
        if said.ours is not None:
            if complete:
                yield from _named_mean(study, f"reference.{its}.ours", said.ours)
        elif not matches(source.published, its, {}):
            there = nearest(its, spelt_out(source.published, {}))
            yield f"reference.{its}", f"{name} sets nothing of ours beside it; {there}"
    for its in sorted(source.judged - source.judged_if_declared - published.keys()):
        said = f"{name} compares {its!r} with a published value that isn't declared here"
        yield "reference", f"{said}; {nearest(its, published)}"


def _named_mean(study: Study, key: str, asked: str) -> Found:
    condition, split, quantity = parts_of(asked)
    if not quantity:
        yield key, f"a mean is called condition/split/quantity, not {asked!r}"
    elif wrong := wrong_with_mean(study, condition, split, quantity):
        yield key, f"{asked!r}: {wrong}"


def _splits_of(study: Study) -> set[str]:
    return {split for c in study.conditions.values() for split in c.task.splits}


def holes_of(study: Study, source: NotebookSource) -> dict[Hole, list[str]]:
    """What may stand where a name's part is known to be a condition, or a split, and no more."""
    texts = {its for its in source.texts if its.isidentifier()}
    return {Hole.CONDITION: list(study.conditions), Hole.SPLIT: sorted(_splits_of(study) | texts)}


def _told(study: Study, source: NotebookSource, name: str, key: str, text: str) -> Found:
    """A text with numbers of the notebook's, and means."""
    splits, holes = _splits_of(study), holes_of(study, source)

    def as_mean(asked: str) -> tuple[bool, str]:
        condition, split, quantity = parts_of(asked)
        wrong = wrong_with_mean(study, condition, split, quantity) if quantity else ""
        known = condition in study.conditions or condition.partition(":")[0] in study.comparisons
        there = known and (not split or split in splits)
        return bool(quantity and there), wrong or ""

    offered = {**holes, Hole.SPLIT: sorted(splits)}
    yield from quoted_problems(text, source, name, key, holes, offered, as_mean)


def wrong_with_claim(
    study: Study,
    source: NotebookSource,
    name: str,
    claim: str,
    judged: Callable[[Study, str], bool] = lambda study, asked: True,
) -> Iterator[str]:
    """What is wrong with what a sentence claims of a study, as far as it can be known before it is run.

    Args:
        study: that it is about.
        source: of the study's notebook.
        name: of the notebook, for people.
        claim: as `onset.statistics.claims` has it.
        judged: which of the names in it are.
    """
    try:
        names = Claim.of(claim).names
    except ClaimError as error:
        yield str(error)
        return
    text = "".join(f"{{{its}}}" for its in names if judged(study, its))
    yield from (said for _, said in _told(study, source, name, "", text))


def _surely_there(study: Study, asked: str) -> bool:
    """Of a condition that the study has, or of none: a notebook also works without some conditions."""
    first, stroke, _ = asked.partition("/")
    return not stroke or first in study.conditions or first.partition(":")[0] in study.comparisons


def quoted_problems(
    text: str,
    source: NotebookSource,
    name: str,
    key: str,
    holes: Mapping[Hole, list[str]],
    offered: Mapping[Hole, list[str]],
    as_mean: Callable[[str], tuple[bool, str]] = lambda asked: (False, ""),
) -> Found:
    """Of the numbers that a text quotes.

    Args:
        text: with `{name}` for a number.
        source: of the notebook that saves them.
        name: of the notebook, for people.
        key: of the text.
        holes: what may stand where the notebook's source doesn't tell a part of a name.
        offered: the same, for the names that are offered instead of a wrong one.
        as_mean: whether a name can only be that of a mean in the summary, and what is wrong with it as one.
    """
    if odd := re.search(r"[{}]", _NUMBER.sub("", text)):
        yield key, f"a {odd[0]} has no counterpart; a number's name stands in {{ and }}"
    for asked in dict.fromkeys(_NUMBER.findall(text)):
        surely_a_mean, wrong = as_mean(asked)
        if surely_a_mean:
            if wrong:
                yield key, f"{asked!r}: {wrong}"
        elif not matches(source.numbers, asked, dict(holes)):
            hint = _near(asked, source.numbers, offered) + (
                f"; as a mean: {wrong}" if wrong else ""
            )
            hint += _gone(asked, holes.get(Hole.CONDITION, ()))
            yield key, f"{name} saves no number {asked!r}{hint}"


def _near(asked: str, patterns: Iterable[Pattern], holes: Mapping[Hole, list[str]]) -> str:
    known = set(spelt_out(list(patterns), dict(holes)))
    close = difflib.get_close_matches(asked, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _gone(asked: str, conditions: Collection[str]) -> str:
    """Where a number's name begins with what could be a condition's, those that there are."""
    first, stroke, _ = asked.partition("/")
    if not (stroke and conditions) or first in conditions:
        return ""
    return f" (conditions: {', '.join(conditions)})"
