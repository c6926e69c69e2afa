"""What lies in the way of jobs is named before any work; what is only strange may stay."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from onset.workflow import places
from tests.files import contents, put_on_record

RUN = "results/alias/tied/seed_0"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def root(tmp_path):
    """A project with a run, and a folder of the user's beside it."""
    for folder in (f"{RUN}/checkpoints", f"{RUN}/.records", "results/alias/figures", "home"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / RUN / "dataset.safetensors").write_text("data")
    (tmp_path / "home/thesis.txt").write_text("mine")
    return tmp_path


@pytest.fixture
def closed(monkeypatch):
    """A folder that may not be read, also for root, who runs tests in containers."""
    scandir = os.scandir

    def close(folder):
        def denied(path):
            raise PermissionError(13, "Permission denied", str(path))

        def below(path):
            return Path(path).absolute().is_relative_to(folder)

        monkeypatch.setattr(os, "scandir", lambda p: denied(p) if below(p) else scandir(p))

    return close


def obstacles(results="results"):
    return places.obstacles(Path(results), {"alias": {"tied": (0, 1)}})


def test_nothing_is_in_the_way(root):
    assert obstacles() == []
    assert obstacles("not/yet") == []


def test_what_is_only_strange_may_stay(root):
    (root / RUN / "mine.txt").write_text("mine")
    (root / RUN / "checkpoints/sub").mkdir()
    (root / RUN / "checkpoints/link.txt").symlink_to(root / "home/thesis.txt")
    (root / "results/alias/notes").symlink_to(root / "home")
    (root / "results/.DS_Store").write_text("")
    assert obstacles() == []


@pytest.mark.parametrize(
    "folder",
    [
        *(f"{RUN}/checkpoints", f"{RUN}/.records", RUN, "results/alias/tied"),
        *("results/alias/figures", "results/alias/settings"),
    ],
)
def test_a_link_out_of_the_study_is_refused_with_both_paths(root, folder):
    (root / folder).mkdir(exist_ok=True)
    (root / folder).rename(root / "moved")
    (root / folder).symlink_to(root / "moved")
    before = contents(root)
    (said,) = obstacles()
    assert said.startswith(f"{folder} leads to {root}/moved: jobs would write there, ")
    assert contents(root) == before


def test_a_link_to_another_run_is_refused(root):
    (root / RUN).rename(root / RUN.replace("seed_0", "seed_1"))
    (root / RUN).symlink_to("seed_1")
    (said,) = obstacles()
    assert said.startswith(f"{RUN} leads to {root}/{RUN.replace('seed_0', 'seed_1')}: ")


@pytest.mark.parametrize("folder", ["results", "results/alias"])
def test_results_and_a_study_may_be_links_to_another_disk(root, folder):
    (root / folder).rename(root / "disk")
    (root / folder).symlink_to(root / "disk")
    assert obstacles() == []


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("config", "and config is the project's own; give it a folder to itself"),
        (".", "in which the project lies; give it"),
        ("results/other", "and other results lie there, too; give it"),
        ("results", "and other results lie there, too; give it"),
    ],
)
def test_a_study_leads_neither_into_results_nor_into_the_project_s_own(root, target, says):
    (root / "results/alias").rename(root / "gone")
    (root / target).mkdir(parents=True, exist_ok=True)
    (root / "results/alias").symlink_to(root / target)
    (said,) = obstacles()
    assert said.startswith(f"results/alias leads to {(root / target).resolve()}, ")
    assert says in said


def test_two_studies_do_not_share_a_folder(root):
    (root / "disk").mkdir()
    for name in ("one", "two"):
        (root / "results" / name).symlink_to(root / "disk")
    (said,) = places.obstacles(Path("results"), {"one": {}, "two": {}})
    assert said.startswith(f"results/two leads to {root}/disk, and so does results/one; give it")
    (root / "results/two").unlink()
    (root / "results/two").symlink_to("alias")
    for order in (("alias", "two"), ("two", "alias")):
        (said,) = places.obstacles(Path("results"), {name: {} for name in order})
        assert said.startswith(f"results/two leads to {root}/results/alias, and ")


@pytest.mark.parametrize(
    "folder", ["results", "results/alias", "results/alias/tied", f"{RUN}/checkpoints"]
)
def test_a_folder_that_is_closed_is_named(root, folder, closed):
    closed(root / folder)
    assert obstacles() == [f"{folder} is closed to you: change its permissions"]


