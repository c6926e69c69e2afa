"""A job's environment: the user's, minus anything that would change what the job makes.

Everything that a job should do is in the config. A variable that a shell exports for another program must
change no number, figure or notebook; one that says where something is (libraries, a GPU, downloaded
weights, certificates, a cluster) belongs to the machine, and stays.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import onset

_SOCKET_ROOM = 88
"""bytes of a folder's path that leave room for a socket's name: 103 on macOS, 107 on Linux"""

# What a variable's name begins with that no job gets to see, by what it would change.
_DROPPED = (
    # other modules, start-up files, warnings, flags, hash seed and encodings of Python
    *("PYTHON", "IPYTHON", "JUPYTER", "JPY_", "NBCONVERT", "PAPERMILL", "PYDEVD", "TQDM_"),
    # how figures look and where they go, how tables are read and shown
    *("MPL", "MATPLOTLIB", "PANDAS_", "SOURCE_DATE_EPOCH", "FORCE_SOURCE_DATE"),
    # the last digits: other kernels, other precision, other ways to add up (not how many threads)
    *("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "GOTO_", "BLIS_", "VECLIB_", "NUMEXPR_"),
    *(
        "DNNL_",
        "ONEDNN_",
        "ATEN_",
        "NPY_",
        "NUMPY_",
        "SCIPY_",
        "SKLEARN_",
        "ARROW_",
        "GLIBC_TUNABLES",
    ),
    *("TORCH", "PYTORCH_", "CUBLAS", "CUDNN_", "NVIDIA_TF32_OVERRIDE"),
    # what the shell that starts a job does before it
    *("BASH_ENV", "BASH_FUNC_", "BASHOPTS", "SHELLOPTS", "CDPATH", "GLOBIGNORE", "POSIXLY_CORRECT"),
    # languages, and the size and colours of a terminal
    *("LC_", "LANG", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CLICOLOR"),
)
# What begins so and stays.
_KEPT = (
    # where bytecode is kept changes no result, and some folders can't be written to
    *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
    # how memory is taken, and where weights lie
    *("PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF", "TORCH_HOME"),
)
# How many threads Snakemake grants a job: it sets each of them to the rule's `threads`.
_THREADS = (
    *("OMP_NUM_THREADS", "GOTO_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS"),
)
# What a notebook doesn't get to see, either: its home is empty, and no clock is to be read there.
_DROPPED_IN_NOTEBOOKS = ("XDG_", "TZ")


def of_job(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a job, given the one in which it was asked for."""
    return {
        **{
            name: value
            for name, value in environment.items()
            if not name.startswith(_DROPPED) or name in _KEPT or name in _THREADS
        },
        "PYTHONPATH": str(Path(onset.__file__).parents[1]),  # the code that asked, no other
        "PYTHONSAFEPATH": "1",  # no module from the current folder
        "PYTHONNOUSERSITE": "1",  # none from the home
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "TQDM_DISABLE": "1",  # progress bars, which neither a log nor a page can show
        # A fixed date in every file that has one, so that the same results give the same bytes.
        "SOURCE_DATE_EPOCH": "0",
    }


def of_server(environment: Mapping[str, str], threads: int) -> dict[str, str]:
    """That of a process which holds libraries for jobs of so many threads: they read it once."""
    return {**of_job(environment), **dict.fromkeys(_THREADS, str(threads))}


def of_notebook(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment of a notebook's kernel.

    Args:
        environment: the one in which it was asked for.
        home: an empty folder in place of the user's: nobody's settings, and caches that can be written.
    """
    caches = environment.get("XDG_CACHE_HOME") or f"{environment.get('HOME', home)}/.cache"
    kept = of_job(environment).items()
    return {
        "HF_HOME": f"{caches}/huggingface",  # weights that were downloaded into the user's home
        **{name: value for name, value in kept if not name.startswith(_DROPPED_IN_NOTEBOOKS)},
        "HOME": str(home),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPL_IGNORE_SYSTEM_FONTS": "1",  # those that come with matplotlib are the same everywhere
    }


def settle() -> None:
    """Give this process, and all that it starts from here on, the environment of a job."""
    settled = of_job(os.environ)
    os.environ.clear()
    os.environ.update(settled)


@contextlib.contextmanager
def settled(environment: Mapping[str, str]) -> Iterator[None]:
    """Within it, this process has another environment."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def new_folder() -> Path:
    """A new temporary folder whose path is short enough for the sockets in it; `remove` takes it away.

    Raises:
        OSError: there is no such place on this machine.
    """
    for place in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        with contextlib.suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix="onset-", dir=place)).resolve()
            if len(os.fsencode(folder)) <= _SOCKET_ROOM:
                return folder
            folder.rmdir()
    raise OSError(
        f"no folder for sockets: {tempfile.gettempdir()} has too long a path, and neither /tmp nor "
        "/var/tmp can be written to; point TMPDIR to a short one"
    )


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """`new_folder`, for as long as it is needed."""
    folder = new_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
