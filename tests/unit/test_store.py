"""What lies on disk: whole or absent, the same bytes each time, and never mistaken for another's."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from onset.results import Run
from onset.runs import artefacts
from onset.settings import canonical_json
from onset.store.atomic import atomic_path, write_bytes, write_text
from onset.store.layout import RunFolder
from onset.store.origin import DamagedFileError, Origin, digest
from onset.store.tables import load_table, save_table
from onset.store.tensors import load_arrays, save_arrays
from onset.tasks import composition
from tests.files import put_on_record

ORIGIN = Origin("study/condition/seed_3", settings="abc", code="def")
ARRAYS = {
    "matrix": np.arange(12, dtype=np.float32).reshape(3, 4),
    "turned": np.arange(6).reshape(2, 3).T,
    "scalar": np.float32(2.5).reshape(()),
    "empty": np.zeros((0, 3), np.int64),
    "mask": np.array([True, False]),
}
ABOUT = {"step": 3, "log": {"z": [0.1], "a": [1e-9]}, "word": "Größe"}
COLUMNS = {
    "step": [0, 1],
    "value": [0.5, float("nan")],
    "split": ["oo", None],
    "layer": [None, None],
}


def save_some_arrays(path: Path) -> None:
    save_arrays(path, ARRAYS, ABOUT)


def save_some_table(path: Path) -> None:
    save_table(path, COLUMNS, ORIGIN)


FORMATS = [(save_some_arrays, load_arrays), (save_some_table, load_table)]


class TestAtomic:
    def test_parents_are_made_and_only_the_file_is_left(self, tmp_path):
        write_text(tmp_path / "a" / "b" / "file.txt", "wörds")
        assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == ["file.txt"]
        assert (tmp_path / "a" / "b" / "file.txt").read_bytes() == "wörds".encode()

    @pytest.mark.parametrize("before", [None, b"old"])
    @pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
    def test_an_error_leaves_things_as_they_were(self, tmp_path, before, error):
        path = tmp_path / "file"
        if before:
            path.write_bytes(before)

        def write_half() -> None:
            with atomic_path(path) as part:
                part.write_bytes(b"half of the n")
                raise error

        with pytest.raises(error):
            write_half()
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == (
            {"file": before} if before else {}
        )

    def test_until_it_is_done_the_old_one_stands(self, tmp_path):
        path = tmp_path / "file"
        write_bytes(path, b"old")
        with atomic_path(path) as part:
            part.write_bytes(b"new")
            assert path.read_bytes() == b"old"
        assert path.read_bytes() == b"new"

    def test_what_a_killed_writer_left_is_not_in_the_way(self, tmp_path):
        writer = atomic_path(tmp_path / "file")
        writer.__enter__().write_bytes(b"half of the n")  # and no more: killed
        assert len(list(tmp_path.iterdir())) == 1
        write_bytes(tmp_path / "file", b"new")
        assert (tmp_path / "file").read_bytes() == b"new"

    @pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
    def test_a_link_is_replaced_and_what_it_leads_to_stays(self, tmp_path, link):
        diary = tmp_path / "diary.txt"
        diary.write_text("dear diary")
        getattr(tmp_path / "file", link)(diary)
        write_bytes(tmp_path / "file", b"new")
        assert diary.read_text() == "dear diary"
        assert (tmp_path / "file").read_bytes() == b"new"
        assert not (tmp_path / "file").is_symlink()

    def test_an_error_of_the_disk_names_the_file(self, tmp_path):
        with (
            pytest.raises(OSError, match=r"No space left on device: '.*some_file'"),
            atomic_path(tmp_path / "some_file"),
        ):
            raise OSError(errno.ENOSPC, "No space left on device")


class TestFormats:
    def test_arrays_come_back_as_they_were(self, tmp_path):
        save_some_arrays(tmp_path / "file")
        arrays, about = load_arrays(tmp_path / "file")
        assert about == ABOUT
        assert arrays.keys() == ARRAYS.keys()
        for name, array in ARRAYS.items():
            assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
            assert np.array_equal(arrays[name], array)

    def test_tables_come_back_as_they_were(self, tmp_path):
        save_some_table(tmp_path / "file")
        table, origin = load_table(tmp_path / "file")
        assert origin == ORIGIN
        assert list(table.columns) == list(COLUMNS)
        for column, values in COLUMNS.items():
            expected = [None if value is None or value != value else value for value in values]
            assert [None if pd.isna(value) else value for value in table[column]] == expected

    def test_what_is_no_file_is_refused(self, tmp_path):
        """Reading a FIFO would never end."""
        os.mkfifo(tmp_path / "file")
        with pytest.raises(DamagedFileError, match="no file"):
            load_table(tmp_path / "file")

    def test_lists_of_any_length_come_back_as_they_were(self, tmp_path):
        columns = {"sizes": [[2, 3], []], "words": [["a", "b"], None], "shares": [[0.5], [1.0]]}
        save_table(tmp_path / "file", columns, ORIGIN)
        table, _ = load_table(tmp_path / "file")
        for column, values in columns.items():
            assert [its if its is None else its.tolist() for its in table[column]] == values

    def test_a_column_of_nothing_stacks_with_one_of_whole_numbers(self, tmp_path):
        save_some_table(tmp_path / "one")
        save_table(tmp_path / "other", {**COLUMNS, "layer": [0, 1]}, ORIGIN)
        tables = [load_table(tmp_path / name)[0] for name in ("one", "other")]
        layers = pd.concat(tables, ignore_index=True)["layer"]
        assert layers.isna().tolist() == [True, True, False, False]
        assert layers[2:].tolist() == [0, 1]

    @pytest.mark.parametrize(("save", "load"), FORMATS)
    def test_the_same_content_gives_the_same_bytes(self, tmp_path, save, load):
        save(tmp_path / "one")
        save(tmp_path / "other")
        assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()

    def test_the_order_of_what_is_said_about_arrays_does_not_matter(self, tmp_path):
        save_arrays(tmp_path / "one", ARRAYS, ABOUT)
        save_arrays(tmp_path / "other", ARRAYS, dict(reversed(ABOUT.items())))
        assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()

    @pytest.mark.parametrize(("save", "load"), FORMATS)
    @pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.99])
    def test_a_truncated_file_is_told_by_name(self, tmp_path, save, load, kept):
        path = tmp_path / "some_file"
        save(path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(kept * len(whole))])
        with pytest.raises(DamagedFileError, match="some_file"):
            load(path)

    def test_any_flipped_bit_in_arrays_is_noticed(self, tmp_path):
        path = tmp_path / "some_file"
        save_some_arrays(path)
        whole = path.read_bytes()
        for place in range(len(whole)):
            altered = bytearray(whole)
            altered[place] ^= 1 << place % 8
            path.write_bytes(altered)
            try:
                arrays, _ = load_arrays(path)
            except DamagedFileError:
                continue
            # The flip was in what is said about the arrays.
            assert arrays.keys() == ARRAYS.keys()
            assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)

    def test_any_flipped_bit_in_a_table_is_noticed(self, tmp_path):
        path = tmp_path / "some_file"
        save_some_table(path)
        whole = path.read_bytes()
        expected, _ = load_table(path)
        for place in range(len(whole)):
            altered = bytearray(whole)
            altered[place] ^= 1 << place % 8
            path.write_bytes(altered)
            try:
                table, origin = load_table(path)
            except DamagedFileError:
                continue
            # The flip was in what isn't read, e.g. the statistics of a page.
            assert origin == ORIGIN
            assert table.equals(expected)

    @pytest.mark.parametrize(("save", "load"), FORMATS)
    def test_a_file_of_another_kind_is_damaged_and_a_missing_one_is_missing(
        self, tmp_path, save, load
    ):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "some_file")
        (tmp_path / "some_file").write_text("{}")
        with pytest.raises(DamagedFileError, match="some_file"):
            load(tmp_path / "some_file")


class TestNames:
    def test_canonical_json_knows_no_order_of_keys(self):
        assert (
            canonical_json({"b": 1, "a": {"d": [2, 1], "c": None}})
            == '{"a":{"c":null,"d":[2,1]},"b":1}'
        )

    def test_settings_are_written_as_their_values(self):
        settings = composition.Settings(name="composition")
        assert json.loads(canonical_json(settings)) == settings.model_dump(mode="json")

    def test_what_is_no_number_is_refused(self):
        with pytest.raises(ValueError, match="JSON compliant"):
            canonical_json(float("nan"))

    def test_a_digest_names_a_value(self):
        assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}) != digest({"a": 2, "b": 1})
        assert len(digest({})) == 16

    def test_an_origin_survives_json(self):
        assert Origin.from_json(ORIGIN.to_json()) == ORIGIN

    def test_a_run_folder_tells_its_run(self):
        folder = RunFolder(Path("results/study/condition/seed_12"))
        assert (folder.run, folder.seed) == ("study/condition/seed_12", 12)
        assert folder.checkpoint(20).name == "step_0000020.safetensors"


class TestArtefacts:
    @pytest.fixture
    def folder(self, tmp_path) -> RunFolder:
        """A finished run: a dataset and three checkpoints."""
        folder = RunFolder(tmp_path / "study" / "condition" / "seed_3")
        dataset = composition.generate(composition.Settings(name="composition"), seed=3)
        arrays, about = dataset.to_arrays()
        save_arrays(folder.dataset, arrays, {**about, "origin": ORIGIN.to_json()})
        save_table(folder.training_log, COLUMNS, ORIGIN)
        for step in (0, 5, 20):
            artefacts.write_checkpoint(folder, step, {"w": torch.full((2,), float(step))}, ORIGIN)
        artefacts.write_checkpoint_index(folder, (0, 5, 20), {"steps": 20}, ORIGIN)
        put_on_record(folder.path, of=folder.run)
        return folder

    def moved(self, folder: RunFolder) -> RunFolder:
        """The same files as another run's."""
        return RunFolder(folder.path.rename(folder.path.with_name("seed_4")))

    def test_a_finished_run_is_read(self, folder):
        index = artefacts.read_checkpoint_index(folder)
        assert index["steps"] == [0, 5, 20]
        assert index["settings"] == {"steps": 20}
        assert artefacts.read_checkpoint(folder, 5)["w"].tolist() == [5, 5]
        assert artefacts.read_dataset(folder).n_tokens == 108

    @pytest.mark.parametrize(
        "read",
        [
            artefacts.read_dataset,
            artefacts.read_checkpoint_index,
            lambda folder: artefacts.read_checkpoint(folder, 5),
        ],
    )
    @pytest.mark.parametrize("with_record", [True, False])
    def test_artefacts_of_another_run_are_refused(self, folder, read, with_record):
        words = "belongs to study/condition/seed_3, as .*seed_4/.records/"
        other = self.moved(folder)
        if not with_record:
            shutil.rmtree(other.path / ".records")
            words = "belongs to the run study/condition/seed_3, not to study/condition/seed_4"
            if read is artefacts.read_checkpoint_index:
                words = "no record says that Onset wrote it"
        with pytest.raises(DamagedFileError, match=words):
            read(other)

    def test_a_checkpoint_of_another_step_is_refused(self, folder):
        folder.checkpoint(5).rename(folder.checkpoint(6))
        with pytest.raises(DamagedFileError, match="holds step 5"):
            artefacts.read_checkpoint(folder, 6)

    def test_a_missing_checkpoint_is_noticed(self, folder):
        folder.checkpoint(5).unlink()
        with pytest.raises(DamagedFileError, match=r"step_0000005\.safetensors: missing"):
            artefacts.read_checkpoint_index(folder)

    def test_an_altered_checkpoint_is_noticed(self, folder):
        artefacts.write_checkpoint(folder, 5, {"w": torch.zeros(2)}, ORIGIN)
        with pytest.raises(DamagedFileError, match=r"step_0000005\.safetensors: altered"):
            artefacts.read_checkpoint_index(folder)

    @pytest.mark.parametrize("name", ["dataset.safetensors", "training.parquet"])
    def test_what_belongs_to_another_training_is_noticed(self, folder, name):
        """Of the same run, e.g. from before its settings changed."""
        path = folder.path / name
        path.write_bytes(path.read_bytes() + b" ")
        with pytest.raises(
            DamagedFileError, match=rf"{name}: altered since training; .*--forcerun .*/some_target"
        ):
            artefacts.read_checkpoint_index(folder)

    def test_measures_of_another_training_are_noticed(self, folder):
        source = artefacts.checksum(folder.checkpoint_index)
        origin = dataclasses.replace(ORIGIN, source=source)
        save_table(folder.measures, COLUMNS, origin)
        put_on_record(folder.path, of=folder.run)
        assert len(Run(folder.path).measures) == len(COLUMNS["step"])
        artefacts.write_checkpoint_index(folder, (0, 5, 20), {"steps": 21}, ORIGIN)
        put_on_record(folder.path, of=folder.run)
        with pytest.raises(DamagedFileError, match=r"measures\.parquet: made from another .*index"):
            _ = Run(folder.path).measures

    @pytest.mark.parametrize("content", ["", "{}", "[]", '{"origin": {"run": 1}}'])
    @pytest.mark.parametrize("on_record", [True, False])
    def test_a_damaged_index_is_noticed(self, folder, content, on_record):
        folder.checkpoint_index.write_text(content)
        if on_record:
            put_on_record(folder.path, of=folder.run)
        with pytest.raises(DamagedFileError, match=r"index\.json"):
            artefacts.read_checkpoint_index(folder)
