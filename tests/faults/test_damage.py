"""A file that isn't what was written there is named and refused; nothing is made from it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.conftest import RUN, contents, said

pytestmark = pytest.mark.slow

CHECKPOINT = f"{RUN}/checkpoints/step_0000300.safetensors"
DATASET = f"{RUN}/dataset.safetensors"
MEASURES = f"{RUN}/measures.parquet"
GOALS = {
    "train": f"{RUN}/training.parquet",
    "evaluate": MEASURES,
    "summarise": "results/index.html",
}


def truncate(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100 if path.suffix == ".safetensors" else len(content) // 4] ^= 1
    path.write_bytes(content)


def take_another_runs(path: Path) -> None:
    shutil.copyfile(Path(str(path).replace("/plain/", "/fast/")), path)


@dataclass(frozen=True)
class Case:
    file: str
    damage: Callable[[Path], None]
    stage: str
    """the first that reads the file again"""
    says: str
    or_says: str | None = None


CASES = [
    Case(DATASET, flip_a_bit, "train", "the content doesn't match its checksum"),
    Case(DATASET, take_another_runs, "train", "altered since it was written"),
    Case(CHECKPOINT, truncate, "evaluate", "altered since training; to make it again: snakemake"),
    Case(CHECKPOINT, flip_a_bit, "evaluate", "altered since training; to make it again: snakemake"),
    Case(
        CHECKPOINT, Path.unlink, "evaluate", "missing since training; to make it again: snakemake"
    ),
    Case(f"{RUN}/checkpoints/index.json", truncate, "evaluate", "altered since it was written"),
    Case(
        f"{RUN}/checkpoints/index.json",
        take_another_runs,
        "evaluate",
        "altered since it was written",
    ),
    Case(MEASURES, truncate, "summarise", "not a whole table of Onset's"),
    # Which of the two it is depends on where in the file the bit is.
    Case(
        MEASURES,
        flip_a_bit,
        "summarise",
        "not a whole table of Onset's",
        "the content doesn't match its checksum",
    ),
    Case(MEASURES, take_another_runs, "summarise", "altered since it was written"),
]


@pytest.mark.parametrize(
    "case", CASES, ids=lambda c: f"{c.stage}-{Path(c.file).stem}-{c.damage.__name__}"
)
def test_damage_is_named_and_nothing_made_from_it(finished, case):
    case.damage(finished.root / case.file)
    before = contents(finished)
    # Forced, because a checkpoint isn't an input of its own, whose change would be seen.
    done = finished.snakemake("--cores", "1", "--forcerun", case.stage, "--", GOALS[case.stage])
    assert done.returncode == 1, said(done)

    folder = "tiny" if case.stage == "summarise" else "tiny/plain/seed_0"
    log = (finished.root / f"results/logs/{folder}/{case.stage}.log").read_text()
    says = case.or_says if case.or_says and case.or_says in log else case.says
    expected = f"{case.stage}: {case.file}: {says}"
    assert expected in said(done)
    assert expected in log
    assert "Traceback" not in log

    # Snakemake takes away the failed job's outputs; whatever is left is what it was.
    after = contents(finished)
    assert {name: its for name, its in after.items() if ".records/" not in name}.items() <= (
        before.items()
    )
    assert "tiny/summary.csv" not in after or case.stage != "summarise"


def test_a_notebook_refuses_measures_of_another_run(finished):
    """Even where the summary that comes before it was made in time."""
    take_another_runs(finished.root / MEASURES)
    (finished.root / "results/tiny/summary.csv").touch()
    done = finished.snakemake(
        *("--cores", "1", "--forcerun", "notebook_tiny", "--allowed-rules", "notebook_tiny"),
        *("--", "results/tiny/notebook.html"),
    )
    assert done.returncode == 1, said(done)
    assert "failed with DamagedFileError: " in said(done)
    assert MEASURES in said(done)
    made_earlier = {"index.html", "figures/accuracy.html"}
    left = contents(finished, "results/tiny").keys() - made_earlier
    assert not [name for name in left if name.startswith(("figures/", "tables/", "notebook.html"))]
    assert "numbers.json" not in left
