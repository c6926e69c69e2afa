"""A second smoke run, in another folder and with the network cut, gives the same bytes as the first.

Of two studies, one with analyses and one with parents: the others take the same road. That the paper is
the same to the byte is in tests/faults.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.files import contents
from tests.results.conftest import smoke_command
from tests.workflow.conftest import copy_sources

pytestmark = pytest.mark.smoke

# A network of its own that has nothing in it; who isn't root takes a user of its own as well.
CUT = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--net")


def can_cut() -> bool:
    return bool(shutil.which("unshare")) and not subprocess.run([*CUT, "true"]).returncode


@pytest.fixture(scope="module")
def again(tmp_path_factory) -> Path:
    """The results of the second run."""
    root = tmp_path_factory.mktemp("again")
    copy_sources(root)
    cut = CUT if can_cut() else ()
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    command = [*cut, *smoke_command("studies=[alias,definitions]", "paper=false")]
    result = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-4000:]
    return root / "results/smoke"


def test_every_byte_is_the_same(smoke: Path, again: Path):
    first, second = contents(smoke), contents(again)
    for name in ("index.html", ".records/gallery.jsonl"):
        del second[name]  # the front page lists the studies, and links to the paper
    heads = {name for name in second if name.startswith("atlas/studies/")}
    studies = ("alias", "definitions")
    assert heads == {
        *(f"atlas/studies/{its}.parquet" for its in studies),
        *(f"atlas/studies/.records/collect_of_{its}.jsonl" for its in studies),
    }
    for name in [name for name in second if name.startswith("atlas/")]:
        if name not in heads:  # the atlas is of all studies
            del second[name]
    assert {"csv", "html", "parquet", "pdf", "safetensors"} <= {
        n.rpartition(".")[2] for n in second
    }
    # The first folder may hold more, from before an edit.
    assert [name for name in second if second[name] != first.get(name)] == []


def test_no_network_was_needed(again: Path):
    if not can_cut():
        pytest.skip("this kernel doesn't let the network be cut")
    there = subprocess.run([*CUT, "cat", "/proc/net/dev"], capture_output=True, text=True).stdout
    _, _, *devices = there.splitlines()
    assert [device.split(":")[0].strip() for device in devices] == ["lo"]
    assert (again / "index.html").exists()


def test_no_file_can_run_code_when_it_is_read(again: Path):
    """No pickle, under whatever name."""
    kinds = {Path(name).suffix for name in contents(again)}
    assert kinds <= {
        *(".safetensors", ".parquet", ".json", ".jsonl", ".yaml", ".csv"),
        *(".ipynb", ".html", ".png", ".pdf", ".tex", ".bib"),
    }
    for name, content in contents(again).items():
        if not name.endswith(".safetensors"):  # which begin with a length
            assert not content.startswith((b"\x80", b"PK")), name
