"""Checks, before anything runs, for things in results that would make a job hang or misdirect it.

The results folder may be a link to another disk, and so may a study's folder in it. Below that, no link
may lead out of the study; files that aren't Onset's and aren't in the way may be anywhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from onset.config.folder import into_own_folder
from onset.store.layout import RunFolder
from onset.store.origin import DamagedFileError
from onset.store.records import FOLDER, LOGS, names_in, paths_in

_FILES = (
    ".csv", ".html", ".ipynb", ".js", ".json", ".jsonl", ".log", ".parquet", ".pdf", ".png",
    ".safetensors", ".tex", ".yaml",
)  # fmt: skip
"""how names of files end that jobs write"""
_NOT_RECORDED = {LOGS, "settings"}
"""folders whose files Snakemake, or a log, begins before any job has a record"""
_KINDS = {
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFREG: "a file",
}


Runs = Mapping[str, Mapping[str, Sequence[int]]]
"""study → condition → seeds"""


def obstacles(results: Path, runs: Runs, collections: Iterable[str] = ()) -> list[str]:
    """A line about each thing that is in the way, where jobs read and write.

    Args:
        results: the folder.
        runs: all there are.
        collections: the names of what is gathered of them.
    """
    above = [results, *results.parents[:-1]]
    if said := [line for folder in reversed(above) if (line := _no_folder(folder))]:
        return said
    return list(dict.fromkeys(_of_results(results, runs, (*collections, "paper", LOGS))))


def unrecorded(results: Path, written: Iterable[str], forced: Collection[str] = ()) -> str | None:
    """What to say if files lie where jobs would write, and no record says that a job wrote them.

    Of runs, whose files have the same names always, one record stands for all.

    Args:
        results: the folder.
        written: all files that jobs leave.
        forced: those that are to be made again, whatever lies there.
    """
    known = cache(_names_known)
    found = []
    for path in map(Path, written):
        about, is_of_run = _about(results, path)
        names = known(about, not is_of_run)
        recorded = names is None or path.relative_to(about).as_posix() in names
        if not recorded and str(path) not in forced and path.exists():
            found.append(path)
    found = [path for path in found if not _NOT_RECORDED & {*path.relative_to(results).parts}]
    if not found:
        return None
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return (
        f"{found[0]}{more}: jobs would write there, and no record says that Onset wrote what there is. "
        "It is yours, or from a version without records: move it away, or give results another folder "
        "(`results: NAME` in config/config.yaml)"
    )


def _names_known(folder: Path, by_name: bool) -> set[str] | None:
    """The files of a folder that records know; None, if they need no asking for by name."""
    if not paths_in(folder):
        return set()
    try:
        return names_in(folder) if by_name else None
    except DamagedFileError:  # `make verify` tells it
        return None


def _about(results: Path, path: Path) -> tuple[Path, bool]:
    """The folder that the job is about which writes a file, and whether that is a run's."""
    parts = path.relative_to(results).parts
    if len(parts) > 3 and parts[2].startswith("seed_"):
        return results.joinpath(*parts[:3]), True
    if len(parts) > 3 and parts[1] == "comparisons":
        return results.joinpath(*parts[:3]), False
    if len(parts) == 3 and parts[1] == "studies" and path.suffix == ".parquet":
        return results.joinpath(*parts[:2]), False  # a collection's, of one study
    return results.joinpath(*parts[:1] if len(parts) > 1 else ()), False


def _of_results(results: Path, runs: Runs, of_all: Iterable[str]) -> Iterator[str]:
    if not results.is_dir():
        return
    yield from _strange(results)
    yield from _within(results, [FOLDER])
    places: dict[Path, Path] = {}
    for name in (*runs, *of_all):
        top = results / name
        if said := _no_folder(top) or _leads_astray(top, results, places):
            yield said
        elif top.is_dir():
            yield from _strange(top)
            below = _of_study(runs[name], top) if name in runs else _all_below(top)
            yield from _within(top, below)


