"""Execute a study's notebook and render it to HTML that opens offline.

It is an error to pass a parameter that the notebook doesn't know, or to omit one that it knows. A
notebook that fails is kept as `notebook.failed.ipynb`, with the error in it.
"""

from __future__ import annotations

import argparse
import copy
import logging
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import jupytext
import nbformat

from onset.notebook.parameters import Parameters
from onset.stages import kernel, surroundings
from onset.stages.command import StageError, log, run_stage
from onset.stages.record import on_record
from onset.store.atomic import write_bytes, write_text

# People read text and figures; who wants the code of a long cell opens it.
_FOLDED = """{%- extends "basic/index.html.j2" -%}
{%- block input -%}
{%- set lines = cell.source.splitlines() | length -%}
<details class="code"{% if lines <= 12 %} open{% endif %}>
<summary>code, {{ lines }} line{% if lines != 1 %}s{% endif %}</summary>
{{ super() }}
</details>
{%- endblock -%}
"""
_LONGEST_START = 600
"""seconds until a kernel answers: other work may keep the machine busy"""
_CELL_FILE = re.compile(r"\S*/ipykernel_\d+/(\d+)\.py")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", type=Path, help="the notebook, a Python file in percent format")
    parser.add_argument("study", type=Path, help="the study's folder, results/STUDY")
    parser.add_argument(
        "--settings",
        required=True,
        help="JSON: the notebook's `parameters`, the `figures` and `tables` that it must make, and what "
        "`onset.notebook.here` reads",
    )
    parser.add_argument("--code", default="by hand", help="fingerprint of the code, for the record")


def work(arguments: argparse.Namespace) -> None:
    notebook, settings = read_notebook(arguments.notebook), arguments.settings
    parameters = dict(sorted(settings["parameters"].items()))
    check_parameters(arguments.notebook, notebook, parameters)
    study = arguments.study
    with on_record(study, "notebook", "notebook.html", settings, arguments.code) as record:
        executed = execute(notebook, parameters, study)
        # By the record: what an earlier call made mustn't pass for made by this one.
        made = record.written
        _check_made(made, "figures", ".pdf", settings["figures"])
        _check_made(made, "tables", ".tex", settings["tables"])
        if "numbers.json" not in made:
            raise StageError(f"{arguments.notebook}: it made no numbers.json (study.save_numbers)")
        write_text(study / "notebook.ipynb", nbformat.writes(executed) + "\n")
        write_text(study / "notebook.html", to_html(executed, study.name))


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook with cell ids that don't change from one reading to the next."""
    notebook = jupytext.read(path, fmt="py:percent")
    if "kernelspec" not in notebook.metadata:
        raise StageError(f"{path}: its header names no kernelspec; copy that of another notebook")
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index:02d}"
    return notebook


def check_parameters(path: Path, notebook: nbformat.NotebookNode, given: Mapping[str, Any]) -> None:
    """Refuse unknown and missing parameters; papermill would only warn.

    Raises:
        StageError: naming them.
    """
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise StageError(f"{path}: expected one cell tagged `parameters`, found {len(cells)}")
    known = set(Parameters.of(cells[0].source).kinds)
    if unknown := sorted(set(given) - known):
        raise StageError(
            f"{path}: unknown parameters: {', '.join(unknown)} (known: {sorted(known)})"
        )
    if missing := sorted(known - set(given)):
        raise StageError(f"{path}: missing parameters: {', '.join(missing)}")


def execute(
    notebook: nbformat.NotebookNode, parameters: Mapping[str, Any], folder: Path
) -> nbformat.NotebookNode:
    """Run the notebook with papermill; the executed notebook, free of times and paths.

    Raises:
        StageError: a cell failed (the notebook up to there is kept as `notebook.failed.ipynb`), or the
            kernel did.
    """
    import papermill

    logging.getLogger("papermill").setLevel(logging.WARNING)
    with surroundings.short_folder() as place:
        source, ended = place / "source.ipynb", place / "ended.ipynb"
        nbformat.write(notebook, source)
        try:
            papermill.execute_notebook(
                source,
                ended,
                dict(parameters),
                progress_bar=False,
                start_timeout=_LONGEST_START,
                **kernel.options(place),
            )
        except papermill.PapermillExecutionError as error:
            kept = folder / "notebook.failed.ipynb"
            write_bytes(kept, ended.read_bytes())
            raise StageError(
                f"cell {error.exec_count} failed with {error.ename}: {error.evalue} (see {kept})"
            ) from error
        except RuntimeError as error:
            said = "the notebook's kernel didn't start, or ended before the notebook did"
            raise StageError(f"{said} (as when memory runs out): {error}") from error
        executed = nbformat.read(ended, as_version=4)
    executed.metadata.pop("papermill", None)
    _forget_the_process(executed)
    for index, cell in enumerate(executed.cells):
        cell["id"] = f"cell-{index:02d}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
    return executed


def _forget_the_process(notebook: nbformat.NotebookNode) -> None:
    """A warning names the cell that it comes from by a file that has the kernel's process id in it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                output.text = _CELL_FILE.sub(r"cell \1", output.text)


def to_html(notebook: nbformat.NotebookNode, title: str) -> str:
    """A page that needs nothing from the web: pictures, styles and all are in the file."""
    from nbconvert import HTMLExporter

    class Exporter(HTMLExporter):
        def get_prefix_root_dirs(self) -> list[str]:
            """Templates of the library alone: a home may have some under the same names."""
            return [f"{sys.prefix}/share/jupyter"]

    exporter = Exporter(
        template_name="basic",
        extra_template_basedirs=[],  # nor from the current folder
        raw_template=_FOLDED,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    from onset.gallery.maths import with_equations
    from onset.gallery.render import notebook_page

    shown = copy.deepcopy(notebook)
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = with_equations(cell.source)
    body, _ = exporter.from_notebook_node(shown)
    return notebook_page(title, body)


def _check_made(written: Iterable[str], kind: str, suffix: str, declared: Iterable[str]) -> None:
    """Figures or tables: those that lie written in the folder of the kind are those declared."""
    paths = map(PurePosixPath, written)
    made = {its.stem for its in paths if its.parts[0] == kind and its.suffix == suffix}
    if missing := sorted(set(declared) - made):
        raise StageError(
            f"the notebook didn't make the {kind} {', '.join(missing)}; it made: {sorted(made)}"
        )
    if surplus := sorted(made - set(declared)):
        raise StageError(
            f"the notebook made {kind} that the study doesn't declare: {', '.join(surplus)}"
        )
    log.info("%s: %s", kind, ", ".join(sorted(made)) or "none")


if __name__ == "__main__":
    run_stage("notebook", __doc__, work, add_arguments)
