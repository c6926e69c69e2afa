"""Find a run or a study by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from onset.runs.run import Run
from onset.runs.study import Study
from onset.store.layout import ELSEWHERE, results_with


def open_run(study: str, condition: str, seed: int, results: str | Path = "results") -> Run:
    """One run by name.

    Raises:
        FileNotFoundError: there is no such run; the message lists those there are.
    """
    results = results_with(study, results)
    path = results / study / condition / f"seed_{seed}"
    if not path.is_dir():
        there = sorted(str(p.relative_to(results)) for p in results.glob("*/*/seed_*"))
        known = f"there are: {', '.join(there)}" if there else f"there are none; {ELSEWHERE}"
        raise FileNotFoundError(f"no run {path}; {known}")
    return Run(path)


def open_study(
    study: str,
    results: str | Path = "results",
    conditions: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    code: str = "by hand",
    analysed: Sequence[str] | None = None,
    extra_seeds: Mapping[str, Sequence[int]] | None = None,
    compared: Sequence[str] | None = None,
) -> Study:
    """A study by name, with all conditions, seeds, analyses and comparisons found on disk unless some are
    asked for.

    On disk, the study's seeds are those that every condition has; others are a condition's `extra_seeds`.

    Raises:
        FileNotFoundError: there are no results of that study.
    """
    folder = results_with(study, results) / study
    # Copies that people have made, such as seed_0_old, don't count as runs.
    found = [
        path
        for path in sorted(folder.glob("*/seed_*/measures.parquet"))
        if path.parent.name.removeprefix("seed_").isdecimal()
    ]
    if not found:
        raise FileNotFoundError(f"no evaluated runs in {folder}; {ELSEWHERE}")
    if conditions is None:
        conditions = list(dict.fromkeys(path.parts[-3] for path in found))
    there = {
        name: {int(p.parts[-2].removeprefix("seed_")) for p in found if p.parts[-3] == name}
        for name in conditions
    }
    if seeds is None:
        seeds = sorted(set.intersection(*there.values()))
        if extra_seeds is None:
            extra_seeds = {
                n: sorted(its - set(seeds)) for n, its in there.items() if its - set(seeds)
            }
    if analysed is None:
        looked_at = {path.parts[-3] for path in folder.glob("*/seed_*/analyses.parquet")}
        analysed = [name for name in conditions if name in looked_at]
    if compared is None:
        compared = [path.stem for path in sorted((folder / "comparisons").glob("*.parquet"))]
    return Study(
        folder,
        tuple(conditions),
        tuple(seeds),
        code,
        tuple(analysed),
        dict(extra_seeds or {}),
        tuple(compared),
    )
