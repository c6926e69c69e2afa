"""The fingerprint of code: blind to what changes no result, and to what a job doesn't use.

Each test edits a copy of the package. The fingerprint is asked for in another process, because
Python has the real package loaded, and because the fingerprint reads every file once per process.
"""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from onset.code import fingerprint
from onset.code.fingerprint import imports
from onset.code.syntax import dump

ROOT = Path(__file__).parents[2]

_MODEL = "onset.models.transformer.model"
JOBS = {
    "dataset": ["onset.stages.dataset", "onset.tasks.composition"],
    "train": ["onset.stages.train", _MODEL],
    "prediction": ["onset.stages.evaluate", _MODEL, "onset.measures.answers.prediction"],
    "bridge_lens": ["onset.stages.evaluate", _MODEL, "onset.measures.residual.bridge_lens"],
    "page": ["onset.stages.gallery"],
}
"""Some jobs and the modules that the rules name for them."""

_PRINT = """
import json, sys
from pathlib import Path
from onset.code.fingerprint import fingerprint, fingerprint_of_script
jobs = {job: fingerprint(*modules) for job, modules in json.loads(sys.argv[1]).items()}
jobs |= {path: fingerprint_of_script(Path(path)) for path in sys.argv[2:]}
print(json.dumps(jobs))
"""


class Package:
    """A copy of Onset's source."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "src"
        shutil.copytree(
            ROOT / "src", self.source, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )

    def append(self, file: str, text: str) -> None:
        with (self.source / "onset" / file).open("a") as opened:
            opened.write(text)

    def fingerprints(self, *scripts: Path) -> dict[str, str]:
        """Of all jobs, and of scripts."""
        done = subprocess.run(
            [sys.executable, "-c", _PRINT, json.dumps(JOBS), *map(str, scripts)],
            env={**os.environ, "PYTHONPATH": str(self.source)},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)


@pytest.fixture
def package(tmp_path):
    return Package(tmp_path)


@pytest.fixture(scope="module")
def unedited(tmp_path_factory):
    return Package(tmp_path_factory.mktemp("unedited")).fingerprints()


def test_every_job_has_its_own(unedited):
    assert set(unedited) == set(JOBS)
    assert len(set(unedited.values())) == len(JOBS)


def test_it_is_blind_to_comments_and_formatting(package, unedited):
    for path in package.source.rglob("*.py"):
        tree = ast.parse(path.read_text())
        path.write_text(f"# another comment\n\n\n{ast.unparse(tree)}\n")
    assert package.fingerprints() == unedited


def test_it_is_blind_to_docstrings(package, unedited):
    """Those of modules, classes, functions and fields."""
    n_changed = 0
    for path in package.source.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            match node:
                case ast.Expr(value=ast.Constant(value=str())):
                    node.value = ast.Constant("Another text.")
                    n_changed += 1
        path.write_text(ast.unparse(tree))
    assert n_changed > 100
    assert package.fingerprints() == unedited


def test_it_is_blind_to_what_is_declared_for_planning(package, unedited):
    """A label can be reworded without any run's being measured anew."""
    n_changed = 0
    for path in package.source.rglob("*.py"):
        lines = path.read_text().splitlines()
        for statement in reversed(ast.parse(path.read_text()).body):
            if not isinstance(statement, ast.Assign):
                continue
            if ast.unparse(statement.targets[0]) in ("QUANTITIES", "NEEDS", "ONLY_WITH"):
                del lines[statement.lineno - 1 : statement.end_lineno]
                n_changed += 1
        path.write_text("\n".join(lines))
    assert n_changed > 60
    assert package.fingerprints() == unedited


def test_what_a_module_uses_itself_is_code(package, unedited):
    package.append("measures/answers/prediction.py", "\nSPLITS = ('one',)\n")
    assert package.fingerprints() == unedited
    package.append("measures/answers/prediction.py", "\n_N = len(SPLITS)\n")
    used = package.fingerprints()
    assert changed(package, unedited) == {"prediction"}
    path = package.source / "onset/measures/answers/prediction.py"
    path.write_text(path.read_text().replace("('one',)", "('one', 'two')"))
    assert changed(package, used) == {"prediction"}


def test_it_sees_a_changed_expression_deep_within(package, unedited):
    path = package.source / "onset/training/loop.py"
    tree = ast.parse(path.read_text())
    number = next(
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value == 1
    )
    number.value = 2
    path.write_text(ast.unparse(tree))
    assert changed(package, unedited) == {"train"}


@pytest.mark.parametrize(
    ("file", "concerned"),
    [
        ("store/atomic.py", set(JOBS)),
        ("__init__.py", set(JOBS)),
        ("stages/train.py", {"train"}),
        ("training/settings.py", {"train"}),
        ("tasks/composition.py", {"dataset"}),
        ("measures/answers/prediction.py", {"prediction"}),
        ("measures/residual/bridge_lens.py", {"bridge_lens"}),
        ("measures/measurement.py", {"prediction", "bridge_lens"}),
        ("models/transformer/settings.py", {"train", "prediction", "bridge_lens"}),
        ("models/transformer/planning.py", set()),
        ("models/transformer/bridge.py", set()),
        ("models/transformer/hooks.py", set()),
        ("models/inspection.py", set()),
        ("gallery/render.py", {"page"}),
        ("config/checks.py", set()),
        ("store/records.py", set(JOBS)),
        ("code/fingerprint.py", set()),
        ("figures/curves.py", {"page"}),
    ],
)
def test_it_sees_only_the_code_that_a_job_uses(package, unedited, file, concerned):
    package.append(file, "\n_ADDED = 1\n")
    assert changed(package, unedited) == concerned


