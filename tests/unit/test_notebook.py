"""The notebook stage: parameters that fit, clean and byte-stable output, failures that are kept."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

from onset.stages import notebook as stage
from onset.stages.command import StageError
from onset.store.atomic import write_text

NOTEBOOKS = sorted((Path(__file__).parents[2] / "workflow" / "notebooks").glob("*.py"))
MOST_CODE_CELLS = 16

HEAD = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A tiny notebook

# %% tags=["parameters"]
results = "results"
seeds = []

"""
GIVEN = {"results": "elsewhere", "seeds": [0, 1]}


def written(folder: Path, cells: str, head: str = HEAD) -> Path:
    path = folder / "tiny.py"
    path.write_text(head + cells)
    return path


class TestParameters:
    def check(self, folder: Path, given: dict, head: str = HEAD) -> None:
        path = written(folder, "", head)
        stage.check_parameters(path, stage.read_notebook(path), given)

    def test_the_right_ones_are_accepted(self, tmp_path):
        self.check(tmp_path, GIVEN)

    def test_unknown_ones_are_refused(self, tmp_path):
        words = r"tiny\.py: unknown parameters: extra, seed \(known: \['results', 'seeds'\]\)"
        with pytest.raises(StageError, match=words):
            self.check(tmp_path, {**GIVEN, "seed": 1, "extra": 2})

    def test_missing_ones_are_refused(self, tmp_path):
        with pytest.raises(StageError, match=r"tiny\.py: missing parameters: results"):
            self.check(tmp_path, {"seeds": [0]})

    @pytest.mark.parametrize(
        ("head", "found"), [(HEAD + HEAD, 2), (HEAD.replace(' tags=["parameters"]', ""), 0)]
    )
    def test_there_is_exactly_one_cell_of_them(self, tmp_path, head, found):
        with pytest.raises(StageError, match=f"one cell tagged `parameters`, found {found}"):
            self.check(tmp_path, GIVEN, head)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestEveryNotebook:
    def test_it_has_one_cell_of_parameters(self, path):
        cells = [
            c for c in stage.read_notebook(path).cells if "parameters" in c.metadata.get("tags", [])
        ]
        assert len(cells) == 1

    def test_it_runs_in_this_python(self, path):
        assert stage.read_notebook(path).metadata.kernelspec.name == "python3"

    def test_it_can_be_read_at_one_sitting(self, path):
        cells = stage.read_notebook(path).cells
        assert sum(cell.cell_type == "code" for cell in cells) <= MOST_CODE_CELLS
        assert cells[0].cell_type == "markdown"

    def test_what_it_imports_is_there(self, path):
        """Some notebooks run seldom: those of studies that need a download."""
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("onset"):
                module = importlib.import_module(node.module)
                for name in (alias.name for alias in node.names):
                    inside = f"{node.module}.{name}"
                    assert hasattr(module, name) or importlib.util.find_spec(inside), inside

    def test_methods_are_imported_and_never_defined_there(self, path):
        assert not re.search(r"^(async )?(def|class) ", path.read_text(), flags=re.MULTILINE)


def test_there_are_notebooks():
    """Else the tests of every notebook would test none."""
    assert NOTEBOOKS


class TestExecution:
    def test_a_failing_notebook_is_kept_with_its_error(self, tmp_path):
        path = written(tmp_path, "# %%\nprint(seeds)\n\n# %%\n1 / 0\n\n# %%\nprint('never')\n")
        folder = tmp_path / "study"
        with pytest.raises(StageError) as stop:
            stage.execute(stage.read_notebook(path), GIVEN, folder)
        kept = folder / "notebook.failed.ipynb"
        assert re.fullmatch(
            rf"cell \d+ failed with ZeroDivisionError: division by zero \(see {re.escape(str(kept))}\)",
            str(stop.value),
        )
        assert [p.name for p in folder.iterdir()] == [kept.name]
        text = kept.read_text()
        assert "[0, 1]" in text
        assert "division by zero" in text

    def test_a_kernel_that_is_killed_is_told_in_a_line(self, tmp_path):
        path = written(tmp_path, "# %%\nimport os\n\nos.kill(os.getpid(), 9)\n")
        with pytest.raises(
            StageError, match="kernel didn't start, or ended before the notebook did"
        ):
            stage.execute(stage.read_notebook(path), GIVEN, tmp_path / "study")

    def test_one_that_works_is_the_same_wherever_and_whenever_it_runs(self, tmp_path):
        cells = (
            "# %%\nprint(results, sum(seeds))\n\n# %%\nimport os\nos.environ['SOURCE_DATE_EPOCH']\n"
            "\n# %%\nimport warnings\nwarnings.warn('beware')\n"
        )
        notebook = stage.read_notebook(written(tmp_path, cells))
        texts = []
        for name in ("one", "other"):
            executed = stage.execute(notebook, GIVEN, tmp_path / name)
            assert not (tmp_path / name).exists()
            texts.append(nbformat.writes(executed) + stage.to_html(executed, "tiny"))
        assert texts[0] == texts[1]
        assert "elsewhere 1" in texts[0]
        assert re.search(r"cell \d+:2: UserWarning: beware", texts[0])
        assert str(tmp_path) not in texts[0]

        page = stage.to_html(executed, "tiny")
        assert "elsewhere 1" in page
        assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)  # it reads offline


class TestWork:
    @pytest.fixture
    def run(self, tmp_path, monkeypatch):
        """The stage with a notebook that makes what it is told to, without a kernel."""

        def run(made: list[str], figures: list[str], tables: list[str]) -> Path:
            study = tmp_path / "study"

            def execute(notebook, parameters, folder):
                for name in made:
                    write_text(folder / name, "")
                return notebook

            monkeypatch.setattr(stage, "execute", execute)
            stage.work(
                argparse.Namespace(
                    notebook=written(tmp_path, ""),
                    study=study,
                    settings={"parameters": GIVEN, "figures": figures, "tables": tables},
                    code="of a test",
                )
            )
            return study

        return run

    def test_all_that_was_declared(self, run):
        study = run(["figures/a.pdf", "tables/b.tex", "numbers.json"], ["a"], ["b"])
        assert "A tiny notebook" in (study / "notebook.html").read_text()
        assert (
            nbformat.read(study / "notebook.ipynb", as_version=4).cells[0].source
            == "# A tiny notebook"
        )

    @pytest.mark.parametrize(
        ("made", "figures", "tables", "words"),
        [
            (["numbers.json"], ["a"], [], r"didn't make the figures a; it made: \[\]"),
            (
                ["numbers.json", "figures/b.pdf"],
                ["a"],
                [],
                r"didn't make the figures a; it made: \['b'\]",
            ),
            (["numbers.json", "figures/b.pdf"], [], [], "doesn't declare: b"),
            (["numbers.json"], [], ["t"], "didn't make the tables t"),
            ([], [], [], "made no numbers.json"),
        ],
    )
    def test_what_is_missing_or_too_much_is_an_error(self, run, made, figures, tables, words):
        with pytest.raises(StageError, match=words):
            run(made, figures, tables)

    def test_figures_of_an_earlier_version_do_not_stay(self, run):
        run(["figures/old.pdf", "figures/old.png", "numbers.json"], ["old"], [])
        study = run(["figures/new.pdf", "numbers.json"], ["new"], [])
        assert [p.name for p in (study / "figures").iterdir()] == ["new.pdf"]
