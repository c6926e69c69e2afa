"""Typeset the paper: gather figures, tables, settings and numbers next to its sources, run LaTeX.

LaTeX runs elsewhere, on exactly these files. The folder `source` next to the PDF then holds all that the
paper is made of, and compiles alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from onset.gallery.captions import with_captions
from onset.gallery.front import by_theme
from onset.latex import definitions, escape
from onset.latex.characters import declared
from onset.latex.claims_made import claims_made
from onset.latex.conditions import conditions_table
from onset.latex.findings import Finding, finding_in_tex, headlines, listed
from onset.latex.made import check_names, numbers_of, reference_of, table_of
from onset.latex.markup import MarkupError
from onset.latex.means_asked import Asked, means_asked_for
from onset.latex.published import published_numbers, published_table
from onset.latex.settings import settings_tables
from onset.latex.sources import sources_of
from onset.latex.typeset import LatexError, typeset
from onset.stages.command import StageError, log, run_stage
from onset.stages.record import on_record
from onset.statistics.claims import ClaimError, failures
from onset.statistics.means import Means, UnknownMeanError
from onset.statistics.wording import format_seeds
from onset.store.atomic import write_bytes
from onset.store.records import check

_HEADER = "% Written by the pipeline, from summaries, notebooks' numbers and the config.\n"


_BROKEN = "sentences don't hold with these results, and the paper says so behind each of them:"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", type=Path, help="the folder with paper.tex")
    parser.add_argument("results", type=Path, help="the folder with the studies' results")
    parser.add_argument(
        "--settings",
        required=True,
        help="JSON: `shown`, what there is to see of each study; `findings`, the abstract of each and its "
        "theme; `studies`, their settings; `seeds`; `smoke`, whether all are those of a smoke run",
    )


def work(arguments: argparse.Namespace) -> None:
    target = arguments.results / "paper"
    with on_record(target, "paper", "paper.pdf", arguments.settings):
        _make(arguments, target / "source")


def _make(arguments: argparse.Namespace, source: Path) -> None:
    try:
        files = _files(arguments)
    except MarkupError as error:
        raise StageError(str(error)) from None
    _keep(source, files)
    try:
        made = typeset(files)
    except LatexError as error:
        _keep(source, {"paper.log": error.log})
        where = f"\n(all that it said: {source / 'paper.log'})" if error.log else ""
        raise StageError(f"{error}{where}") from None
    for line in made.stand_out:
        log.warning("%s", line)
    _keep(source, made.beside)
    write_bytes(source.with_name("paper.pdf"), made.pdf)
    log.info("%s", source.with_name("paper.pdf"))


def _files(arguments: argparse.Namespace) -> dict[str, bytes]:
    """All that the paper is made of, by the path that LaTeX finds it under."""
    check_names(arguments.settings)
    files = {
        path.relative_to(arguments.sources).as_posix(): path.read_bytes()
        for path in sources_of(arguments.sources)
    }
    written = _written(arguments, arguments.settings, files)
    if broken := [] if arguments.settings["smoke"] else list(_broken(arguments, files)):
        log.warning("\n".join([_BROKEN, *(f"{its.place}: {its.found}" for its in broken)]))
        marks = {f"{its.study}/{its.claim}": escape(its.found) for its in broken}
        written["generated"] += definitions("onsetdefinebroken", marks)
    files |= _figures_and_tables(arguments, arguments.settings)
    return files | {f"{name}.tex": f"{_HEADER}{its}".encode() for name, its in written.items()}


def _keep(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        write_bytes(folder / name, content)


def _figures_and_tables(
    arguments: argparse.Namespace, settings: Mapping[str, Any]
) -> dict[str, bytes]:
    """By the path that the text includes them with."""
    beside = declared(arguments.sources)
    found = {}
    for study in settings["shown"]:
        folder, name = arguments.results / study["name"], study["name"]
        for its in study["figures"]:
            path = _checked(folder / f"figures/{its['name']}.pdf")
            found[f"figures/{name}/{path.name}"] = path.read_bytes()
        for its in study["tables"]:
            path = _checked(folder / f"tables/{its['name']}.tex")
            found[f"tables/{name}/{path.name}"] = table_of(path, beside).encode()
    return found


def _written(
    arguments: argparse.Namespace, settings: dict[str, Any], files: Mapping[str, bytes]
) -> dict[str, str]:
    """What the pipeline itself has to say, by the name of its file."""
    references: dict[str, list[dict[str, str]]] = {}
    for its in settings["studies"]:
        if its["has_reference"]:
            path = _checked(arguments.results / its["name"] / "reference.csv")
            rows = reference_of(path, declared(arguments.sources))
            references.setdefault(its["title"], []).extend(rows)  # some studies have one title
    themes = _findings(arguments)
    found = {"headlines": headlines(themes), "found": listed(themes)} if themes else {}
    files = {**files, **{f"{name}.tex": its.encode() for name, its in found.items()}}
    return {
        "generated": _generated(arguments, settings, references) + _means(arguments, files),
        **found,
        "studies": "".join(_section(files, study) for study in settings["shown"]),
        "settings": settings_tables(settings["studies"]),
        "conditions": "".join(map(conditions_table, settings["studies"])),
        **({"published": published_table(references)} if references else {}),
    }


def _checked(path: Path) -> Path:
    """What isn't Onset's by record isn't typeset."""
    check(path)
    return path


