"""List the files in results/ that the config no longer asks for; delete nothing.

Runs of conditions that were removed or renamed, with their views, and of seeds that were taken out; what
comparisons found of them, and comparisons that were removed; whole studies with what was collected of them,
and whole collections. Other folders of results within (results/first, results/smoke) aren't looked into.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from onset.config.project import Project
from onset.workflow.commands.project import add_config_arguments, read_project
from onset.workflow.jobs import Jobs

_SEED = re.compile(r"^seed_\d+$")


def orphans(project: Project, root: Path = Path()) -> Iterator[Path]:
    """What the config doesn't ask for: runs and views, and what was collected of a study; of studies and
    collections that aren't in it, the whole folder; and what jobs were told that there are no more."""
    results, jobs = root / project.results, Jobs(project)
    left = [
        *_of_studies(project, results),
        *_of_comparisons(project, jobs, root),
        *_of_collections(jobs, results),
    ]
    yield from left
    told = {root / file for file in jobs.told_in_files}
    for name in (*project.studies, *project.collections):
        for file in sorted((results / name / "settings").glob("*.json")):
            if file not in told and not {*file.parents} & {*left}:
                yield file


def _of_studies(project: Project, results: Path) -> Iterator[Path]:
    wanted = {
        (study.name, condition, f"seed_{seed}")
        for study in project.studies.values()
        for condition, seeds in project.runs(study.name).items()
        for seed in seeds
    }
    for study in sorted(results.glob("*/")):
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


def _of_collections(jobs: Jobs, results: Path) -> Iterator[Path]:
    collected = sorted(results.glob("*/studies/*.parquet"))
    for folder in dict.fromkeys(path.parents[1] for path in collected):
        if folder.name not in jobs.collections.names:
            yield folder
            continue
        studies = jobs.collections.studies(folder.name)
        its = (path for path in collected if path.parents[1] == folder)
        yield from (path for path in its if path.stem not in studies)


def _of_comparisons(project: Project, jobs: Jobs, root: Path) -> Iterator[Path]:
    """The folders and tables of comparisons that a study doesn't have, and of groups that these don't."""
    wanted = {root / path for path in jobs.comparisons.left}
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
