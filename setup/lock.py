"""`make lock`: write requirements/*.lock anew from pyproject.toml, and environment.yml's pins.

What is locked already keeps its version; UPGRADE=1 takes the newest. Linux and macOS are resolved
apart and merged: an entry that only one of them needs carries a marker.

torch has locks of its own, because one version comes in two builds: a small one for the CPU from
PyTorch's own index, and PyPI's, which on Linux brings CUDA's libraries with it.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from setup import interpreter, lockfile, pip
from setup.console import SetupError, quietly, say
from setup.lockfile import Entry
from setup.packages import CPU_INDEX, LOCKS, ROOT

PYTHON = "{}.{}".format(*interpreter.NEEDED)
PLATFORMS = {"linux": "x86_64-manylinux_2_28", "darwin": "aarch64-apple-darwin"}
TORCH = re.compile(r"torch|triton|(cuda|nvidia)-.+")
CONDA = ROOT / "environment.yml"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uv = _install_uv(folder)
        locks = {platform: _resolve(uv, folder, platform) for platform in PLATFORMS}
        ordinary = {platform: _torch(lock) for platform, lock in locks.items()}
        cpu = _cpu_torch(uv, folder, f"{ordinary['linux'].version}+cpu")

    merged = lockfile.merge(locks)
    rest = [entry for entry in merged if not TORCH.fullmatch(entry.name)]
    cuda = [entry for entry in locks["linux"] if TORCH.fullmatch(entry.name)]
    both = [lockfile.only_on("linux", cpu), lockfile.only_on("darwin", ordinary["darwin"])]
    lockfile.write(LOCKS["onset"], "Everything but torch.", rest)
    lockfile.write(LOCKS["torch-cpu"], "torch for the CPU (macOS has but one build).", both)
    lockfile.write(LOCKS["torch-cuda"], "torch with CUDA, for Linux.", cuda)

    CONDA.write_text(pin(CONDA.read_text(), merged))
    say(f"locked {len(rest)} packages, and torch {ordinary['linux'].version} with {len(cuda) - 1}")


def pin(conda: str, entries: list[Entry]) -> str:
    """environment.yml with the locked versions of the packages that it names."""
    versions = {entry.name: entry.version for entry in entries}

    def locked(line: re.Match[str]) -> str:
        if line["name"] not in versions:
            raise SetupError(
                f"{CONDA.name} names {line['name']}, which pyproject.toml does not ask for"
            )
        return line["start"] + versions[line["name"]]

    return re.sub(r"(?m)^(?P<start> +- (?P<name>[a-z0-9-]+)==)\S+$", locked, conda)


def _install_uv(folder: Path) -> Path:
    """The resolver, in an environment of its own: it is no part of what it locks."""
    _run(interpreter.base(), "-I", "-m", "venv", folder / "venv")
    _pip(folder, "install", "uv")
    return folder / "venv/bin/uv"


def _resolve(uv: Path, folder: Path, platform: str) -> list[Entry]:
    output = folder / f"{platform}.lock"
    if not os.environ.get("UPGRADE"):
        # uv keeps to the versions that it finds in its output file.
        known = [LOCKS[name] for name in ("onset", "torch-cuda") if LOCKS[name].exists()]
        output.write_text("".join(lock.read_text() for lock in known))
    # macOS 14 is the oldest that torch is built for.
    os.environ["MACOSX_DEPLOYMENT_TARGET"] = "14.0"
    options = ["--python-platform", PLATFORMS[platform], "--extra", "dev"]
    _run(*_compile(uv, output), *options, ROOT / "pyproject.toml")
    return lockfile.parse(output.read_text())


def _cpu_torch(uv: Path, folder: Path, version: str) -> Entry:
    """The CPU build: from PyTorch's index; else as locked so far; else a wheel that pip knows."""
    wanted, output = folder / "torch.in", folder / "torch.lock"
    wanted.write_text(f"torch=={version}")
    options = ["--no-deps", "--no-annotate", "--default-index", CPU_INDEX]
    if quietly([*_compile(uv, output), *options, wanted]) is None:
        return _torch(lockfile.parse(output.read_text()))

    say(f"{CPU_INDEX} does not answer: torch {version} is locked from what is at hand")
    if LOCKS["torch-cpu"].exists():
        for entry in lockfile.parse(LOCKS["torch-cpu"].read_text()):
            if entry.version == version:
                return entry
    platform = ["--only-binary", ":all:", "--platform", "manylinux_2_28_x86_64"]
    options = ["--no-deps", "--dest", str(folder), *platform, "--python-version", PYTHON]
    _pip(folder, "download", *options, f"torch=={version}")
    digest = hashlib.sha256(next(folder.glob("torch-*.whl")).read_bytes()).hexdigest()
    return Entry("torch", version, "", f"    --hash=sha256:{digest}\n")


def _compile(uv: Path, output: Path) -> list[str | Path]:
    style = ["--quiet", "--no-header", "--annotation-style", "line", "--generate-hashes"]
    return [uv, "pip", "compile", *style, "--python-version", PYTHON, "--output-file", output]


def _torch(lock: list[Entry]) -> Entry:
    return next(entry for entry in lock if entry.name == "torch")


def _pip(folder: Path, *arguments: str) -> None:
    failure = pip.run(folder / "venv/bin/python", *arguments)
    if failure:
        raise SetupError(f"pip failed:\n{failure}")


def _run(*command: str | Path) -> None:
    failure = quietly(command, pip.of_python())
    if failure:
        raise SetupError(f"{Path(command[0]).name} failed:\n{failure}")
