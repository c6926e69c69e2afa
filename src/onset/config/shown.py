"""What the paper shows and claims of studies, against what they declare and notebooks save."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path

from onset.config.name_patterns import matches, spelt_out
from onset.config.notebook_source import read_notebook_source
from onset.config.notebooks import holes_of, wrong_with_claim
from onset.config.problems import Problem, nearest
from onset.config.study import Study
from onset.latex.claims_made import claims_made
from onset.latex.shown import Shown, shown_in
from onset.latex.sources import sources_of


def problems_of_shown(studies: Mapping[str, Study], root: Path) -> Iterator[Problem]:
    """What the paper's text shows or claims of the studies that are run, and there won't be.

    Args:
        studies: by name.
        root: the project's folder.
    """
    folder = root / "paper"
    texts = sources_of(folder) if folder.is_dir() else []
    sources = {str(its.relative_to(root)): its.read_bytes() for its in texts}
    for its in shown_in(sources):
        if its.study in studies:
            study = studies[its.study]
            judge = _wrong_with_number if its.kind == "numbers" else _undeclared
            if said := judge(its, study, root):
                yield Problem(its.place, "", said)
    for made in claims_made(sources):
        if made.study in studies:
            notebook = f"workflow/notebooks/{made.study}.py"
            source = read_notebook_source(root / notebook)
            for said in wrong_with_claim(studies[made.study], source, notebook, made.claim):
                yield Problem(made.place, "", f"it claims {made.claim!r}: {said}")


def _undeclared(its: Shown, study: Study, _: Path) -> str:
    declared, kind = getattr(study.file, its.kind), its.kind.removesuffix("s")
    if its.name in declared:
        return ""
    return (
        f"config/studies/{study.name}.yaml has no {kind} {its.name}; {nearest(its.name, declared)}"
    )


def _wrong_with_number(its: Shown, study: Study, root: Path) -> str:
    notebook = f"workflow/notebooks/{study.name}.py"
    source = read_notebook_source(root / notebook)
    holes = holes_of(study, source)
    if matches(source.numbers, its.name, holes):
        return ""
    near = difflib.get_close_matches(its.name, spelt_out(source.numbers, holes), n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{notebook} saves no number {its.name}{hint}"
