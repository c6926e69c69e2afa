"""How long Snakemake takes to find out what there is to do, before anything runs.

Plans ten studies of ten conditions at 1, 3 and 10 seeds in a folder of its own: once with nothing
there, once with everything finished. Nothing is trained: the finished results are empty files that
`snakemake --touch` has taken into its records.
Usage: python benchmarks/planning.py results/benchmarks/planning.csv
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from onset.store.atomic import write_text
from onset.store.recording import recorded

_STUDY = "composition"
_N_STUDIES, _N_CONDITIONS = 10, 10
_SEEDS = (1, 3, 10)
# Snakemake waits for a tenth of a second at each job that it touches: minutes for a thousand runs.
_TOUCH = """
from snakemake.cli import main
from snakemake.executors.touch import Executor
Executor.SLEEPING_TIME = 0
main()
"""


def main(target: Path) -> None:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["runs", "plan_s", "nothing_to_do_s"])
    for n_seeds in _SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            write_project(Path(folder), n_seeds)
            plan = seconds(Path(folder), "-n")
            finish(Path(folder))
            nothing = seconds(Path(folder), "-n")
        n_runs = _N_STUDIES * _N_CONDITIONS * n_seeds
        writer.writerow([n_runs, f"{plan:.1f}", f"{nothing:.1f}"])
    write_text(target, table.getvalue())
    print(table.getvalue())


def write_project(root: Path, n_seeds: int, n_studies: int = _N_STUDIES) -> None:
    """The project's rules with many studies, each a copy of a shipped one, in an empty folder."""
    shutil.copy2("Snakefile", root)
    for folder in ("profiles", "workflow"):
        shutil.copytree(folder, root / folder)
    (root / "paper").mkdir()
    study = yaml.safe_load(Path(f"config/studies/{_STUDY}.yaml").read_text(encoding="utf-8"))
    study["conditions"] = {
        f"condition_{i}": {"training": {"learning_rate": 1e-4 * (i + 1)}}
        for i in range(_N_CONDITIONS)
    }
    for speaks_of_its_own_conditions in ("answer", "abstract", "holds", "comparisons", "smoke"):
        del study[speaks_of_its_own_conditions]
    study["reference"] = {
        name: row for name, row in study["reference"].items() if "ours" not in row
    }
    names = [f"study_{i}" for i in range(n_studies)]
    for name in names:
        _write_yaml(root / f"config/studies/{name}.yaml", study)
        shutil.copy2(f"workflow/notebooks/{_STUDY}.py", root / f"workflow/notebooks/{name}.py")
    config = {"studies": names, "seeds": list(range(n_seeds)), "paper": False}
    _write_yaml(root / "config/config.yaml", config)


def _write_yaml(path: Path, content: object) -> None:
    write_text(path, yaml.safe_dump(content, sort_keys=False))


def finish(root: Path) -> None:
    """Let it look as if everything had run, and Onset had written it."""
    _, *lines = snakemake(root, "--summary").splitlines()
    names = [line.partition("\t")[0] for line in lines]
    below: dict[Path, list[Path]] = {}
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        for folder in (root / its for its in Path(name).parents[:-1]):
            below.setdefault(folder, []).append(path)
    for folder, paths in below.items():
        with recorded(folder, "finished", paths[0].relative_to(folder).as_posix()) as record:
            for path in paths:
                record.wrote(path)
    command = [sys.executable, "-c", _TOUCH, "--touch", "--forceall", "--cores", "1"]
    subprocess.run(command, cwd=root, capture_output=True, check=True)


def seconds(root: Path, *arguments: str) -> float:
    """That a call of Snakemake takes there."""
    began = time.perf_counter()
    snakemake(root, *arguments)
    return time.perf_counter() - began


def snakemake(root: Path, *arguments: str) -> str:
    """What a call there writes to standard output."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
