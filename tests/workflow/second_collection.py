"""The collection that docs/add.md adds, with pages and a table beside, as files for the tiny project."""

from __future__ import annotations

from tests.docs.pages import ROOT, Block, blocks, follow
from tests.workflow.conftest import Project

DECLARATION = "config/collections/moved.yaml"
NOTEBOOK = "workflow/notebooks/moved.py"
CODE = "src/onset/collections/moved"
MORE_DECLARED = """
tables: {models: The mean of each model.}
pages: {all: All tensors.}
"""
MORE_CELLS = """
# %%
from onset.latex import tabular

shown = models[["condition"]]
moved.save_table(shown, "models", tabular(["condition"], shown.to_numpy().tolist(), "l"))
"""
MORE_FILES = {
    f"{CODE}/pages.py": '''"""A list of all, and a page per study."""

from onset.collections.reading import Page, open_collection


def pages(folder):
    tensors = open_collection(folder.name, folder.parent).rows("tensors")
    links = "".join(f\'<a href="{its}.html">{its}</a>\' for its in tensors["study"].unique())
    yield Page("all", "All tensors", f"<p>{len(tensors)} tensors of {links}</p>")
    for study, its in tensors.groupby("study"):
        yield Page(study, study, its.to_html())
''',
    "paper/sections/moved.tex": "\\section{Moved}\\onsetnumber{moved/n_models} models.\n",
}


def _shown() -> list[Block]:
    found = [its for its in blocks(ROOT / "docs/add.md") if its.section == "A collection"]
    return [its for its in found if its.mark == "file"]


def add(project: Project) -> None:
    """Files alone: nothing that is there is changed."""
    for block in _shown():
        follow(block, project.root)
    for file, text in MORE_FILES.items():
        (project.root / file).write_text(text)
    project.edit(DECLARATION, lambda text: text + MORE_DECLARED)
    project.edit(NOTEBOOK, lambda text: text + MORE_CELLS)


def take_away(project: Project) -> None:
    for file in (*(block.about for block in _shown()), *MORE_FILES):
        (project.root / file).unlink()
