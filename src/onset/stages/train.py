"""Train a run, or several as one population; interrupted training resumes where it stopped."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from onset.stages.command import StageError, add_settings_arguments, log, prepare_device, run_stage
from onset.stages.progress import Progress
from onset.stages.record import run_on_record
from onset.stages.training_run import TrainingRun, interventions_in
from onset.store.layout import RunFolder
from onset.training.population import obstacle, train_population
from onset.training.state import TrainingState


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs",
        type=Path,
        nargs="+",
        help="the run's folder, results/STUDY/CONDITION/seed_N; several, of one condition, are trained "
        "as one population",
    )
    add_settings_arguments(parser)
    parser.add_argument(
        "--parents", type=Path, nargs="*", default=[], help="folder to start from, of each run"
    )
    parser.add_argument(
        "--sources",
        type=Path,
        nargs="*",
        default=[],
        help="folders of the runs that interventions look at, one intervention after the other; first all "
        "of the first run, then all of the second, and so on",
    )


def work(arguments: argparse.Namespace) -> None:
    settings = arguments.settings
    prepare_device(settings)
    n_sources = sum(len(its.source.seeds_on) for its in interventions_in(settings))
    parents = _shared_out("--parents", arguments, 1 if settings.get("parent") else 0)
    sources = _shared_out("--sources", arguments, n_sources)
    told = settings, arguments.code
    with ExitStack() as records:
        runs = []
        folders = map(RunFolder, arguments.runs)
        for folder, parent, its_sources in zip(folders, parents, sources, strict=True):
            on_record = run_on_record(folder, "train", folder.checkpoint_index, *told)
            record = records.enter_context(on_record)
            runs.append(TrainingRun(folder, record, parent, its_sources, *told))
        # One after the other, each is finished before the next begins.
        ends = _trained_together(runs) or (run.train() for run in runs)
        for run, end in zip(runs, ends, strict=True):
            run.finish(end)


def _shared_out(option: str, arguments: argparse.Namespace, n: int) -> list[list[Path]]:
    """The folders that an option names, `n` for each run.

    Raises:
        StageError: there are more or fewer.
    """
    folders, n_runs = getattr(arguments, option.strip("-")), len(arguments.runs)
    if len(folders) != n * n_runs:
        each = f"{n} for each of {n_runs} runs" if n and n_runs > 1 else n or "none"
        given = f"{len(folders)} given" if folders else "none given"
        raise StageError(f"{option}: the settings ask for {each}, and there are {given}")
    return [folders[i * n : (i + 1) * n] for i in range(n_runs)]


def _trained_together(runs: list[TrainingRun]) -> list[TrainingState] | None:
    """As one population; None if there is one run alone, or something in the way."""
    if len(runs) == 1:
        return None
    first = runs[0]
    datasets = [run.dataset for run in runs]
    seeds = [run.folder.seed for run in runs]
    interventions = [run.interventions for run in runs]
    if said := obstacle(first.model, datasets, first.training, seeds, interventions):
        log.info("one after the other: %s", said)
        return None
    if len({run.start.step for run in runs}) > 1:
        # Alone, from where each is, they would end otherwise in their last digits.
        log.info("interrupted at different steps, so all start over")
        for run in runs:
            run.start = run.beginning()
    name = f"{first.folder.path.parent.name}, {len(runs)} runs"
    return train_population(
        first.model,
        datasets,
        first.training,
        frozenset(first.steps),
        seeds,
        [run.start for run in runs],
        on_checkpoint=lambda member, state: runs[member].keep(state),
        on_step=Progress(name, first.start.step, first.training.steps),
    )


if __name__ == "__main__":
    run_stage("train", __doc__, work, add_arguments)