def test_a_log_folder_that_leads_out_is_refused(root):
    (root / "results/logs/alias").mkdir(parents=True)
    (root / "results/logs/alias/tied").symlink_to(root / "home")
    (said,) = obstacles()
    assert "results/logs/alias/tied leads to" in said


@pytest.mark.parametrize(
    ("target", "words"),
    [("nowhere", "leads to nothing (nowhere)"), ("it", "leads to itself (it)")],
)
@pytest.mark.parametrize(
    "place", ["it", "results/alias", f"{RUN}/checkpoints", f"{RUN}/dataset.safetensors"]
)
def test_broken_links_are_named(root, place, target, words):
    path = root / place
    if path.exists():
        path.rename(root / "gone")
    path.symlink_to(path.name if target == "it" else target)
    (said,) = obstacles("it" if place == "it" else "results")
    assert said.startswith(f"{place} is a link that leads to ")
    assert words.split(" (")[0] in said


@pytest.mark.parametrize(
    "place", ["results/alias/summary.csv", f"{RUN}/dataset.safetensors", "results/index.html"]
)
def test_what_is_no_file_is_named_at_once(root, place):
    path = root / place
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    assert obstacles() == [f"{place} is a FIFO, and reading it might never end; move it away"]
    path.unlink()
    path.mkdir()
    assert obstacles() == [f"{place} is a folder, and a file is expected there; move it away"]
    path.rmdir()
    path.symlink_to("/dev/zero")
    assert obstacles() == [f"{place} is a device, and reading it might never end; move it away"]
    path.unlink()
    with socket.socket(socket.AF_UNIX) as its:
        os.chdir(path.parent)
        its.bind(path.name)
        os.chdir(root)
    assert obstacles() == [f"{place} is a socket, and reading it might never end; move it away"]


@pytest.mark.parametrize("place", ["results", "results/alias", f"{RUN}/checkpoints"])
def test_a_file_in_the_place_of_a_folder_is_named(root, place):
    (root / place).rename(root / "gone")
    (root / place).write_text("notes")
    assert obstacles() == [f"{place} is a file, and a folder is expected there; move it away"]


class TestUnrecorded:
    """Files that lie where jobs write, though none has written there yet."""

    WRITTEN = (
        *("results/index.html", "results/logs/times.js", "results/alias/settings/pages.json"),
        *(
            "results/alias/summary.csv",
            "results/alias/figures/a.pdf",
            "results/alias/tied/index.html",
        ),
        *(f"{RUN}/dataset.safetensors", f"{RUN}/checkpoints/index.json"),
    )

    def said(self) -> str | None:
        return places.unrecorded(Path("results"), self.WRITTEN)

    def test_nothing_is_there_yet(self):
        assert self.said() is None

    @pytest.mark.parametrize(
        "name", [n for n in WRITTEN if "logs/" not in n and "settings/" not in n]
    )
    def test_somebody_s_file_is_named(self, tmp_path, name):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("mine")
        assert self.said().startswith(
            f"{name}: jobs would write there, and no record says that Onset"
        )

    @pytest.mark.parametrize(
        ("name", "folder"),
        [
            ("results/index.html", "results"),
            ("results/alias/tied/index.html", "results/alias"),
            (f"{RUN}/checkpoints/index.json", RUN),
        ],
    )
    def test_where_a_job_has_written_it_is_its_own(self, tmp_path, name, folder):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("ours")
        assert self.said()
        put_on_record(tmp_path / folder)
        assert self.said() is None

    def test_another_s_file_among_what_jobs_wrote_is_named(self, tmp_path):
        for name in ("results/alias/summary.csv", "results/alias/figures/a.pdf"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("")
            if name.endswith(".csv"):
                put_on_record(tmp_path / "results/alias")
        assert self.said().startswith("results/alias/figures/a.pdf: jobs would write there")

    def test_what_is_forced_may_be_anybody_s(self, tmp_path):
        (tmp_path / "results").mkdir()
        (tmp_path / "results/index.html").write_text("")
        assert places.unrecorded(Path("results"), self.WRITTEN, {"results/index.html"}) is None

    @pytest.mark.parametrize("name", ["results/logs/times.js", "results/alias/settings/pages.json"])
    def test_what_has_no_record_is_not_missed(self, tmp_path, name):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{}")
        assert self.said() is None
