"""A collection: its file, and what the code and the notebook that it names must have."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, Strict, ValidationError

from onset import collections
from onset.code.missing import refuse_missing_imports
from onset.code.syntax import SourceError, parse
from onset.config.folder import NOT_STUDIES
from onset.config.notebook_source import NotebookSource, read_notebook_source, unreadable_notebook
from onset.config.notebooks import made_problems, quoted_problems
from onset.config.problems import Layer, Problem, nearest, problems_of
from onset.config.study_file import Theme
from onset.config.texts import text_problems
from onset.config.traits import of_models
from onset.config.yaml_file import YamlError, misnamed, read_yaml
from onset.settings import (
    IN_WORDS,
    NAME_PATTERN,
    Line,
    Name,
    Once,
    Settings,
    Text,
    is_name,
)

TOLD_TO_NOTEBOOKS = ("results", "code")
"""parameters of a collection's notebook"""


Wanted = Annotated[str, AfterValidator(of_models)]


class CollectionFile(Settings):
    """`config/collections/NAME.yaml`"""

    title: Line
    theme: Theme | None = None
    """the studies that it stands with on the front page"""
    question: Text
    answer: Text | None = None
    """in one sentence for the gallery; `{name}` stands for a number that the notebook saves"""
    abstract: Text | None = None
    """what it finds, in a sentence or two, for the paper; with numbers as in the answer"""
    on_request: bool = False
    """made only where `collections` in the config names it"""
    wants: Annotated[tuple[Wanted, ...], Strict(False), Field(min_length=1), Once]
    """what must be in a model for it to be looked at"""
    makes: Annotated[tuple[Name, ...], Strict(False), Field(min_length=1), Once]
    """the tables that are made of all studies' models"""
    figures: dict[Name, Text] = {}
    """the figures that the notebook draws, with their captions"""
    tables: dict[Name, Text] = {}
    """the tables that the notebook makes for readers, with their captions"""
    pages: dict[Name, Text] = {}
    """pages of its own in the gallery, and what they show"""


@dataclass(frozen=True)
class Collection:
    """What is gathered over all studies."""

    name: str
    file: CollectionFile


def collection_names(root: Path) -> list[str]:
    """All collections there are."""
    files = (root / "config/collections").glob("*.yaml")
    return sorted(filter(is_name, (its.stem for its in files)))


def read_collections(root: Path, paper: bool) -> tuple[dict[str, Collection], list[Problem]]:
    """The collections, and what is wrong with them.

    Args:
        root: the project's folder.
        paper: whether a paper is made.
    """
    found = {}
    problems = [
        Problem(str(its.relative_to(root)), "", f"isn't called NAME.yaml; {IN_WORDS[NAME_PATTERN]}")
        for its in misnamed(root / "config/collections")
        # Two names that differ only in case are reported as such.
        if its.name.islower() or not its.with_name(its.name.lower()).is_file()
    ]
    for name in collection_names(root):
        file = f"config/collections/{name}.yaml"
        try:
            raw = read_yaml(root / file)
            its_file = CollectionFile.model_validate(raw)
        except YamlError as error:
            problems.append(Problem(file, "", str(error)))
            continue
        except ValidationError as error:
            problems += problems_of(error, CollectionFile, [Layer(file, "", raw)])
            continue
        found[name] = Collection(name, its_file)
        problems += text_problems([Layer(file, "", raw)], paper, root)
        problems += [Problem(file, key, said) for key, said in _wrong_with(found[name], root)]
    return found, problems


def asked_for(
    collections: Mapping[str, Collection], asked: Container[str]
) -> dict[str, Collection]:
    """Those to be made: all but for those that are made on request and aren't asked for.

    Args:
        collections: all there are.
        asked: names.
    """
    return {
        name: its for name, its in collections.items() if name in asked or not its.file.on_request
    }


def _wrong_with(collection: Collection, root: Path) -> Iterator[tuple[str, str]]:
    """Key and message."""
    name = collection.name
    if name in NOT_STUDIES:
        held = NOT_STUDIES[name]
        yield "", f"{name} can't be a collection's name: results/{name} holds {held}"
    for function in ("look", "combine", *(["pages"] if collection.file.pages else [])):
        if said := _lacks(name, function):
            yield "", said
        elif function == "combine" and (made := _made_by(_source_of(name, function))):
            shown = f"src/onset/collections/{name}/combine.py"
            if lost := [its for its in collection.file.makes if its not in made]:
                yield "makes", f"{shown} makes no {lost[0]}; {nearest(lost[0], made)}"
            elif more := sorted(made - {*collection.file.makes}):
                yield "makes", f"{shown} makes {more[0]}, which isn't declared here"
    notebook = f"workflow/notebooks/{name}.py"
    if said := unreadable_notebook(root, notebook):
        yield "", said
        return
    source = read_notebook_source(root / notebook)
    yield from _wrong_with_notebook(collection.file, source, notebook)


def _source_of(name: str, function: str) -> Path:
    """The module of a function of the collection: it has the function's name."""
    return Path(collections.__file__).parent / name / f"{function}.py"


def _made_by(source: Path) -> set[str]:
    """The tables that `combine` returns; none if its source doesn't show them in each `return`."""
    made: set[str] = set()
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == "combine":
            for its in (inner for inner in ast.walk(node) if isinstance(inner, ast.Return)):
                match its.value:
                    case ast.Dict(keys=keys) if all(isinstance(k, ast.Constant) for k in keys):
                        made |= {str(key.value) for key in keys if isinstance(key, ast.Constant)}
                    case _:
                        return set()
    return made


def _lacks(name: str, function: str) -> str | None:
    """Why a function of the collection's code can't be called."""
    source = _source_of(name, function)
    shown = f"src/onset/collections/{name}/{function}.py"
    if not source.is_file():
        return f"its code is missing: {shown} with a function {function}"
    try:
        defined = {its.name for its in parse(source).body if isinstance(its, ast.FunctionDef)}
        refuse_missing_imports(source, f"{collections.__name__}.{name}")
    except SourceError as error:
        return f"code that it uses can't be read: {error}"
    return None if function in defined else f"{shown} has no function {function}"


def _wrong_with_notebook(
    file: CollectionFile, source: NotebookSource, notebook: str
) -> Iterator[tuple[str, str]]:
    known: Mapping[str, Any] | None = source.parameters and source.parameters.kinds
    if known is None:
        yield "", f"{notebook} must have one cell tagged `parameters`"
    elif set(known) != {*TOLD_TO_NOTEBOOKS}:
        yield "", f"the parameters of {notebook} must be {' and '.join(TOLD_TO_NOTEBOOKS)}"
    for kind in ("figures", "tables"):
        yield from made_problems(getattr(file, kind), source, kind, notebook)
    for key in ("answer", "abstract"):
        yield from quoted_problems(getattr(file, key) or "", source, notebook, key, {}, {})