def _generated(
    arguments: argparse.Namespace, settings: dict[str, Any], references: dict[str, Any]
) -> str:
    """Every number and caption that the text may ask for."""
    conditions = [its for study in settings["studies"] for its in study["conditions"]]
    of_all = {
        "n_studies": str(len(settings["studies"])),
        "n_conditions": str(len(conditions)),
        "n_runs": str(sum(len(its["seeds"]) for its in conditions)),
        "seeds": format_seeds(settings["seeds"]),
        "n_seeds": str(len(settings["seeds"])),
        **published_numbers(references),
    }
    lines = [definitions("onsetdefinenumber", {f"paper/{k}": v for k, v in of_all.items()})]
    for study in settings["shown"]:
        path = _checked(arguments.results / study["name"] / "numbers.json")
        numbers = numbers_of(path, declared(arguments.sources))
        lines.append(
            definitions(
                "onsetdefinenumber", {f"{study['name']}/{k}": v for k, v in numbers.items()}
            )
        )
        shown = with_captions(arguments.results / study["name"], study)
        captions = {
            f"{kind}/{study['name']}/{item['name']}": escape(item["caption"])
            for kind in ("figures", "tables")
            for item in shown[kind]
        }
        lines.append(definitions("onsetdefinecaption", captions))
    return "".join(lines)


def _findings(arguments: argparse.Namespace) -> dict[str, list[Finding]]:
    """What the studies in the paper find, by theme."""
    titles = {its["name"]: its["title"] for its in arguments.settings["shown"]}
    found = {}
    for its in arguments.settings["findings"]:
        study = its["study"]
        folder = arguments.results / study
        numbers = numbers_of(_checked(folder / "numbers.json"), declared(arguments.sources))
        summary = folder / "summary.csv"
        means = Means.of_summary(summary) if summary.exists() else Means()
        text = finding_in_tex(study, its["words"], numbers, means)
        guarded = "".join([text, *_guards(arguments, study)])
        found[study] = Finding(study, titles[study], guarded)
    return {
        group.theme: [found[its["study"]] for its in group.cards]
        for group in by_theme(arguments.settings["findings"])
    }


def _guards(arguments: argparse.Namespace, study: str) -> Iterator[str]:
    """What its file claims of its abstract, as it stands behind sentences of the text."""
    (told,) = (its for its in arguments.settings["shown"] if its["name"] == study)
    yield from (f"\\onsetholds{{{study}}}{{{claim}}}" for claim in told.get("holds", ()))


def _means(arguments: argparse.Namespace, files: Mapping[str, bytes]) -> str:
    """The means that the text asks for, of studies that are in the paper.

    Raises:
        MarkupError: it asks for some that there aren't: where, and what is like them.
    """
    asked_for = list(means_asked_for(files))
    may_be_missing = {(its.study, its.name) for its in asked_for if its.whether}
    of_study: dict[str, list[Asked]] = {}
    for its in asked_for:
        of_study.setdefault(its.study, []).append(its)
    found, wrong = {}, []
    # Of a study that is left out, no text is typeset: it stands in its section, or in \\onsetifnumber.
    for study in (its["name"] for its in arguments.settings["shown"]):
        if study not in of_study:
            continue
        summary = arguments.results / study / "summary.csv"
        means = Means.of_summary(summary)
        for asked in of_study[study]:
            try:
                found[f"{study}/{asked.name}"] = means[asked.name].in_words
            except UnknownMeanError as error:
                if (study, asked.name) in may_be_missing:
                    continue
                wrong.append(f"{arguments.sources}/{asked.place}: {summary} has {error}")
    if wrong:
        raise MarkupError("\n".join(wrong))
    return definitions("onsetdefinemean", found)


class _Broken(NamedTuple):
    """A claim that doesn't hold."""

    study: str
    claim: str
    place: str
    """FILE:LINE, or a key of the study's file"""
    found: str
    """the claim, and the numbers"""


def _broken(arguments: argparse.Namespace, files: Mapping[str, bytes]) -> Iterator[_Broken]:
    """What sentences claim of studies that are in the paper and isn't so.

    Raises:
        MarkupError: a claim names what there isn't.
    """
    claims = [
        (its.study, f"{arguments.sources}/{its.place}", its.claim) for its in claims_made(files)
    ]
    for study in arguments.settings["shown"]:
        name = study["name"]
        where = f"config/studies/{name}.yaml: holds"
        its = [(name, where, claim) for claim in study.get("holds", ())]
        its += [made for made in claims if made[0] == name]
        if not its:
            continue
        folder = arguments.results / name
        numbers = numbers_of(_checked(folder / "numbers.json"), declared(arguments.sources))
        means = Means.of_summary(folder / "summary.csv")
        for _, place, claim in its:
            try:
                found = failures([claim], numbers, means, name)
                yield from (_Broken(name, claim, place, said) for said in found)
            except ClaimError as error:
                raise MarkupError(f"{place}: {claim}: {error}") from None


def _section(sources: Collection[str], study: dict[str, Any]) -> str:
    """The study's section: as written in sections/, or else its figures and tables under its question."""
    if f"sections/{study['name']}.tex" in sources:
        return f"\\input{{sections/{study['name']}}}\n"
    name, title, question = (study[its] for its in ("name", "title", "question"))
    lines = [f"\\section{{{escape(title)}}}", f"\\label{{sec:{name}}}", escape(question)]
    lines += [f"\\onsetfigure{{{name}}}{{{its['name']}}}" for its in study["figures"]]
    lines += [f"\\onsettable{{{name}}}{{{its['name']}}}" for its in study["tables"]]
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    run_stage("paper", __doc__, work, add_arguments)
