"""What a measure, analysis or comparison needs from a task and a model, as declared in its source."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from onset import analyses, comparisons, measures, tasks
from onset.code.catalogue import Catalogue
from onset.code.missing import refuse_missing_imports
from onset.code.own_files import files_in
from onset.code.syntax import SourceError, parse
from onset.comparisons.settings import ComparisonSettings
from onset.config.condition import Condition
from onset.config.problems import nearest
from onset.config.quantities import declared_by, literals_in
from onset.config.traits import KNOWN, OF_MODELS, OF_WORLDS, of_models, traits_of, traits_of_model
from onset.settings import Settings
from onset.tasks.dataset import VALIDATION, Dataset
from onset.tasks.vectors import VectorDataset
from onset.tasks.worlds import AnyTaskSettings, drawn_from_parent, kind_of, truth_of

DEFINED_BY = {
    "task": (tasks, "generate"),
    "measure": (measures, "measure"),
    "analysis": (analyses, "analyse"),
    "comparison": (comparisons, "compare"),
}
"""kind of thing → where its modules are, and the function that each defines"""
TOGETHER = ("checkpoints", "two runs", "runs")
"""what a comparison may look at: several checkpoints of one run, two runs, or two and more"""
_KINDS = {its.__name__: its.kind for its in (Dataset, VectorDataset)}
"""of world, by what a measure calls it"""


@dataclass(frozen=True)
class Wants:
    """What the source of a measure or analysis says of it."""

    name: str
    needs: tuple[str, ...] = ()
    """the ground truth, and the traits of task and model, that it `NEEDS`"""
    splits: tuple[str, ...] = ()
    """that it asks for by name"""
    only_with: tuple[str, ...] = ()
    """traits of a model without which it has no rows"""
    kind: str | None = None
    """of its `dataset`; None: any"""
    parent: bool = False
    """whether it looks at the run that the dataset is made of"""
    in_loss: bool = False
    """whether a training may add it to its loss"""
    together: str = ""
    """what a comparison looks at, one of `TOGETHER`"""
    alike: tuple[str, ...] = ()
    """settings, `SECTION.KEY`, that must be the same in all runs that are compared; for lists, the length
    must be"""
    loads: tuple[str, ...] = ()
    """packages with a `CATALOGUE`, of which it loads all modules by name"""
    options: Mapping[str, Any] = field(default_factory=dict)
    """numbers, texts and names of modules that a study may set, with their defaults"""

    @property
    def catalogues(self) -> list[Catalogue]:
        """Of the packages of which it loads modules by name."""
        return [importlib.import_module(its).CATALOGUE for its in self.loads]

    @property
    def truth(self) -> set[str]:
        """The ground truth of examples that it needs."""
        return set(self.needs) - KNOWN.keys()

    def unfit(self, task: AnyTaskSettings, model: Settings | None) -> Iterator[str]:
        """Why it can't be asked of a model of this task."""
        if self.kind not in (None, kind_of(task)):
            yield f"{self.name} asks of {self.kind}, and the task {task.name} has {kind_of(task)}"
            return
        for need in self.needs:
            if need in OF_WORLDS and need not in traits_of(task):
                yield f"{self.name} needs {KNOWN[need]}; the task {task.name}, as it is set, has none"
            if model and need in OF_MODELS and need not in traits_of_model(model):
                yield f"{self.name} needs {KNOWN[need]}; the {model.name}, as it is set, has none"
        if lacking := [split for split in self.splits if split not in task.splits]:
            yield (
                f"{self.name} asks for the splits {', '.join(self.splits)}; "
                f"the task {task.name} has no {', '.join(lacking)}"
            )
        if lacks := self.truth - set(task.truth):
            yield (
                f"{self.name} needs to know of each example: {', '.join(sorted(lacks))}; "
                f"the task {task.name} knows: {', '.join(task.truth) or 'nothing'}"
            )
        if self.parent and not drawn_from_parent(task):
            said = f"looks at the run that data are made of, and {task.name} is made of none"
            yield f"{self.name} {said}"

    def unfit_for_splits(self, task: AnyTaskSettings, splits: Sequence[str]) -> str | None:
        """Why an analysis can't be confined to these splits of a task that it fits."""
        if self.parent or not splits:
            return None
        if lacking := [its for its in self.splits if its not in splits]:
            return f"{self.name} asks for the splits {', '.join(self.splits)}; add {', '.join(lacking)}"
        if not any(self.looks_at(task, split) for split in splits):
            allowed = [split for split in task.splits if self.looks_at(task, split)]
            return (
                f"{self.name} has nothing to look at in {', '.join(splits)} "
                f"(allowed: {', '.join(allowed)})"
            )
        return None

    def idle_splits(self, task: AnyTaskSettings, splits: Sequence[str]) -> str | None:
        """What is wrong if there is nothing to look at in some of these splits; None if there is in all."""
        if any(self.unfit(task, None)):
            return None
        if not (idle := [split for split in splits if not self.looks_at(task, split)]):
            return None
        allowed = [split for split in task.splits if self.looks_at(task, split)]
        return f"nothing is looked at in {', '.join(idle)} (allowed: {', '.join(allowed)})"

    def looks_at(self, task: AnyTaskSettings, split: str) -> bool:
        """Whether there is something to look at in a split: in those for choosing settings only if it is
        asked for by name."""
        may = split in self.splits or not split.endswith(VALIDATION)
        return may and self.truth <= set(truth_of(task, split))


