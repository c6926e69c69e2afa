"""Pack the paper's sources for arXiv: what LaTeX reads, and nothing else.

Its own record of a run tells what that is. The bibliography is in it as LaTeX reads it, so that neither
BibTeX nor anything of Onset's is needed to compile the archive.
"""

from __future__ import annotations

import argparse
import gzip
import io
import tarfile
from pathlib import Path

from onset.stages.command import StageError, log, run_stage
from onset.store.atomic import write_bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="the folder that the paper was compiled in")
    parser.add_argument("archive", type=Path, help="the .tar.gz to write")


def work(arguments: argparse.Namespace) -> None:
    names = files_read(arguments.source)
    write_bytes(arguments.archive, packed(arguments.source, names))
    log.info("%s: %d files", arguments.archive, len(names))


def files_read(source: Path) -> list[str]:
    """What LaTeX read of the folder `source` and hadn't written itself, sorted.

    Raises:
        StageError: there is no record, or a file is gone since.
    """
    record = source / "paper.fls"
    if not record.exists():
        raise StageError(f"{record} is missing: make the paper anew")
    found: dict[str, set[Path]] = {"INPUT": set(), "OUTPUT": set()}
    folder = source
    for line in record.read_text(encoding="utf-8").splitlines():
        kind, _, path = line.partition(" ")
        if kind == "PWD":
            folder = Path(path)
        else:
            found[kind].add(folder / path)
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in found["INPUT"] - found["OUTPUT"]
        if path.is_relative_to(folder)
    )
    if gone := [name for name in names if not (source / name).exists()]:
        raise StageError(f"{source / gone[0]} is missing: make the paper anew")
    return names


def packed(folder: Path, names: list[str]) -> bytes:
    """A .tar.gz of some files: the same of the same content, whoever packs it and when."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=buffer, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name in names:
            content = (folder / name).read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


if __name__ == "__main__":
    run_stage("arxiv", __doc__, work, add_arguments)
