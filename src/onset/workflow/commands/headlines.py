"""What finished studies found, as tables for a page: what their answers quote, variants, published values.

python -m onset.workflow.commands.headlines --configfile config/full.yaml
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from onset.config import Project
from onset.config.study import Study
from onset.gallery.answer import names_in, plain
from onset.statistics.means import Means, name_of, parts_of
from onset.statistics.wording import format_found
from onset.store.origin import DamagedFileError
from onset.store.reading import read_csv, read_json
from onset.workflow.commands.project import add_config_arguments, read_project

Row = tuple[str, ...]


def headlines(project: Project) -> Iterator[str]:
    """The lines, in Markdown.

    Args:
        project: whose studies have been run.

    Raises:
        FileNotFoundError: a study hasn't been run to its end.
        DamagedFileError: what it found can't be read.
    """
    results = Path(project.results)
    of_all = {name: _Found(project, name, results / name) for name in project.studies}
    yield from _table(
        ("study", "number", "found", "seeds"),
        [(name, *row) for name, its in of_all.items() for row in its.quoted()],
    )
    yield from _table(
        ("study", "variant", "number", "found", "seeds", "instead of"),
        [(name, *row) for name, its in of_all.items() for row in its.variants()],
    )
    yield from _table(
        ("study", "quantity", "published", "source", "border", "ours", "agrees"),
        [(name, *row) for name, its in of_all.items() for row in its.added()],
    )


class _Found:
    """What one study found."""

    def __init__(self, project: Project, name: str, folder: Path) -> None:
        self._study: Study = project.studies[name]
        self._adds = project.settings.overrides.get(name, {}).get("adds", {})
        self._seeds = project.runs(name)
        self._folder = folder
        self._numbers: dict[str, str] = read_json(folder / "numbers.json")
        self._means = Means.of_summary(folder / "summary.csv")

    @property
    def _names(self) -> list[str]:
        """Of the numbers in the answer and in the abstract, each once."""
        texts = (self._study.file.answer or "", self._study.file.abstract or "")
        return list(dict.fromkeys(name for text in texts for name in names_in(text)))

    def quoted(self) -> Iterator[Row]:
        """Those numbers: name, what was found, with how many seeds."""
        for name in self._names:
            if name in self._means:
                yield self._mean(name)
            else:
                seeds = self._seeds.get(parts_of(name)[0], ())
                yield f"`{name}`", plain(self._numbers[name]), str(len(seeds) or "")

    def variants(self) -> Iterator[Row]:
        """The same means of each variant: label, name, what was found, seeds, and what the answer says."""
        for variant, original in self._study.variants.items():
            for name in (name for name in self._names if name in self._means):
                condition, *of = parts_of(name)
                its = name_of(variant, *of)
                if condition == original and its in self._means:
                    label = self._study.conditions[variant].label
                    yield label, *self._mean(its), self._means[name].in_words

    def added(self) -> Iterator[Row]:
        """Published values that the config adds: quantity, published, source, border, ours, verdict."""
        if not (named := self._adds.get("reference")):
            return
        columns, *rows = read_csv(self._folder / "reference.csv")
        wanted = [self._study.file.reference[name] for name in named]
        asked = {(its.quantity, its.source) for its in wanted}
        for row in (dict(zip(columns, cells, strict=True)) for cells in rows):
            if (row["quantity"], row["source"]) in asked:
                found = format_found(row["ours"], row["low"], row["high"])
                said = (row[key] for key in ("quantity", "published", "source", "border"))
                yield *said, found, row["agrees"]

    def _mean(self, name: str) -> Row:
        its = self._means[name]
        return f"`{name}`", its.in_words, str(its.n_seeds)


def _table(headings: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """A table and a blank line; nothing without rows."""
    if rows := list(rows):
        yield from map(_line, (headings, ["---"] * len(headings), *rows))
        yield ""


def _line(cells: Iterable[str]) -> str:
    cells = (cell.replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m onset.workflow.commands.headlines", description=__doc__
    )
    add_config_arguments(parser)
    arguments = parser.parse_args()
    project = read_project(arguments.configfile, arguments.config)
    try:
        print("\n".join(headlines(project)).rstrip())
    except (DamagedFileError, FileNotFoundError) as error:
        sys.exit(f"nothing to report yet: {error}")


if __name__ == "__main__":
    main()
