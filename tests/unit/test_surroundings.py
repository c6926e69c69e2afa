"""What of a user's environment reaches a job, and where its sockets go."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
import pytest

import onset
from onset.figures.style import use_style
from onset.gallery.curves import learning_curves
from onset.stages import surroundings
from onset.statistics.quantities import Quantity
from tests import strangers

MACHINE = {
    **{"PATH": "/bin", "HOME": "/home/me", "USER": "me", "TMPDIR": "/scratch", "TERM": "xterm"},
    **{"LD_LIBRARY_PATH": "/cuda", "CUDA_VISIBLE_DEVICES": "1", "SLURM_JOB_ID": "7"},
    **{"HF_TOKEN": "secret", "HTTPS_PROXY": "http://p", "SSL_CERT_FILE": "/a.pem"},
    **{"PYTHONDONTWRITEBYTECODE": "1", "TORCH_HOME": "/weights", "OMP_NUM_THREADS": "2"},
}
SETTLED = {"PYTHONPATH", "PYTHONSAFEPATH", "PYTHONNOUSERSITE", "PYTHONHASHSEED", "PYTHONUTF8"}


class TestOfAJob:
    def test_what_is_the_machines_stays(self):
        found = surroundings.of_job(MACHINE)
        assert found.items() >= MACHINE.items()
        assert found.keys() - MACHINE.keys() == SETTLED | {"SOURCE_DATE_EPOCH", "TQDM_DISABLE"}

    def test_what_would_change_a_result_goes(self, tmp_path):
        alone = surroundings.of_job(MACHINE)
        strange = strangers.variables(tmp_path)
        for its in ("HOME", "TZ", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):  # a notebook's alone
            strange.pop(its)
        for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # Snakemake's to say
            strange.pop(threads)
        assert surroundings.of_job({**MACHINE, **strange}) == alone

    def test_it_runs_the_code_that_asked(self):
        path = surroundings.of_job({"PYTHONPATH": "/mine"})["PYTHONPATH"]
        assert Path(path, "onset").samefile(Path(onset.__file__).parent)

    def test_settled_twice_is_settled(self, monkeypatch):
        monkeypatch.setattr(os, "environ", {**MACHINE, **strangers.variables(Path("/home/me"))})
        surroundings.settle()
        once = dict(os.environ)
        surroundings.settle()
        assert os.environ == once == surroundings.of_job(once)

    def test_libraries_that_a_server_holds_have_the_jobs_threads(self):
        for threads in (1, 3):
            its = surroundings.of_server(MACHINE, threads)
            assert {its[name] for name in its if name.endswith("THREADS")} == {str(threads)}


class TestOfANotebook:
    def test_a_home_of_its_own(self, tmp_path):
        home = tmp_path / "home"
        alone = surroundings.of_notebook(MACHINE, home)
        strange = surroundings.of_notebook({**MACHINE, **strangers.variables(tmp_path)}, home)
        differ = {name for name in {*alone, *strange} if alone.get(name) != strange.get(name)}
        # Where weights lie is the home's; threads are Snakemake's to say.
        assert differ == {"HF_HOME", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
        assert strange["HOME"] == str(home)
        assert strange["HF_HOME"] == f"{tmp_path}/.cache/huggingface"

    @pytest.mark.parametrize(
        ("variables", "weights"),
        [
            ({"XDG_CACHE_HOME": "/caches"}, "/caches/huggingface"),
            ({"HF_HOME": "/weights", "XDG_CACHE_HOME": "/caches"}, "/weights"),
            ({"HOME": "/home/me"}, "/home/me/.cache/huggingface"),
            ({}, "/new/.cache/huggingface"),
        ],
    )
    def test_weights_stay_where_they_are(self, variables, weights):
        assert surroundings.of_notebook(variables, Path("/new"))["HF_HOME"] == weights


class TestFolderForSockets:
    def made(self) -> Path:
        """A folder, in which a socket can be opened, and which goes."""
        with surroundings.short_folder() as folder, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "kernel-10"))
        assert not folder.exists()
        return folder

    @pytest.mark.parametrize("name", ["a_long_name_" * 9, "gone", "a file"])
    def test_where_the_temporary_folder_will_not_do(self, tmp_path, monkeypatch, name):
        place = tmp_path / name
        if name == "a file":
            place.touch()
        elif name != "gone":
            place.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        assert place not in self.made().parents
        assert not place.is_dir() or not [*place.iterdir()]

    def test_where_it_will_do(self, monkeypatch):
        with tempfile.TemporaryDirectory(dir="/tmp") as place:
            monkeypatch.setattr(tempfile, "tempdir", place)
            assert Path(place).resolve() in self.made().parents

    def test_where_nothing_will_do(self, monkeypatch):
        monkeypatch.setattr(tempfile, "mkdtemp", lambda **_: (_ for _ in ()).throw(OSError))
        with pytest.raises(OSError, match="point TMPDIR to a short one"):
            surroundings.new_folder()


class TestMatplotlib:
    STRANGE = {
        "savefig.bbox": "tight",
        "text.usetex": True,
        "lines.linewidth": 9,
        "axes.grid": True,
    }

    def test_the_style_is_the_same_after_whatever_was_set(self):
        with mpl.rc_context():
            use_style()
            alone = dict(mpl.rcParams)
            mpl.rcParams.update(self.STRANGE)
            use_style()
            assert dict(mpl.rcParams) == alone

    def test_so_are_the_curves_of_a_page(self):
        import pandas as pd

        log = pd.DataFrame({"step": [0, 1], "loss": [1.0, 0.5]})
        measures = pd.DataFrame({"step": [0, 1], "measure": "accuracy", "split": "a", "value": 0.5})
        quantities = {"accuracy": Quantity("accuracy", "share", "accuracy", 2)}
        alone = learning_curves([log], [measures], quantities)
        with mpl.rc_context(self.STRANGE):
            assert learning_curves([log], [measures], quantities) == alone


NOTEBOOK = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
seeds = []

# %%
import os, sys
import matplotlib.pyplot as plt
import pandas as pd
from onset.figures.style import use_style

use_style()
plt.plot([1, 2])
plt.show()

# %%
print(sys.executable, sys.flags, sys.path, sorted(n for n in os.environ if "THREADS" not in n))
1
pd.DataFrame({"a": [1.23456789]})
"""
EXECUTE = """\
import hashlib, json, sys
from pathlib import Path

from onset.stages import notebook

path, folder = map(Path, sys.argv[1:])
executed = notebook.execute(notebook.read_notebook(path), {"seeds": [0]}, folder)
print(json.dumps([executed.cells, notebook.to_html(executed, "tiny")]))
"""


@pytest.mark.slow
def test_a_notebook_is_the_same_in_the_home_of_a_stranger(tmp_path):
    """The stage alone, as one calls it by hand; tests/faults runs all of them."""
    (tmp_path / "tiny.py").write_text(NOTEBOOK)
    home = tmp_path / "home"
    strangers.files_of_a_home(home)
    made = []
    plain = {**surroundings.of_job(os.environ), "HOME": str(tmp_path / "gone")}
    strange = {**os.environ, **strangers.variables(home), "PYTHONPATH": ""}
    for name, variables in (("empty", plain), ("strange", strange)):
        folder = tmp_path / name
        folder.mkdir()
        if name == "strange":
            strangers.files_of_a_folder(folder)
        done = subprocess.run(
            [sys.executable, "-P", "-c", EXECUTE, str(tmp_path / "tiny.py"), "study"],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        made.append(json.loads(done.stdout.splitlines()[-1]))
    kinds = [
        kind
        for cell in made[0][0]
        for out in cell.get("outputs", ())
        for kind in out.get("data", ())
    ]
    assert kinds == ["image/png", "text/plain", "text/html", "text/plain"]
    assert made[0] == made[1]
