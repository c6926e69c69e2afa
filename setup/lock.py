"""`make lock`: write requirements/*.lock anew from pyproject.toml, and environment.yml's pins.

Packages that are already locked keep their versions; UPGRADE=1 takes the newest. One resolution covers
every supported Python and system: an entry that only some of them need carries a marker. uv resolves
(`--universal`), because pip's own resolver handles one Python and one system at a time; uv is used for
nothing else, and pip reads what it writes.

The pretrained model has a lock of its own, without what its package asks for to run it.

torch has locks of its own, because one version comes in two builds: a small one for the CPU from
PyTorch's own index, and PyPI's, which on Linux brings CUDA's libraries with it.
"""

import hashlib
import os
import re
import tempfile
import tomllib
from pathlib import Path

from setup import interpreter, lockfile, markers, pip
from setup.console import SetupError, quietly, say
from setup.lockfile import Entry
from setup.packages import CPU_INDEX, LOCKS, ROOT, WEIGHTS

PYTHONS = [f"{major}.{minor}" for major, minor in interpreter.FITTING]
TORCH = re.compile(r"torch|triton|(cuda|nvidia)-.+")
CONDA = ROOT / "environment.yml"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uv = _install_uv(folder)
        everything = _resolve(uv, folder)
        ordinary = _torch(everything)
        cpu = _cpu_torch(uv, folder, f"{ordinary.version}+cpu")
        weights = _weights(uv, folder)

    rest = [entry for entry in everything if not TORCH.fullmatch(entry.name)]
    cuda = [entry for entry in everything if TORCH.fullmatch(entry.name)]
    both = [lockfile.only_on("linux", cpu), lockfile.only_on("darwin", ordinary)]
    lockfile.write(LOCKS["onset"], "Everything but torch.", rest)
    lockfile.write(LOCKS["torch-cpu"], "torch for the CPU (macOS has but one build).", both)
    lockfile.write(LOCKS["torch-cuda"], "torch with CUDA, for Linux.", cuda)
    lockfile.write(WEIGHTS, "The pretrained model of the study smollm, and what reads it.", weights)

    CONDA.write_text(pin(CONDA.read_text(), everything))
    say(f"locked {len(rest)} packages, and torch {ordinary.version} with {len(cuda) - 1}")


def pin(conda: str, entries: list[Entry]) -> str:
    """environment.yml with the locked versions of the packages that it names."""
    python = re.search(r"(?m)^ +- python=(\S+)$", conda)
    if python is None:
        raise SetupError(f"{CONDA.name} names no Python, as in: - python=3.13")
    where = markers.surroundings(f"{python[1]}.0", "linux", "x86_64")
    versions = {its.name: its.version for its in entries if lockfile.applies(its, where)}

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


def _resolve(uv: Path, folder: Path) -> list[Entry]:
    output = folder / "onset.lock"
    if not os.environ.get("UPGRADE"):
        # uv keeps to the versions that it finds in its output file.
        known = [LOCKS[name] for name in ("onset", "torch-cuda") if LOCKS[name].exists()]
        output.write_text("".join(lock.read_text() for lock in known))
    _run(*_compile(uv, output), "--extra", "dev", ROOT / "pyproject.toml")
    return lockfile.meant(lockfile.parse(output.read_text()))


def _weights(uv: Path, folder: Path) -> list[Entry]:
    """What the extra `smollm` names, and nothing that it asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted, output = folder / "smollm.in", folder / "smollm.lock"
    wanted.write_text("\n".join(project["optional-dependencies"]["smollm"]))
    if not os.environ.get("UPGRADE") and WEIGHTS.exists():
        output.write_text(WEIGHTS.read_text())
    _run(*_compile(uv, output), "--no-deps", "--no-annotate", wanted)
    return lockfile.meant(lockfile.parse(output.read_text()))


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
    wheels = _wheels(folder, f"torch=={version}")
    if not wheels:
        raise SetupError(f"pip found no torch {version} for any of {', '.join(PYTHONS)}")
    digests = sorted(hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels)
    hashes = " \\\n".join(f"    --hash=sha256:{digest}" for digest in digests)
    return Entry("torch", version, "", f"{hashes}\n")


def _wheels(folder: Path, package: str) -> list[Path]:
    """The wheel that pip finds for each Python; where it finds none, a line says so."""
    options = ["--no-deps", "--dest", str(folder), "--only-binary", ":all:"]
    for python in PYTHONS:
        wanted = ["--platform", "manylinux_2_28_x86_64", "--python-version", python, package]
        if pip.run(folder / "venv/bin/python", "download", *options, *wanted):
            say(f"no {package} for Python {python}: torch's CUDA build will be used there")
    return list(folder.glob("torch-*.whl"))


def _compile(uv: Path, output: Path) -> list[str | Path]:
    style = ["--quiet", "--no-header", "--annotation-style", "line", "--generate-hashes"]
    wide = ["--universal", "--python-version", PYTHONS[0]]
    return [uv, "pip", "compile", *wide, *style, "--output-file", output]


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
