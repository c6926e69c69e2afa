"""Pretrained models that a package ships: found, converted once, and noticed when they are damaged."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
from pathlib import Path

import pytest
import torch

from onset import models
from onset.config import ConfigError, load_project
from onset.config.size import Size
from onset.config.yaml_file import read_yaml
from onset.models import ORIGIN
from onset.models.pretrained import files, packaged
from onset.models.pretrained.planning import absent, problems
from onset.models.pretrained.settings import Settings
from onset.stages import weights
from onset.stages.command import StageError
from onset.training.settings import CheckpointSettings, TrainingSettings
from tests import checkpoints, packages
from tests.worlds import settings_of

ROOT = Path(__file__).parents[2]
FOLDER = Path(f".weights/{packages.NAME}-{packages.VERSION}")
HAS_READER = importlib.util.find_spec("gguf") is not None


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder that the project's would be."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def file(here, monkeypatch) -> Path:
    monkeypatch.syspath_prepend(str(here / "site"))
    return packages.installed(here / "site", reader=not HAS_READER)


def settings(file: Path | None = None, **changes) -> dict:
    checksum = packages.checksum(file) if file else "0" * 64
    given = {"checkpoint": packages.CHECKPOINT, "revision": packages.VERSION, "checksum": checksum}
    return {"name": "pretrained", "first_token": 5, **given, **changes}


def converts(told: dict, folder: Path) -> None:
    """In place of what reads GGUF: a genuine model all the same."""
    checkpoints.save("llama", folder)
    (folder / ORIGIN).write_text(files.sealed(folder, told))


@pytest.fixture
def converted(file, monkeypatch) -> Path:
    monkeypatch.setattr(models, "convert", converts)
    convert(settings(file))
    return FOLDER


def convert(told: dict) -> None:
    weights.work(argparse.Namespace(folder=FOLDER, settings=told, code="none"))


class TestFinding:
    def test_the_file_is_found_without_importing_the_package(self, file):
        its = packages.CHECKPOINT, packages.VERSION
        assert packaged.shipped(*its).samefile(file)
        assert packaged.recorded(*its) == packages.checksum(file)

    def test_what_is_installed_is_no_reason_to_leave_it_out(self, file):
        assert absent(Settings(**settings(file))) is None
        assert problems(Settings(**settings(file)), 2, 9, 3) == []

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"checkpoint": "package:no-such"}, "the package no-such 1.2.0 isn't installed"),
            ({"revision": "2.0"}, "onset-test-weights is installed in version 1.2.0, not 2.0"),
        ],
    )
    def test_what_is_not_is_said_in_a_line(self, file, changes, said):
        why = absent(Settings(**settings(file, **changes)))
        assert said in why
        assert why.endswith("; to get it: make weights")

    @pytest.mark.skipif(HAS_READER, reason="gguf is installed")
    def test_nor_is_it_without_what_reads_it(self, here, monkeypatch):
        monkeypatch.syspath_prepend(str(here / "site"))
        file = packages.installed(here / "site", reader=False)
        assert "the package gguf, which reads what" in absent(Settings(**settings(file)))

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"revision": None}, "needs a revision, the version of the package onset-test-weights"),
            ({"checksum": None}, "needs a checksum, the SHA-256 of the file"),
            ({"checksum": "12"}, "checksum: the file that onset-test-weights 1.2.0 ships has"),
        ],
    )
    def test_what_the_settings_must_say(self, file, changes, said):
        (found,) = problems(Settings(**settings(file, **changes)), 2, 9, 3)
        assert said in found


class TestConverting:
    def test_once_it_is_read_like_any_other(self, file, converted):
        model = models.build(settings(file), 9, 3)
        own = checkpoints.save("llama", Path("own"))
        expected = models.build(
            {"name": "pretrained", "checkpoint": str(own), "first_token": 5}, 9, 3
        ).initial_parameters(0)
        found = model.initial_parameters(0)
        assert all(torch.equal(p, expected[name]) for name, p in found.items())

    def test_it_needs_the_package_no_more(self, file, converted):
        shutil.rmtree("site")
        assert absent(Settings(**settings(checksum="12"))) is None

    def test_before_it_a_job_says_what_is_missing(self, file):
        with pytest.raises(ValueError, match=rf"{FOLDER} isn't there; to make it: snakemake"):
            models.build(settings(file), 9, 3)

    def test_another_file_than_is_meant_is_refused(self, file):
        file.write_bytes(b"other")
        with pytest.raises(StageError, match=r"checksum: tiny.Q4_1.gguf in package:\S+ has"):
            convert(settings(checksum="12"))
        assert not FOLDER.exists()
        assert not list(FOLDER.parent.iterdir())

    def test_what_a_killed_call_left_is_cleared_and_made_again(self, file, converted):
        shutil.rmtree(converted)
        left = converted.parent / f".{converted.name}.1a2b3c4d.part"
        left.mkdir()
        (left / "model.safetensors").write_bytes(b"half of it")
        converted.mkdir()  # as Snakemake does before a job
        convert(settings(file))
        assert [its.name for its in converted.parent.iterdir()] == [converted.name]
        assert files.damage(converted, packages.checksum(file)) is None

    def test_a_failure_leaves_nothing(self, file, monkeypatch):
        def fails(told, folder):
            (folder / "config.json").write_text("{}")
            raise OSError("No space left on device")

        monkeypatch.setattr(models, "convert", fails)
        with pytest.raises(OSError, match="No space"):
            convert(settings(file))
        assert not list(FOLDER.parent.iterdir())


class TestSize:
    def size(self, file: Path, **training) -> Size:
        told = {"steps": 0, **training}
        return Size.of(
            settings_of("composition"),
            Settings(**settings(file)),
            TrainingSettings.model_validate(told),
            CheckpointSettings(schedule="linear", count=3),
        )

    def test_of_a_model_that_is_looked_at(self, file, converted):
        n = sum(
            p.numel() for p in models.build(settings(file), 9, 3).initial_parameters(0).values()
        )
        its = self.size(file)
        assert its.memory["model"] == 4 * 4 * n
        assert its.disk == 0

    def test_of_one_that_is_trained(self, file, converted):
        n = sum(
            p.numel() for p in models.build(settings(file), 9, 3).initial_parameters(0).values()
        )
        training = {"batch_size": 4, "mixture": {"atomic": 1.0}, "learning_rate": 0.1, "steps": 9}
        its = self.size(file, **training)
        assert its.memory["model"] == 4 * 4 * n
        assert its.disk == 3 * 4 * n, "at most four checkpoints, of which the first stores nothing"
        assert self.size(file, trainable={"*mlp*": "all"}, **training).disk == 0

    def test_before_it_is_converted(self, file):
        assert self.size(file).memory["model"] == 4 * 4 * file.stat().st_size


class TestDamage:
    def changed(self, path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[-2] ^= 1
        path.write_bytes(content)

    def test_other_weights_are_noticed_before_they_are_used(self, file, converted):
        model = models.build(settings(file), 9, 3)
        self.changed(converted / "model.safetensors")
        with pytest.raises(ValueError, match=r"model.safetensors isn't as it was converted"):
            model.initial_parameters(0)

    def test_another_tokenizer_is_noticed_in_planning(self, file, converted):
        self.changed(converted / "tokenizer.json")
        (said,) = problems(Settings(**settings(file)), 2, 9, 3)
        assert f"tokenizer.json isn't as it was converted; remove {converted}" in said

    @pytest.mark.parametrize("content", ["", "[]", '{"files": 3}'])
    def test_so_is_a_seal_that_says_nothing(self, file, converted, content):
        (converted / ORIGIN).write_text(content)
        (said,) = problems(Settings(**settings(file)), 2, 9, 3)
        assert f"{converted} isn't whole" in said

    def test_so_is_a_folder_made_from_another_file(self, file, converted):
        (said,) = problems(Settings(**settings(checksum="12")), 2, 9, 3)
        assert f"{converted} was made from a file with {packages.checksum(file)}" in said

    def test_so_is_a_file_that_has_gone(self, file, converted):
        (converted / "config.json").unlink()
        (said,) = problems(Settings(**settings(file)), 2, 9, 3)
        assert "isn't whole" in said


class TestStudies:
    """A study whose model isn't there is left out, with a line; the others are run."""

    @pytest.fixture
    def root(self, here) -> Path:
        shutil.copytree(ROOT / "config", here / "config")
        shutil.copytree(ROOT / "workflow/notebooks", here / "workflow/notebooks")
        return here

    def load(self, root: Path, studies: list[str], **changes):
        shipped = read_yaml(root / "config/config.yaml")
        over = {"model": settings(**changes), "sweep": [{"task.id_trained": [0.8]}]}
        given = {"studies": studies, "overrides": {"pythia_composition": over}, "paper": False}
        return load_project({**shipped, **given}, root)

    def test_it_is_left_out(self, root):
        project = self.load(root, ["simplest", "pythia_composition"])
        assert [*project.studies] == ["simplest"]
        said = f"the package {packages.NAME} {packages.VERSION} isn't installed; to get it: make weights"
        assert project.left_out == {"pythia_composition": said}

    def test_nothing_left_is_a_mistake(self, root):
        with pytest.raises(
            ConfigError, match=r"studies: none is left; pythia_composition: the package \S+ 1.2.0"
        ):
            self.load(root, ["pythia_composition"])

    def test_what_is_there_is_not(self, root, file):
        project = self.load(
            root, ["simplest", "pythia_composition"], checksum=packages.checksum(file)
        )
        assert [*project.studies] == ["simplest", "pythia_composition"]
        assert not project.left_out
