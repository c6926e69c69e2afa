"""Homes, shells and folders of people who use the same tools for other things."""

from __future__ import annotations

import sys
from pathlib import Path

# Each changed the bytes of a figure, a notebook or a table, or stopped a job.
_HOME = {
    ".ipython/profile_default/startup/00.py": "import pandas; pandas.set_option('display.precision', 2)\n"
    "print('hello from the home')\n",
    ".ipython/profile_default/ipython_config.py": "c = get_config()\n"
    "c.InteractiveShell.ast_node_interactivity = 'all'\n",
    ".ipython/profile_default/ipython_kernel_config.py": "c = get_config()\n"
    "c.InlineBackend.figure_formats = {'svg'}\n"
    "c.IPKernelApp.exec_lines = ['print(1)']\n",
    ".jupyter/jupyter_config.py": "c = get_config()\nc.KernelManager.ip = '10.0.0.1'\n",
    ".jupyter/jupyter_nbconvert_config.py": "c = get_config()\nc.HTMLExporter.exclude_input = True\n",
    ".local/share/jupyter/kernels/python3/kernel.json": '{"argv": ["false"], "display_name": "Mine", '
    '"language": "python"}\n',
    ".local/share/jupyter/nbconvert/templates/basic/index.html.j2": "mine\n",
    ".config/matplotlib/matplotlibrc": "savefig.bbox: tight\ntext.usetex: True\n",
    ".pythonrc": "print('hello from the start-up file')\n",
    ".bashenv": "echo hello from the shell\ncd /\n",
    "modules/seaborn.py": "raise RuntimeError('a module of the same name')\n",
    "modules/torch.py": "raise RuntimeError('a module of the same name')\n",
}
_FOLDER = {
    "matplotlibrc": "savefig.bbox: tight\nfont.size: 30\nno.such.key: 1\n",
    "ipython_config.py": "c = get_config()\nc.InteractiveShellApp.exec_lines = ['print(2)']\n",
    "ipython_kernel_config.py": "c = get_config()\nc.InlineBackend.figure_formats = {'svg'}\n",
    "basic/index.html.j2": "mine\n",
    "seaborn.py": "raise RuntimeError('a module of the same name')\n",
    "random.py": "raise RuntimeError('a module of the same name')\n",
}
_ARITHMETIC = {
    # Each takes other kernels, which round otherwise.
    "ATEN_CPU_CAPABILITY": "default",
    "DNNL_MAX_CPU_ISA": "SSE41",
    "MKL_CBWR": "COMPATIBLE",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3",
    "OPENBLAS_CORETYPE": "Prescott",
    "OMP_NUM_THREADS": "3",
    "OPENBLAS_NUM_THREADS": "3",
}


def files_of_a_home(home: Path) -> None:
    """Settings and start-up files, where their tools look for them."""
    _write(home, _HOME)


def files_of_a_folder(folder: Path) -> None:
    """Likewise in the folder in which everything runs."""
    _write(folder, _FOLDER)


def variables(home: Path) -> dict[str, str]:
    """What a shell exports for other programs."""
    there = home / ".config/matplotlib"
    return {
        **_ARITHMETIC,
        "HOME": str(home),
        "BASH_ENV": str(home / ".bashenv"),
        "BASH_FUNC_python%%": "() { false; }",
        "COLUMNS": "20",
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_PATH": str(home / ".local/share/jupyter"),
        "LC_ALL": "C",
        "LINES": "5",
        "MATPLOTLIBRC": str(there / "matplotlibrc"),
        "MPLBACKEND": "TkAgg",
        "MPLCONFIGDIR": str(there),
        "NO_COLOR": "1",
        "PANDAS_FUTURE_INFER_STRING": "0",
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": str(home / "modules"),
        "PYTHONSTARTUP": str(home / ".pythonrc"),
        "PYTHONWARNINGS": "always",
        "SOURCE_DATE_EPOCH": "1700000000",
        "TZ": "Asia/Kathmandu",
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
    }


def module_of_the_home(home: Path) -> str:
    """A file in the home that Python imports by itself at every start."""
    site = (
        f"{home}/.local/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    )
    return f"{site}/usercustomize.py"


def _write(top: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