def test_a_new_module_concerns_nobody_until_it_is_imported(package, unedited):
    package.append("measures/another.py", "NEEDS = ()\n")
    assert package.fingerprints() == unedited
    package.append("training/loop.py", "\nimport onset.measures.another\n")
    imported = package.fingerprints()
    package.append("measures/another.py", "\n_ADDED = 1\n")
    assert changed(package, imported) == {"train"}


def test_it_sees_a_template(package, unedited):
    package.append("gallery/templates/study.html", "<!-- -->\n")
    assert changed(package, unedited) == {"page"}


def test_a_module_that_nobody_imports_may_be_broken(package, unedited):
    package.append("measures/mine.py", "def (:\n")
    assert package.fingerprints() == unedited
    package.append("training/loop.py", "\nimport onset.measures.mine\n")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        package.fingerprints()
    said = refused.value.stderr.splitlines()[-1]
    assert said.endswith("onset/measures/mine.py: line 1: invalid syntax")


@pytest.mark.parametrize("folder", ["gallery/templates", "gallery"])
def test_what_systems_and_editors_leave_about_concerns_nobody(package, unedited, folder):
    names = (
        ".DS_Store",
        "page.html~",
        "._page.html",
        "#page.html#",
        "page.html.orig",
        "page.html.bak",
    )
    for name in (*names, ".page.html.swp", "page copy.html", "render.py~", "._render.py"):
        package.append(f"{folder}/{name}", "left about")
    (package.source / "onset" / folder / ".ipynb_checkpoints").mkdir()
    package.append(f"{folder}/.ipynb_checkpoints/page-checkpoint.html", "left about")
    assert package.fingerprints() == unedited


def test_the_imports_of_every_module_are_those_that_grimp_finds():
    graph = grimp.build_graph("onset", exclude_type_checking_imports=True, cache_dir=None)
    assert len(graph.modules) > 200
    found = {module: imports(module) for module in graph.modules}
    assert found == {its: graph.find_modules_directly_imported_by(its) for its in graph.modules}


def test_a_class_is_no_module_where_case_makes_no_difference(monkeypatch):
    """`from onset.figures import Curves` would find curves.py, as it does on a Mac."""
    exists = Path.is_file

    def is_file(path: Path) -> bool:
        alike = [its for its in path.parent.glob("*") if its.name.lower() == path.name.lower()]
        return any(map(exists, alike))

    monkeypatch.setattr(Path, "is_file", is_file)
    assert Path(fingerprint.__file__).with_name("Fingerprint.py").is_file()
    source = fingerprint.source_of.__wrapped__
    assert source("onset.code.Fingerprint") is None
    assert source("onset.code.fingerprint") == Path(fingerprint.__file__)


def test_that_of_a_notebook(package, tmp_path):
    script = tmp_path / "notebook.py"

    def its_fingerprint() -> str:
        return package.fingerprints(script)[str(script)]

    script.write_text("# %%\nfrom onset.figures import curves\nprint(1)\n")
    first = its_fingerprint()
    script.write_text("# %%\n# A comment.\nfrom onset.figures import curves\n\nprint( 1 )\n")
    assert its_fingerprint() == first
    package.append("tasks/composition.py", "\n_ADDED = 1\n")
    assert its_fingerprint() == first
    package.append("figures/curves.py", "\n_ADDED = 1\n")
    second = its_fingerprint()
    assert second != first
    script.write_text("# %%\nfrom onset.figures import curves\nprint(2)\n")
    assert its_fingerprint() not in (first, second)


EVERY_KIND_OF_SYNTAX = """
from __future__ import annotations
@decorated(a, *b, c=None, **d)
async def f(x: int, /, y=..., *args, z: str | None = None, **more) -> None:
    async with x as y, z: await y; yield
    def g(): return lambda: (yield b"")
class Empty(Base, metaclass=Meta): pass
text = f"{1!r:>{width}} {x:{y}.{z}} {w=}" "and" f"" f"more" if a else {**b, "c": [*d]}
match x:
    case {"a": None, **rest} | [1, *_] | C(k=-1.5e300j): global g
    case _ if (n := 3): del g[1:, ::2]
try: assert f(), "never"
except* (OSError, ValueError) as e: raise X from e
else: x: int
finally: x @= {a for a in b if c async for d in e}
"""


def test_it_is_the_same_on_every_python():
    """What one Python made, another need not make again."""
    tree = ast.parse(EVERY_KIND_OF_SYNTAX)
    said = dump(tree)
    if sys.version_info[:2] == (3, 11):
        assert said == ast.dump(tree)
    assert hashlib.sha256(said.encode()).hexdigest()[:16] == "3cf6d5509b508ac6"


def changed(package: Package, before: dict[str, str]) -> set[str]:
    """The jobs whose fingerprint isn't what it was."""
    after = package.fingerprints()
    return {job for job in before if after[job] != before[job]}