def silent_measures(conditions: Mapping[str, Condition]) -> Iterator[str]:
    """Of measures that have no rows of any condition that lists them, why."""
    for name in dict.fromkeys(its for c in conditions.values() for its in c.measures):
        asked = [c.model for c in conditions.values() if name in c.measures]
        for trait in wants(measures, name).only_with:
            if not any(trait in traits_of_model(model) for model in asked):
                yield f"{name} says nothing without {KNOWN[trait]}, and no condition has that"


def loaded_by(package: ModuleType, name: str) -> list[str]:
    """The modules that a measure or analysis itself loads by name, by their dotted names."""
    catalogues = wants(package, name).catalogues
    return [its.dotted(module) for its in catalogues for module in its.names()]


def named_in(its: ComparisonSettings) -> list[str]:
    """The modules that a comparison loads because its options name them, by their dotted names."""
    wanted = wants_of_comparison(its.name)
    options = {**wanted.options, **its.options}
    asked = {
        name for value in options.values() if isinstance(value, list | tuple) for name in value
    }
    return [
        catalogue.dotted(name)
        for catalogue in wanted.catalogues
        for name in sorted(asked.intersection(catalogue.names()))
    ]


def unknown(kind: str, name: Any) -> str:
    """What is wrong with a name, given that no module of this kind (`DEFINED_BY`) has it."""
    package, function = DEFINED_BY[kind]
    folder = Path(package.__path__[0])
    for path in files_in(folder):
        if path.name == f"{name}.py":
            shown = f"src/onset/{path.relative_to(folder.parent)}"
            return f"{shown} is no {kind}: it defines no function {function}"
    return f"unknown {kind} {name!r}; {nearest(name, package.names())}"


@cache
def wants(package: ModuleType, name: str) -> Wants:
    """What a measure or analysis wants, read from its source.

    Raises:
        SourceError: what it declares can't be understood, or it imports something that doesn't exist.
    """
    source = package.CATALOGUE.source(name)
    refuse_missing_imports(source, package.__name__)
    said = literals_in(source)
    keys = ("needs", "splits", "only_with", "alike", "loads")
    found = {key: said[key.upper()] for key in keys if key.upper() in said}
    for key, words in found.items():
        if not isinstance(words, tuple | list) or not all(isinstance(word, str) for word in words):
            raise SourceError(f'{source}: {key.upper()} must be words in brackets: ("one",)')
    try:
        [*map(of_models, found.get("only_with", ()))]
    except ValueError as error:
        raise SourceError(f"{source}: ONLY_WITH: {error}") from None
    declared_by(package, name)  # as sound as the rest
    for statement in parse(source).body:
        match statement:
            case ast.FunctionDef(name="in_loss"):
                found["in_loss"] = True
            case ast.FunctionDef(
                name="measure" | "analyse",
                args=ast.arguments(args=[_, _, ast.arg(annotation=world), *others]),
            ):
                found["kind"] = _KINDS.get(ast.unparse(world)) if world else None
                found["parent"] = "parent" in {other.arg for other in others}
            case ast.FunctionDef(
                name="measure" | "analyse" as function, args=ast.arguments(vararg=None) as its
            ) if len(its.posonlyargs) + len(its.args) < 3:
                said = f"{function} must take model, parameters and dataset"
                raise SourceError(f"{source}: line {statement.lineno}: {said}")
            case ast.FunctionDef(
                name="compare", args=ast.arguments(args=[ast.arg(annotation=its), *_])
            ):
                found["kind"] = _kind_of_members(its)
    return Wants(name, **found)


def wants_of_comparison(name: str) -> Wants:
    """What a comparison wants: `wants`, and what stands together.

    Raises:
        SourceError: its source doesn't say what, or not in literals.
    """
    source = comparisons.CATALOGUE.source(name)
    said = {"TOGETHER": None, "OPTIONS": {}, **literals_in(source, ("TOGETHER", "OPTIONS"))}
    if said["TOGETHER"] not in TOGETHER:
        allowed = ", ".join(map(repr, TOGETHER))
        raise SourceError(f"{source}: TOGETHER must be one of: {allowed}")
    if not isinstance(said["OPTIONS"], dict):
        raise SourceError(f"{source}: OPTIONS must be names with their defaults")
    its = wants(comparisons, name)
    return replace(its, together=said["TOGETHER"], options=said["OPTIONS"])


def _kind_of_members(annotation: ast.expr | None) -> str | None:
    """Of world, in `Sequence[Member[Transformer, Dataset]]`."""
    match annotation:
        case ast.Subscript(slice=ast.Subscript(slice=ast.Tuple(elts=[_, world]))):
            return _KINDS.get(ast.unparse(world))
    return None
