"""What must come from the operating system: Python's venv, and LaTeX for the paper.

For a Python so new that a locked package has no wheel for it yet, also a C compiler.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setup import debian, interpreter
from setup.console import SetupError, choice, say

PYTHON = "python{}.{}".format(*sys.version_info)
VENV_PACKAGE = f"{PYTHON}-venv"
COMPILER_PACKAGES = ("gcc", "libc6-dev", f"{PYTHON}-dev")

LATEX_PROGRAMS = ("latexmk", "pdflatex", "kpsewhich")
# The programs alone prove little: a minimal TeX has them without the packages.
LATEX_FILES = (
    "article.cls",
    "booktabs.sty",
    "caption.sty",
    "cleveref.sty",
    "hyperref.sty",
    "lmodern.sty",
    "longtable.sty",
    "microtype.sty",
    "natbib.sty",
    "placeins.sty",
    "sfrm1000.pfb",
)
LATEX_PACKAGES = (
    "latexmk",
    "texlive-latex-base",
    "texlive-latex-recommended",
    "texlive-latex-extra",
    "texlive-fonts-recommended",
    "lmodern",
    "cm-super",
)
LATEX_ELSEWHERE = (
    "install TeX Live, then: tlmgr install latexmk cm-super "
    "collection-latexrecommended collection-latexextra collection-fontsrecommended"
)


def missing_venv() -> list[str]:
    """Debian's python3 comes without ensurepip, and `python3 -m venv` fails half-way."""
    return [] if importlib.util.find_spec("ensurepip") else ["ensurepip"]


def missing_compiler() -> list[str]:
    """What is lacking to compile the package that has no wheel for this Python, if there is one."""
    if sys.version_info[:2] not in interpreter.COMPILED:
        return []
    # The compiler that Python was built with comes first, because building a package calls it.
    told = (sysconfig.get_config_var("CC") or "cc").split()[0]
    compiler = [] if any(map(shutil.which, (told, "cc"))) else ["a C compiler"]
    header = Path(sysconfig.get_path("include"), "Python.h")
    return compiler + ([] if header.exists() else ["Python.h"])


def missing_latex() -> list[str]:
    programs = [program for program in LATEX_PROGRAMS if shutil.which(program) is None]
    if "kpsewhich" in programs:
        return programs
    # As the paper is made: without the folders of the user's own that TEXINPUTS and the like name.
    kept = {key: value for key, value in os.environ.items() if "TEX" not in key}
    looked = subprocess.run(
        ["kpsewhich", *LATEX_FILES],
        env={**kept, "HOME": os.devnull},
        capture_output=True,
        text=True,
    )
    found = {line.rsplit("/", 1)[-1] for line in looked.stdout.splitlines()}
    return programs + [name for name in LATEX_FILES if name not in found]


def main() -> None:
    """Install what is missing where that needs no password; else say what to type, and stop."""
    packages: list[str] = []
    if venv := missing_venv():
        _check(venv, "Python's venv", debian.by_hand([VENV_PACKAGE]))
        packages += [VENV_PACKAGE]
    if compiler := missing_compiler():
        package = interpreter.COMPILED[sys.version_info[:2]]
        _check(
            compiler,
            f"what it takes to compile {package}, which has no wheel for {PYTHON},",
            debian.by_hand(COMPILER_PACKAGES)
            if debian.here()
            else "install a C compiler and Python's headers",
            f"; or take an older Python: make setup PYTHON=/path/to/python{interpreter.PREFERRED}",
        )
        packages += COMPILER_PACKAGES
    if choice("ONSET_PAPER", ("yes", "no"), "yes") == "yes" and (latex := missing_latex()):
        _check(
            latex,
            "LaTeX",
            debian.by_hand(LATEX_PACKAGES) if debian.here() else LATEX_ELSEWHERE,
            "; or build everything but the PDF with PAPER=no: make reproduce PAPER=no",
        )
        packages += LATEX_PACKAGES
    if packages:
        say(f"installing with apt-get, about a minute: {' '.join(packages)}")
        debian.install(packages)


def _check(absent: list[str], what: str, line: str, switch: str = "") -> None:
    if not debian.can_install():
        raise SetupError(
            f"{what} is missing ({', '.join(absent)}) and cannot be installed from here; "
            f"type: {line}{switch}"
        )
