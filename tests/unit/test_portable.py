"""The Makefile and shell commands work with what macOS has, too: GNU make 3.81 and BSD's tools."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from setup.packages import ROOT

SHELL = [
    ROOT / "Makefile",
    ROOT / ".ci/run",
    ROOT / "Snakefile",
    *ROOT.glob("workflow/rules/*.smk"),
]

LATER_THAN_MAKE_3_81 = re.compile(
    r"""
    \$\((?:file|guile|let|intcmp)\s            # functions
    | ^\s*\.(?:ONESHELL|RECIPEPREFIX|EXTRA_PREREQS|SHELLSTATUS|WAIT)\b
    | ^\s*(?:undefine|private|load)\s
    | ^[^\s\#][^=:]*(?:!=|:::?=)               # x != command, x ::= value
    | &:                                       # several targets of one recipe
    | --output-sync | -O(?:target|line)
    """,
    re.VERBOSE | re.MULTILINE,
)
ONLY_GNU = re.compile(
    r"""
    \bsed\s+(?:-\S+\s+)*(?:-[nEsz]*[rsz]\b|-i(?!\s*'')|--\w) | \bsed\b[^|;\n]*\\[|+?]
    | \bdate\s+(?:-d|--\w|-I|\S*%N)
    | \bcp\s+(?:-\w*[Tu]|--\w)
    | \bmktemp\s+(?:-p|--\w)
    | \b(?:readlink\s+-[efm]|realpath|nproc|tac|timeout|sha256sum|md5sum|numfmt|shuf)\b
    | \bstat\s+(?:-c|--\w) | \bgrep\s+-\w*P | \bxargs\s+(?:-\w*[rd]|--\w)
    | \b(?:sort\s+-\w*V|head\s+-n\s*-|ls\s+--\w|rm\s+--\w|mkdir\s+--\w|ln\s+-\w*[rT]|tar\s+--\w)
    | \bfind\b[^|;\n]*\s-(?:printf|regextype) | \becho\s+-e
    """,
    re.VERBOSE,
)


@pytest.mark.parametrize(
    "line",
    [
        "sed -i 's/a/b/' x", "sed -r 's/a+/b/' x", r"sed 's/a\|b//'", "date -d @0", "date +%s%N",
        "cp --archive a b", "mktemp -p x", "readlink -f x", "stat -c %s x", "grep -oP x y",
        "xargs -r rm", "sort -V", "head -n -1", "find . -printf x", "$(nproc)", "tar --transform x",
    ],
)  # fmt: skip
def test_what_only_gnu_has_is_found(line):
    assert ONLY_GNU.search(line)


@pytest.mark.parametrize(
    "text",
    ["x != date", "x ::= 1", ".ONESHELL:\n", "$(file >x,y)", "undefine x", "a b &: c"],
)
def test_what_make_3_81_lacks_is_found(text):
    assert LATER_THAN_MAKE_3_81.search(text)


@pytest.mark.parametrize("path", SHELL, ids=lambda path: path.name)
def test_no_tool_is_asked_for_what_only_gnu_s_can(path):
    # Options of a program of Python's are its own: snakemake --..., python -m ...
    found = [line for line in path.read_text().splitlines() if ONLY_GNU.search(line)]
    assert found == []


def test_the_makefile_says_nothing_that_make_3_81_does_not_know():
    text = (ROOT / "Makefile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if LATER_THAN_MAKE_3_81.search(line)] == []


@pytest.mark.skipif(shutil.which("busybox") is None, reason="there is no busybox here")
def test_the_help_is_printed_by_another_sed():
    """Any that keeps to POSIX prints the same."""
    command = re.search(r"@(sed .*) \$\(firstword", (ROOT / "Makefile").read_text())[1]
    said = [
        subprocess.run(["sh", "-c", f"{tool}{command} Makefile"], cwd=ROOT, capture_output=True)
        for tool in ("", "busybox ")
    ]
    assert said[0].stdout == said[1].stdout
    assert said[0].stdout.count(b"\n") > 20


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no dash to read it")
def test_the_shell_commands_of_the_makefile_are_posix():
    """The choice of a Python is the one script in it."""
    script = re.search(r"PYTHON = \$\(shell (.*?)\)\n", (ROOT / "Makefile").read_text(), re.S)[1]
    script = script.replace("\\\n", " ").replace("$$", "$")
    checked = subprocess.run(["sh", "-n", "-c", script], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
