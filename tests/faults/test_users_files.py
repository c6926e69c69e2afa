"""What a user left in results/ stays as it is, and what was edited there is taken for nothing."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

import pytest

from onset.results import open_run, open_study
from onset.stages import gallery
from onset.store.origin import DamagedFileError
from tests.faults.conftest import RUN, contents, said

pytestmark = pytest.mark.slow

OTHER = RUN.replace("/plain/", "/fast/")


def test_what_lies_among_a_job_s_files_stays(finished):
    root = finished.root
    diary, disk = root / "diary.txt", root / "big.img"
    diary.write_text("dear diary")
    disk.write_text("a disk")
    mine = [
        *(f"{RUN}/checkpoints/{name}" for name in ("thesis.txt", "step_0000007.safetensors")),
        *(f"{RUN}/checkpoints/{name}" for name in (".hidden", "model.safetensors", "sub/a.txt")),
        *("results/tiny/figures/mine.png", "results/tiny/figures/sub/photo.png"),
        *("results/tiny/tables/thesis.pdf", "results/tiny/notes.txt"),
    ]
    for name in mine:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(f"mine: {name}")
    part = root / f"{RUN}/checkpoints/.step_0000300.safetensors.part"
    part.symlink_to(disk)
    log = root / "results/logs/tiny/plain/seed_0/train.log"
    log.unlink()
    log.symlink_to(diary)
    other_log = root / "results/logs/tiny/notebook.log"
    other_log.unlink()
    other_log.hardlink_to(diary)

    done = finished.snakemake("--cores", "1", "--forcerun", "train", "notebook_tiny")
    assert done.returncode == 0, said(done)
    for name in mine:
        assert (root / name).read_text() == f"mine: {name}"
    assert part.is_symlink()
    assert (diary.read_text(), disk.read_text()) == ("dear diary", "a disk")
    mentioned = "left as it is, for Onset didn't write it: "
    assert f"{mentioned}{RUN}/checkpoints/model.safetensors" in log.read_text()
    assert f"{mentioned}results/tiny/figures/mine.png" in other_log.read_text()


def test_a_folder_that_leads_out_of_results_is_refused(finished):
    root = finished.root
    home = root / "home"
    (root / RUN / "checkpoints").rename(home)
    (root / RUN / "checkpoints").symlink_to(home)
    (home / "thesis.txt").write_text("mine")
    before = contents(finished, "home")
    done = finished.snakemake("--cores", "1", "--forcerun", "train")
    assert done.returncode == 1
    assert f"{RUN}/checkpoints leads to {home}: jobs would write there" in said(done)
    assert "Traceback" not in said(done)

    # The same of a stage by hand.
    settings = root / RUN / "training.yaml"
    done = finished.python("-m", "onset.stages.train", RUN, "--settings", str(settings))
    assert done.returncode == 1
    assert f"train: {RUN}/checkpoints leads to {home}, out of {root}/{RUN}" in said(done)
    assert "Traceback" not in said(done)
    assert contents(finished, "home") == before


def test_a_study_on_another_disk_works(fresh):
    disk = fresh.root / "disk"
    disk.mkdir()
    (fresh.root / "results").mkdir()
    (fresh.root / "results/tiny").symlink_to(disk)
    done = fresh.snakemake("--cores", "2", "--", "results/tiny/index.html")
    assert done.returncode == 0, said(done)
    assert (disk / "plain/seed_0/measures.parquet").exists()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def pages(root: Path) -> None:
    """Make the study's pages by hand, as they were made."""
    its = {
        **{"name": "tiny", "title": "t", "question": "q", "answer": "{measurements} of them."},
        "conditions": [
            {"name": name, "label": name, "seeds": [0], "has_heads": True, "differences": {},
             "parent": None, "parent_page": None, "handmade": None, "interventions": []}
            for name in ("plain", "fast")
        ],
        "figures": [{"name": "accuracy", "caption": "c"}],
        "tables": [{"name": "ends", "caption": "c"}],
        "has_reference": False,
    }  # fmt: skip
    gallery.work(argparse.Namespace(results=Path("results"), settings={"study": its}))


class TestReading:
    """Each file that is read is what its job wrote, or is named and refused."""

    def test_settings_edited_by_hand_open_no_other_model(self, here):
        edit(here / RUN / "training.yaml", "n_heads: 2", "n_heads: 4")
        with pytest.raises(DamagedFileError, match=r"training\.yaml: altered since it was written"):
            open_run("tiny", "plain", 0).bridge()

    def test_settings_of_a_stranger_end(self, here):
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
        (here / RUN / "training.yaml").write_text("\n".join(lines))
        with pytest.raises(DamagedFileError, match=r"training\.yaml: altered"):
            _ = open_study("tiny").provenance

    def test_an_edited_dataset_yaml_is_refused(self, here):
        edit(here / RUN / "dataset.yaml", "n_entities: 20", "n_entities: 21")
        with pytest.raises(DamagedFileError, match=r"dataset\.yaml: altered"):
            _ = open_run("tiny", "plain", 0).settings

    def test_an_index_without_a_step_is_refused(self, here):
        path = here / RUN / "checkpoints/index.json"
        index = json.loads(path.read_text())
        del index["checkpoints"]["300"]
        path.write_text(json.dumps(index, indent=1) + "\n")
        with pytest.raises(DamagedFileError, match=r"index\.json: altered"):
            _ = open_run("tiny", "plain", 0).steps

    def test_an_edited_summary_is_not_the_truth(self, here):
        with (here / "results/tiny/summary.csv").open("a") as file:
            file.write("plain,atomic,accuracy,1,1.0,,\n")
        with pytest.raises(DamagedFileError, match=r"summary\.csv: altered"):
            _ = open_study("tiny").summary

    @pytest.mark.parametrize("name", ["measures", "analyses"])
    def test_tables_in_each_other_s_place_are_refused(self, here, name):
        other = {"measures": "analyses", "analyses": "measures"}[name]
        shutil.copyfile(here / RUN / f"{other}.parquet", here / RUN / f"{name}.parquet")
        with pytest.raises(DamagedFileError, match=rf"{name}\.parquet: altered"):
            getattr(open_run("tiny", "plain", 0), name)

    def test_pages_are_made_of_whole_results(self, here):
        pages(here)
        assert "of them" in (here / "results/tiny/index.html").read_text()

    @pytest.mark.parametrize(
        "name",
        [
            *(f"{RUN}/measures.parquet", f"{RUN}/training.parquet", f"{RUN}/training.yaml"),
            *(
                "results/tiny/summary.csv",
                "results/tiny/numbers.json",
                "results/tiny/tables/ends.csv",
            ),
            *("results/tiny/figures/accuracy.csv", "results/tiny/figures/accuracy.json"),
            *("results/tiny/plain/views.json", f"{RUN}/checkpoints/index.json"),
        ],
    )
    @pytest.mark.parametrize("damage", ["another's", "empty"])
    def test_pages_are_made_of_nothing_else(self, here, name, damage):
        others = {RUN: OTHER, "/plain/": "/fast/", "accuracy.json": "accuracy.csv"}
        other = next(
            (name.replace(a, b) for a, b in others.items() if a in name), RUN + "/measures.yaml"
        )
        if damage == "empty":
            os.truncate(here / name, 0)
        else:
            shutil.copyfile(here / other, here / name)
        with pytest.raises(DamagedFileError) as error:
            pages(here)
        assert str(error.value).startswith(f"{name}: ")
        assert "to make it again: snakemake --cores all --forcerun results/tiny/" in str(
            error.value
        )
