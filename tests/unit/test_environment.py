"""The environment is told in several places, pyproject, locks, conda, Makefile: they agree."""

import importlib.metadata
import re
import tomllib
from itertools import chain

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from setup import interpreter, lockfile
from setup.packages import CPU_INDEX, LOCKS, ROOT, WEIGHTS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = [f"{major}.{minor}" for major, minor in interpreter.FITTING]
TORCH = re.compile(r"torch|triton|(cuda|nvidia)-.+")
ALL_LOCKS = {**LOCKS, "smollm": WEIGHTS}


def locked(name: str) -> dict[str, str]:
    return {entry.name: entry.version for entry in lockfile.parse(ALL_LOCKS[name].read_text())}


def direct() -> list[Requirement]:
    """What pyproject asks for by name, but for the pretrained model: it is no part of the environment."""
    extras = PROJECT["optional-dependencies"]
    groups = [PROJECT["dependencies"], *(its for name, its in extras.items() if name != "smollm")]
    return [Requirement(line) for line in chain.from_iterable(groups)]


def conda() -> tuple[list[str], list[str]]:
    """environment.yml: what conda installs, and what pip does."""
    *packages, pip = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    return packages, pip["pip"]


@pytest.mark.parametrize("name", ALL_LOCKS)
def test_every_locked_package_has_a_hash(name):
    for entry in lockfile.parse(ALL_LOCKS[name].read_text()):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry.details), entry.name


@pytest.mark.parametrize("name", ALL_LOCKS)
def test_a_lock_names_no_place(name):
    """Where packages come from is the machine's business; hashes say that they are the same."""
    assert not re.search(r"://|--(index|extra-index|find-links)|@ ", ALL_LOCKS[name].read_text())


def test_torch_has_locks_of_its_own():
    assert not any(TORCH.fullmatch(name) for name in locked("onset"))
    assert all(TORCH.fullmatch(name) for name in locked("torch-cuda"))
    assert set(locked("torch-cpu")) == {"torch"}


def test_the_builds_of_torch_are_of_one_version():
    cpu = {entry.marker: entry.version for entry in lockfile.parse(LOCKS["torch-cpu"].read_text())}
    version = locked("torch-cuda")["torch"]
    assert cpu == {
        'sys_platform == "linux"': f"{version}+cpu",
        'sys_platform == "darwin"': version,
    }


def test_what_torch_itself_needs_is_locked_with_the_rest():
    """torch is installed without its dependencies."""
    needed = [Requirement(line) for line in importlib.metadata.requires("torch")]
    for requirement in needed:
        if TORCH.fullmatch(requirement.name):
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            assert locked("onset")[requirement.name] in requirement.specifier, requirement.name


def test_what_the_project_asks_for_is_locked():
    versions = locked("onset") | locked("torch-cuda")
    for requirement in direct():
        assert versions[requirement.name] in requirement.specifier, requirement.name


def test_what_reads_the_pretrained_model_needs_nothing_that_is_not_locked():
    """It is installed without its dependencies, and so is the model, whose package would run it."""
    assert set(locked("smollm")) == set(PROJECT["optional-dependencies"]["smollm"])
    assert not set(locked("smollm")) & set(locked("onset"))
    assert {"numpy", "pyyaml", "requests", "tqdm"} <= set(locked("onset"))


def test_the_project_is_built_with_what_is_locked():
    """Its installation fetches nothing."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]
    for requirement in map(Requirement, build["requires"]):
        assert locked("onset")[requirement.name] in requirement.specifier, requirement.name


def test_conda_installs_the_same_versions():
    versions = locked("onset") | locked("torch-cuda")
    pins = [line for line in conda()[1] if not line.startswith("--")]
    assert sorted(pins) == sorted(f"{it.name}=={versions[it.name]}" for it in direct())


def test_conda_installs_torch_for_the_cpu_and_the_project():
    options = [line for line in conda()[1] if line.startswith("--")]
    assert options == [f"--extra-index-url {CPU_INDEX}", "--editable ."]


def test_the_same_pythons_everywhere():
    major, minor = interpreter.NEWEST
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(
        f">={PYTHONS[0]},<{major}.{minor + 1}"
    )
    makefile = (ROOT / "Makefile").read_text()
    assert set(re.findall(r"[Pp]ython ?(\d\.\d+)", makefile)) == set(PYTHONS)
    assert f"{interpreter.OLDEST} <= sys.version_info[:2] <= {interpreter.NEWEST}" in makefile


def test_conda_takes_the_newest_that_compiles_nothing():
    assert conda()[0][0] == f"python={interpreter.PREFERRED}"
    ready = [its for its in interpreter.FITTING if its not in interpreter.COMPILED]
    assert "{}.{}".format(*ready[-1]) == interpreter.PREFERRED


def test_the_version_is_told_once():
    told = (ROOT / "CITATION.cff").read_text()
    assert yaml.safe_load(told)["version"] == PROJECT["version"] == str(Version(PROJECT["version"]))
