"""Text, numbers and tables as LaTeX, and running LaTeX itself."""

from onset.latex.text import definitions, escape, tabular

__all__ = ["definitions", "escape", "tabular"]
