"""What a job wrote is on record; nothing else is deleted, and nothing else is taken for Onset's."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

import pytest

from onset.store.atomic import write_text
from onset.store.files import checksum
from onset.store.origin import DamagedFileError
from onset.store.reading import read_csv, read_json, read_text, read_yaml
from onset.store.recording import LeadsOutsideError, recorded
from onset.store.records import check, digest_of, foreign_to, line_of, path_of, read_record
from tests.files import put_on_record


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    return folder


def write(folder, **texts):
    """A job that writes files and nothing else."""
    with recorded(folder, "job", "a") as record:
        for name, text in texts.items():
            write_text(folder / name, text)
    return record


def write_and_fail(folder, **texts):
    with contextlib.suppress(ValueError), recorded(folder, "job", "a"):
        for name, text in texts.items():
            write_text(folder / name, text)
        raise ValueError


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".records")


class TestRecording:
    def test_a_record_names_what_was_written(self, folder):
        with recorded(folder, "job", "a", settings={"x": 1}, code="abc") as record:
            write_text(folder / "a", "first")
            write_text(folder / "b" / "c", "second")
            assert not read_record(record.path).closed
        its = read_record(path_of(folder, "job"))
        assert (its.of, its.target, its.code, its.closed) == ("study", "a", "abc", True)
        assert its.files == {name: checksum(folder / name) for name in ("a", "b/c")}

    def test_the_same_job_leaves_the_same_record(self, folder):
        write(folder, b="1", a="2")
        before = path_of(folder, "job").read_bytes()
        write(folder, a="2", b="1")
        assert path_of(folder, "job").read_bytes() == before

    def test_what_an_earlier_call_wrote_and_this_one_not_is_deleted(self, folder):
        write(folder, a="1", b="1")
        write(folder, a="2")
        assert names(folder) == ["a"]

    def test_what_others_put_there_stays(self, folder):
        write(folder, a="1")
        (folder / "thesis.txt").write_text("mine")
        (folder / "photos").mkdir()
        record = write(folder, a="2")
        assert names(folder) == ["a", "photos", "thesis.txt"]
        assert foreign_to(record.path) == [folder / "thesis.txt"]

    def test_what_others_put_where_a_job_writes_gets_another_name(self, folder):
        write(folder, a="1")
        for text in ("mine", "mine, too"):
            (folder / "b").write_text(text)
            write(folder, a="1", b="2")
            write(folder, a="1")
        (folder / "b").symlink_to(folder / "a")
        record = write(folder, b="2")
        assert record.set_aside == [folder / "b.kept2"]
        assert (folder / "b.kept").read_text() == "mine"
        assert (folder / "b.kept1").read_text() == "mine, too"
        assert (folder / "b.kept2").is_symlink()
        assert (folder / "b").read_text() == "2"

    def test_what_a_job_wrote_and_somebody_changed_is_written_again(self, folder):
        write(folder, a="1")
        (folder / "a").write_text("changed by hand")
        write(folder, a="1")
        assert names(folder) == ["a"]

    def test_a_file_that_a_killed_job_had_no_time_to_note_is_its_own(self, folder):
        with contextlib.suppress(ValueError), recorded(folder, "job", "a") as record:
            record.begins(folder / "a", folder / ".a.1.part")
            (folder / "a").write_text("whole")
            raise ValueError  # killed between the file's new name and the line about it
        record = write(folder, a="1")
        assert record.set_aside == []

    def test_a_record_of_another_job_that_can_t_be_read_stops_nothing(self, folder):
        (folder / ".records").mkdir()
        path_of(folder, "other").write_text("{")
        (folder / "mine").write_text("mine")
        record = write(folder, a="1")
        assert foreign_to(record.path) == []
        assert read_record(record.path).closed

    def test_what_somebody_changed_stays(self, folder):
        write(folder, a="1", b="1")
        (folder / "b").write_text("changed by hand")
        write(folder, a="2")
        assert (folder / "b").read_text() == "changed by hand"

    def test_a_link_in_the_place_of_a_file_stays_and_so_does_what_it_leads_to(self, folder):
        write(folder, a="1", b="1")
        diary = folder.parent / "diary"
        diary.write_text("1")  # even of the same content
        (folder / "b").unlink()
        (folder / "b").symlink_to(diary)
        write(folder, a="2")
        assert (folder / "b").is_symlink()
        assert diary.read_text() == "1"

    def test_nothing_is_written_or_deleted_through_a_link_to_another_folder(self, folder, tmp_path):
        with recorded(folder, "job", "a"):
            write_text(folder / "inner" / "a", "1")
        elsewhere = tmp_path / "elsewhere"
        (folder / "inner").rename(elsewhere)
        (folder / "inner").symlink_to(elsewhere)
        words = rf"{folder}/inner leads to {elsewhere}, out of {folder}"
        with (
            pytest.raises(LeadsOutsideError, match=words),
            recorded(folder, "job", "a"),
        ):
            write_text(folder / "inner" / "a", "2")
        write(folder, b="1")
        assert (elsewhere / "a").read_text() == "1"

    def test_a_study_may_be_a_link(self, folder, tmp_path):
        (tmp_path / "link").symlink_to(folder)
        with recorded(tmp_path / "link", "job", "a"):
            write_text(tmp_path / "link" / "a", "1")
        assert read_text(tmp_path / "link" / "a") == "1"

    def test_a_job_that_is_called_otherwise_now_takes_its_files_over(self, folder):
        write(folder, a="1", b="1")
        with recorded(folder, "renamed", "a"):
            write_text(folder / "a", "2")
        check(folder / "a")
        assert read_record(path_of(folder, "job")).files.keys() == {"b"}
        check(folder / "b")
        with recorded(folder, "renamed", "b"):
            write_text(folder / "a", "3")
            write_text(folder / "b", "3")
        assert not path_of(folder, "job").exists()
        assert names(folder) == ["a", "b"]

    def test_what_a_record_without_the_job_s_name_knows_is_the_job_s(self, folder):
        """Records of earlier versions say less."""
        write(folder, a="1", b="1")
        path = path_of(folder, "job")
        about, *others, _, _ = path.read_bytes().split(b"\n")
        lines = [about.replace(b'"job": "job", ', b""), *others]
        assert lines[0] != about
        path.write_bytes(b"\n".join([*lines, line_of(closed=digest_of(lines))]) + b"\n")
        assert read_record(path).is_of_its_name
        assert write(folder, a="2").set_aside == []
        assert names(folder) == ["a"]

    def test_what_other_jobs_have_under_way_stays_theirs(self, folder):
        with recorded(folder, "first", "a") as first:
            write_text(folder / "a", "1")
            with recorded(folder, "second", "b"):
                first.begins(folder / "c", folder / ".c.part")
        assert read_record(first.path).files.keys() == {"a"}

    def test_a_failed_job_knows_what_was_there_before(self, folder):
        write(folder, a="1", b="1")
        write_and_fail(folder, c="2")
        assert names(folder) == ["a", "b", "c"]
        write(folder, a="3")
        assert names(folder) == ["a"]

    def test_a_part_that_a_killed_job_left_is_deleted_and_no_other(self, folder):
        killed = (
            "import os, sys; from pathlib import Path\n"
            "from onset.store.atomic import atomic_path\n"
            "from onset.store.recording import recorded\n"
            "folder = Path(sys.argv[1])\n"
            "with recorded(folder, 'job', 'a'), atomic_path(folder / 'a') as part:\n"
            "    part.write_text('half')\n"
            "    os._exit(1)\n"
        )
        subprocess.run([sys.executable, "-c", killed, str(folder)], check=False)
        (folder / ".a.0123abcd.part").write_text("mine")
        assert len(names(folder)) == 2
        write(folder, a="whole")
        assert names(folder) == [".a.0123abcd.part", "a"]

    def test_a_process_that_a_job_starts_is_on_its_record(self, folder):
        script = (
            "import sys; from pathlib import Path\n"
            "from onset.store.atomic import write_text\n"
            "write_text(Path(sys.argv[1]) / 'figures' / 'a.csv', 'x')\n"
        )
        with recorded(folder, "job", "a") as record:
            subprocess.run([sys.executable, "-c", script, str(folder)], check=True)
            assert record.written.keys() == {"figures/a.csv"}

    def test_of_several_records_a_file_is_on_that_of_its_own_folder(self, tmp_path):
        one, other = tmp_path / "one", tmp_path / "other"
        with recorded(one, "job", "a") as first, recorded(other, "job", "a") as second:
            write_text(one / "a", "1")
            write_text(other / "b", "2")
        assert read_record(first.path).files.keys() == {"a"}
        assert read_record(second.path).files.keys() == {"b"}

    def test_a_kept_file_must_be_what_it_was(self, folder):
        write(folder, a="1", b="1")
        with recorded(folder, "job", "a") as record:
            record.keep(folder / "a")
            (folder / "b").write_text("2")
            with pytest.raises(DamagedFileError, match="isn't what an earlier call wrote"):
                record.keep(folder / "b")
        assert read_record(record.path).files.keys() == {"a"}

    def test_only_what_is_on_record_is_discarded(self, folder):
        (folder / "mine").write_text("mine")
        with recorded(folder, "job", "a") as record:
            write_text(folder / "a", "1")
            record.discard(folder / "a")
            record.discard(folder / "mine")
        assert names(folder) == ["mine"]
        assert read_record(record.path).files == {}


class TestReading:
    READERS = (read_text, read_json, read_yaml, read_csv)

    def test_what_was_written_is_read(self, folder):
        write(folder, a='{"x": [1]}')
        assert read_json(folder / "a") == {"x": [1]}
        assert read_yaml(folder / "a") == {"x": [1]}
        write(folder, a='x,y\n1,"a\nb"\n')
        assert read_csv(folder / "a") == [["x", "y"], ["1", "a\nb"]]

    @pytest.mark.parametrize("read", READERS)
    def test_what_no_job_wrote_is_refused(self, folder, read):
        (folder / "a").write_text("{}")
        with pytest.raises(DamagedFileError, match=r"study/a: no record says that Onset wrote it"):
            read(folder / "a")

    @pytest.mark.parametrize("read", READERS)
    def test_an_edit_is_noticed_and_the_command_named(self, folder, read):
        write(folder, a="{}")
        (folder / "a").write_text("{} ")
        words = r"study/a: altered since it was written; .*snakemake --cores all --forcerun .*/a$"
        with pytest.raises(DamagedFileError, match=words):
            read(folder / "a")

    @pytest.mark.parametrize("read", READERS)
    def test_what_is_missing_is_missing(self, folder, read):
        write(folder, a="{}")
        (folder / "a").unlink()
        for name in ("a", "b"):
            with pytest.raises(FileNotFoundError):
                read(folder / name)

    def test_a_folder_under_another_name_is_another_s(self, folder):
        write(folder, a="{}")
        folder.rename(folder.with_name("other"))
        with pytest.raises(DamagedFileError, match=r"belongs to study, as .*other/.records/job"):
            check(folder.with_name("other") / "a")

    @pytest.mark.parametrize(
        "content",
        ["", "{", "[" * 100_000, "{a: &a [1], b: *a}", "\x00", "x: !!python/name:os.system", "5"],
        ids=["empty", "truncated", "deep", "alias", "nul", "object", "number"],
    )
    @pytest.mark.parametrize("read", [read_json, read_yaml])
    def test_a_stranger_s_file_with_a_record_of_its_own_is_one_error(self, folder, content, read):
        (folder / "a").write_text(content)
        put_on_record(folder)
        if content == "5" and read is read_json:
            return
        with pytest.raises(DamagedFileError, match=r"study/a: not (JSON|YAML) that Onset writes"):
            read(folder / "a")

    @pytest.mark.parametrize("read", READERS)
    def test_what_is_no_text_is_one_error(self, folder, read):
        (folder / "a").write_bytes(b"\xff\xfe")
        put_on_record(folder)
        with pytest.raises(DamagedFileError, match=r"study/a: isn't UTF-8 text"):
            read(folder / "a")


class TestDamagedRecords:
    def test_any_edit_of_a_closed_record_is_noticed(self, folder):
        path = write(folder, a="1").path
        lines = path.read_text().splitlines(keepends=True)
        for edited in ([], lines[:1], lines[1:], [lines[0].replace("study", "other"), *lines[1:]]):
            path.write_text("".join(edited))
            with pytest.raises(DamagedFileError):
                check(folder / "a")

    @pytest.mark.parametrize("name", ["../a", "/etc/passwd", "", "a\0", "a\ud800"])
    def test_a_name_that_leads_out_is_refused(self, folder, name):
        path = write(folder, a="1").path
        first = path.read_text().splitlines()[0]
        line = json.dumps({"file": name, "sha256": "0"})
        path.write_text(f"{first}\n{line}\n")
        with pytest.raises(DamagedFileError, match=r"leads out of the folder|no name of a file"):
            read_record(path)

    def test_a_record_that_can_t_be_read_deletes_nothing(self, folder):
        path = write(folder, a="1", b="1").path
        path.write_text("{")
        write(folder, a="2")
        assert names(folder) == ["a", "a.kept", "b"]
        assert (folder / "a.kept").read_text() == "1"

    def test_a_line_that_a_killed_job_had_no_time_to_write_does_no_harm(self, folder):
        write_and_fail(folder, a="1")
        path = path_of(folder, "job")
        with path.open("a") as file:
            file.write('{"file": "b", "sha')
        assert read_record(path).files.keys() == {"a"}

    def test_a_record_is_not_written_through_a_link(self, folder, tmp_path):
        diary = tmp_path / "diary"
        diary.write_text("dear diary")
        (folder / ".records").mkdir()
        os.symlink(diary, path_of(folder, "job"))  # noqa: PTH211
        write(folder, a="1")
        assert diary.read_text() == "dear diary"