def _of_study(runs: Mapping[str, Sequence[int]], top: Path) -> Iterator[str]:
    """The folders that its jobs write into, by their names below the study's."""
    yield from (FOLDER, "figures", "tables", "settings", "comparisons")
    yield from (f"comparisons/{name}" for name in _all_below(top / "comparisons"))
    for condition, seeds in runs.items():
        yield condition
        for seed in seeds:
            run = RunFolder(Path(condition, f"seed_{seed}"))
            yield from map(str, (run.path, run.checkpoints, run.path / FOLDER))


def _all_below(top: Path) -> Iterator[str]:
    for folder, names, _ in os.walk(top):
        yield from (str((Path(folder) / name).relative_to(top)) for name in names)


def _within(top: Path, names: Iterable[str]) -> Iterator[str]:
    """What is wrong with folders below another one, and with what lies in them."""
    real = os.path.realpath(top)
    barred: set[Path] = set()
    for name in names:
        folder = top / name
        if barred & set(folder.parents):
            continue
        if not os.path.lexists(folder):
            continue
        if said := _no_folder(folder) or _leads_away(folder, f"{real}/{name}"):
            barred.add(folder)
            yield said
        else:
            yield from _strange(folder)


def _leads_astray(top: Path, results: Path, places: dict[Path, Path]) -> str | None:
    """Why a link that stands for a whole study leads where it can't; `places` are those of the others."""
    real, of_results = top.resolve(), results.resolve()
    other = places.setdefault(real, top)
    if not top.is_symlink():
        return None
    said = into_own_folder(top, Path())
    if other != top:
        said = f"leads to {real}, and so does {other}"
    elif not said and (real.is_relative_to(of_results) or of_results.is_relative_to(real)):
        said = f"leads to {real}, and other results lie there, too"
    return f"{top} {said}; give it a folder to itself, on whatever disk" if said else None


def _leads_away(folder: Path, its_place: str) -> str | None:
    real = os.path.realpath(folder)
    if real == its_place:
        return None
    return (
        f"{folder} leads to {real}: jobs would write there, and delete; remove the link "
        "(a whole study, or results itself, may be a link)"
    )


def _strange(folder: Path) -> Iterator[str]:
    """What lies in a folder and is neither a file nor a folder, or a folder with the name of a file."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda its: its.name):
            path = folder / entry.name
            if entry.is_symlink() and (said := _broken(path)):
                yield said
            elif entry.is_dir():
                if entry.name.endswith(_FILES):
                    yield f"{path} is a folder, and a file is expected there; move it away"
            elif not entry.is_file():
                yield f"{path} is {_kind(path)}, and reading it might never end; move it away"


def _no_folder(path: Path) -> str | None:
    """Why something can't be the folder that it should be; None if it is one, or nothing is there."""
    if path.is_symlink() and (said := _broken(path)):
        return said
    if path.is_dir():
        return f"{path} is closed to you: change its permissions" if _is_closed(path) else None
    if not path.exists():
        return None
    return f"{path} is {_kind(path)}, and a folder is expected there; move it away"


def _is_closed(folder: Path) -> bool:
    """Whether its permissions don't let it be listed, or what is in it be opened."""
    try:
        os.scandir(folder).close()
        os.stat(f"{folder}/.")  # noqa: PTH116 - a Path forgets the dot
    except PermissionError:
        return True
    return False


def _broken(link: Path) -> str | None:
    """Why a link leads to nothing, if it does."""
    try:
        link.stat()
    except OSError as error:
        why = "to itself" if "symbolic links" in (error.strerror or "") else "to nothing"
        return f"{link} is a link that leads {why} ({os.readlink(link)}); remove it"  # noqa: PTH115
    return None


def _kind(path: Path) -> str:
    return _KINDS.get(stat.S_IFMT(path.stat().st_mode), "no file")
