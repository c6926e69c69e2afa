"""Pack the paper's sources for arXiv: the files that LaTeX reads, and nothing else.

LaTeX's record of its run says which files these are. They include the bibliography as LaTeX reads it, so
that compiling the archive needs neither BibTeX nor anything of Onset's.
"""

from __future__ import annotations

import argparse
import gzip
import io
import tarfile
from pathlib import Path

from onset.stages.command import StageError, log, run_stage
from onset.stages.record import on_record
from onset.store.atomic import write_bytes
from onset.store.records import check


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help="the folder with the paper's sources")
    parser.add_argument("archive", type=Path, help="the .tar.gz to write")


def work(arguments: argparse.Namespace) -> None:
    names = files_read(arguments.source)
    for name in names:
        check(arguments.source / name)
    with on_record(arguments.archive.parent, "arxiv", arguments.archive.name):
        write_bytes(arguments.archive, packed(arguments.source, names))
    log.info("%s: %d files", arguments.archive, len(names))


def files_read(source: Path) -> list[str]:
    """What LaTeX read of the folder `source` and hadn't written itself, sorted.

    Raises:
        StageError: there is no record, a file is gone since, or one leads elsewhere.
    """
    record = source / "paper.fls"
    if not record.is_file():
        raise StageError(f"{record} is missing: make the paper anew")
    lines = record.read_text(encoding="utf-8", errors="replace").splitlines()
    written = {line.removeprefix("OUTPUT ") for line in lines if line.startswith("OUTPUT ")}
    read = {line.removeprefix("INPUT ") for line in lines if line.startswith("INPUT ")}
    # What isn't in the folder belongs to LaTeX.
    names = sorted(name for name in read - written if not name.startswith("/"))
    for name in names:
        path = source / name
        if not path.is_file():
            raise StageError(f"{path} is missing: make the paper anew")
        if not path.resolve().is_relative_to(source.resolve()):
            raise StageError(f"{path} leads to {path.resolve()}, out of the paper's sources")
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
