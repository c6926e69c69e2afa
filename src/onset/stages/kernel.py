"""The kernel that runs a study's notebook: this Python, Onset's code, and no personal settings.

This is not the kernel called `python3`, which a home folder may define for another Python. It has its
own, empty home, and reads no settings or start-up files of IPython and matplotlib, wherever they are.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from onset.stages import surroundings


def options(folder: Path) -> dict[str, Any]:
    """What papermill is told, so that it starts this kernel.

    Args:
        folder: empty and of a short path: for the sockets, and for the kernel's home.
    """
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec
    from traitlets.config import Config

    home = folder / "home"
    home.mkdir()
    environment = surroundings.of_notebook(os.environ, home)
    # pydevd would complain, in the notebook, of modules that are frozen into Python.
    environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    command = [
        sys.executable,
        "-P",
        "-m",
        "onset.workflow.launch",
        "kernel",
        "-f",
        "{connection_file}",
    ]

    class Manager(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(argv=command, display_name="Python 3", language="python")

        async def start_kernel(self, **how: Any) -> None:
            await super().start_kernel(**{**how, "env": environment})

    # Sockets in the file system, which work with the network cut, and in a folder of their own: their
    # names are counted up, and notebooks that start at the same time would take the same ones.
    places = {"transport": "ipc", "ip": f"{folder}/kernel", "connection_file": f"{folder}/kernel"}
    return {"config": Config({"KernelManager": places}), "kernel_manager_class": Manager}


def main() -> None:
    """Be the kernel. In a process of its own, with the environment that `options` gives it."""
    _import_matplotlib()
    from ipykernel.kernelapp import IPKernelApp
    from IPython.core import application
    from traitlets import Integer

    class SettledKernelApp(IPKernelApp):
        ignore_cwd = True  # no modules from the current folder
        # ipykernel reads this when it is imported, which may be before this kernel was requested.
        parent_handle = Integer(int(os.environ.get("JPY_PARENT_PID", "0")))

        def load_config_file(self, suppress_errors: bool | None = None) -> None:
            """None, not even from the current folder."""

    # Start-up files of the environment and of the system; the home has none.
    application.ENV_CONFIG_DIRS.clear()
    application.SYSTEM_CONFIG_DIRS.clear()
    SettledKernelApp.launch_instance()


def _import_matplotlib() -> None:
    """From an empty folder: at its import, matplotlib reads a `matplotlibrc` in the current one."""
    folder = Path.cwd()
    os.chdir(Path.home())
    import matplotlib  # noqa: F401

    os.chdir(folder)


if __name__ == "__main__":
    main()
