"""List the files in results/ that the config no longer asks for; delete nothing.

Runs of conditions that were removed or renamed, with their views, and of seeds that were taken out; what
comparisons found of them, and comparisons that were removed; whole studies, with their heads in the atlas.
Other folders of results within (results/smoke, results/tuning) aren't looked into.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from onset.config.project import Project
from onset.workflow.commands.project import add_config_arguments, read_project
from onset.workflow.jobs.comparisons import Comparisons

_SEED = re.compile(r"^seed_\d+$")


def orphans(project: Project, root: Path = Path()) -> Iterator[Path]:
    """Folders of runs that the config doesn't ask for, and views of conditions that it doesn't have; of
    studies that aren't in it, the whole folder and the table of heads."""
    wanted = {
        (study.name, condition, f"seed_{seed}")
        for study in project.studies.values()
        for condition, seeds in project.runs(study.name).items()
        for seed in seeds
    }
    for study in sorted((root / project.results).glob("*/")):
        # Only a study's folder holds runs at this depth; another folder of results holds studies.
        runs = [path for path in sorted(study.glob("*/*/")) if _SEED.match(path.name)]
        if runs and study.name not in project.studies:
            yield study
        else:
            yield from (path for path in runs if path.parts[-3:] not in wanted)
        if study.name in project.studies:
            views = [
                path
                for path in sorted(study.glob("*/views.json"))
                if path.parent.name != "settings"
            ]
            conditions = project.studies[study.name].conditions
            yield from (path for path in views if path.parent.name not in conditions)
    yield from _of_comparisons(project, root)
    for table in sorted((root / project.results / "atlas/studies").glob("*.parquet")):
        if table.stem not in project.studies:
            yield table


def _of_comparisons(project: Project, root: Path) -> Iterator[Path]:
    """The folders and tables of comparisons that a study doesn't have, and of groups that these don't."""
    wanted = {root / path for path in Comparisons(project).left}
    folders = {path.parent for path in wanted}
    for study in project.studies:
        for path in sorted((root / project.results / study / "comparisons").glob("[!.]*")):
            if path.is_dir() and path in folders:
                yield from (its for its in sorted(path.glob("*.parquet")) if its not in wanted)
            elif path not in wanted and (path.is_dir() or path.suffix == ".parquet"):
                yield path


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m onset.workflow.commands.orphans", description=__doc__
    )
    add_config_arguments(parser)
    arguments = parser.parse_args()
    project = read_project(arguments.configfile, arguments.config)
    sizes = {folder: _megabytes(folder) for folder in orphans(project)}
    for folder, size in sizes.items():
        print(f"{size:9.1f} MB  {folder}")
    print(f"{sum(sizes.values()):9.1f} MB  in {len(sizes)} places that the config doesn't ask for")


def _megabytes(place: Path) -> float:
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
