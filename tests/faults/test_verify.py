"""`make verify` holds results against their records, says what is wrong, and mends it when asked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from onset.workflow.commands import verify
from onset.workflow.commands.project import read_project
from onset.workflow.commands.verify import Finding, State, findings, mending, table
from tests.faults.conftest import RUN, contents, said
from tests.faults.test_damage import flip_a_bit, take_another_runs, truncate
from tests.files import differing

pytestmark = pytest.mark.slow

STUDY = "results/tiny"


def found() -> dict[str, State]:
    return {str(its.path): its.state for its in findings(read_project())}


def again() -> list[str]:
    """What Snakemake is told to make again."""
    command = mending(findings(read_project()), [], [])
    return command[command.index("--forcerun") + 1 :] if "--forcerun" in command else []


def test_whole_results_are_whole(here):
    assert found() == {}


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (f"{RUN}/dataset.safetensors", f"{RUN}/dataset.safetensors"),
        (f"{RUN}/dataset.yaml", f"{RUN}/dataset.safetensors"),
        (f"{RUN}/training.yaml", f"{RUN}/checkpoints/index.json"),
        (f"{RUN}/training.parquet", f"{RUN}/checkpoints/index.json"),
        (f"{RUN}/checkpoints/step_0000300.safetensors", f"{RUN}/checkpoints/index.json"),
        (f"{RUN}/checkpoints/index.json", f"{RUN}/checkpoints/index.json"),
        (f"{RUN}/measures.parquet", f"{RUN}/measures.parquet"),
        (f"{RUN}/analyses.parquet", f"{RUN}/analyses.parquet"),
        (f"{STUDY}/summary.csv", f"{STUDY}/summary.csv"),
        (f"{STUDY}/numbers.json", f"{STUDY}/notebook.html"),
        (f"{STUDY}/figures/accuracy.png", f"{STUDY}/notebook.html"),
        (f"{STUDY}/plain/index.html", f"{STUDY}/index.html"),
        (f"{STUDY}/plain/views.json", f"{STUDY}/plain/views.json"),
        (f"{STUDY}/settings/pages.json", f"{STUDY}/settings/pages.json"),
        ("results/atlas/heads.parquet", "results/atlas/heads.parquet"),
        ("results/index.html", "results/index.html"),
    ],
)
@pytest.mark.parametrize("damage", [Path.unlink, flip_a_bit, truncate])
def test_each_file_that_is_missing_or_damaged_is_named(here, name, target, damage):
    damage(here / name)
    state = State.MISSING if damage is Path.unlink else State.DAMAGED
    assert found() == {name: state}
    # Settings that are gone a plain call makes again.
    noticed = state is State.MISSING and "settings/" in name
    assert again() == ([] if noticed else [target])


def test_files_of_another_run_are_damage(here):
    take_another_runs(here / RUN / "measures.parquet")
    assert found() == {f"{RUN}/measures.parquet": State.DAMAGED}


def test_a_run_that_is_another_s_as_a_whole_is_damage(here):
    shutil.rmtree(here / RUN)
    shutil.copytree(here / RUN.replace("/plain/", "/fast/"), here / RUN)
    its = found()
    assert set(its.values()) == {State.DAMAGED}
    assert f"{RUN}/.records/dataset.jsonl" in its


def test_a_run_copied_where_none_is_asked_for_is_foreign(here):
    shutil.copytree(here / RUN, here / RUN.replace("seed_0", "seed_x"))
    assert found() == {RUN.replace("seed_0", "seed_x"): State.FOREIGN}
    assert mending(findings(read_project()), [], []) is None


@pytest.mark.parametrize("name", ["training", "summarise"])
def test_a_record_that_was_renamed_is_damage_and_its_job_done_again(here, name):
    records = here / RUN / ".records"
    (records / "train.jsonl").rename(records / f"{name}.jsonl")
    assert found() == {f"{RUN}/.records/{name}.jsonl": State.DAMAGED}
    assert again() == [f"{RUN}/checkpoints/index.json"]


def test_a_run_that_is_gone_is_one_line(here):
    shutil.rmtree(here / RUN)
    assert found() == {RUN: State.MISSING}


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["FIFO", "folder"])
def test_what_is_no_file_among_records_is_named(here, make):
    record = here / RUN / ".records/train.jsonl"
    record.unlink()
    make(record)
    assert found()[f"{RUN}/.records/train.jsonl"] == State.DAMAGED
    make(record.with_name("mine.jsonl"))
    assert found()[f"{RUN}/.records/mine.jsonl"] == State.FOREIGN


def test_a_damaged_record_is_named_and_its_job_done_again(here):
    flip_a_bit(here / RUN / ".records/train.jsonl")
    assert found() == {f"{RUN}/.records/train.jsonl": State.DAMAGED}
    assert again() == [f"{RUN}/checkpoints/index.json", f"{RUN}/training.parquet"]


def test_a_record_that_is_gone_is_named_by_what_it_was_of(here):
    (here / RUN / ".records/evaluate.jsonl").unlink()
    its = found()
    assert its[f"{RUN}/measures.parquet"] == State.DAMAGED
    assert again() == [f"{RUN}/measures.parquet"]


def test_somebody_s_file_among_records_is_foreign(here):
    (here / RUN / ".records/mine.jsonl").write_text("mine")
    assert found() == {f"{RUN}/.records/mine.jsonl": State.FOREIGN}


def test_a_record_without_its_end_is_of_a_job_that_did_not_end(here):
    truncate(here / RUN / ".records/train.jsonl")
    assert found()[f"{RUN}/checkpoints/index.json"] == State.UNFINISHED
    assert again() == [f"{RUN}/checkpoints/index.json", f"{RUN}/training.parquet"]


def test_what_is_foreign_or_left_over_is_named_and_nothing_forced(here):
    mine = [f"{RUN}/checkpoints/thesis.txt", f"{STUDY}/figures/mine.png", "results/notes.txt"]
    for name in mine:
        (here / name).write_text("mine")
    (here / STUDY / ".DS_Store").write_text("")
    (here / "results/logs/tiny/mine.log").write_text("mine")
    shutil.copytree(here / STUDY / "plain", here / STUDY / "gone")
    shutil.copytree(here / "results", here / "results/other_folder")
    left = {f"{STUDY}/gone/seed_0", f"{STUDY}/gone/views.json"}
    its = found()
    assert {name for name, state in its.items() if state is State.FOREIGN} == {
        *mine,
        f"{STUDY}/gone/index.html",
    }
    assert {name for name, state in its.items() if state is State.LEFT_OVER} == left
    assert mending(findings(read_project()), [], []) is None


@pytest.mark.parametrize("name", ["training.parquet", ".records/train.jsonl"])
def test_a_file_that_may_not_be_read_is_named_and_nothing_forced(here, monkeypatch, name):
    def closed(of_system):
        def read(path, *arguments):
            if Path(path) == Path(RUN) / name:
                raise PermissionError(13, "Permission denied", str(path))
            return of_system(path, *arguments)

        return read

    monkeypatch.setattr(verify, "checksum", closed(verify.checksum))
    monkeypatch.setattr(verify.records, "read_record", closed(verify.records.read_record))
    assert found() == {f"{RUN}/{name}": State.UNREADABLE}
    assert mending(findings(read_project()), [], []) is None


def test_a_name_of_two_lines_is_told_in_one():
    strange = Path("two\nlines \x1b[31m caf\udce9 部屋.txt")
    line, *_ = table([Finding(State.FOREIGN, strange)]).splitlines()
    assert line == r"foreign     two\nlines \x1b[31m caf\udce9 部屋.txt"


def test_the_command_says_it_and_mends_it(finished, undisturbed):
    assert finished.python("-m", "onset.workflow.commands.verify").returncode == 0
    (finished.root / RUN / "checkpoints/step_0000300.safetensors").unlink()
    flip_a_bit(finished.root / STUDY / "numbers.json")
    (finished.root / STUDY / "mine.txt").write_text("mine")
    done = finished.python("-m", "onset.workflow.commands.verify")
    assert done.returncode == 1
    for line in (
        f"missing     {RUN}/checkpoints/step_0000300.safetensors",
        f"damaged     {STUDY}/numbers.json",
        f"foreign     {STUDY}/mine.txt",
        "To mend it: make verify ARGS=--mend",
    ):
        assert line in done.stdout

    done = finished.python("-m", "onset.workflow.commands.verify", "--mend")
    assert done.returncode == 1, said(done)  # the foreign file is still told
    assert done.stdout.rstrip().splitlines()[-3:] == [
        f"foreign     {STUDY}/mine.txt",
        "",
        "foreign: no job wrote it there: it stays, whatever runs",
    ]
    assert differing(contents(finished), contents(undisturbed)) == ["tiny/mine.txt"]
