"""The gallery without the runs, as a static site: pages and what they show, small enough for any host.

Links are followed from the front page on. Files in a run's folder, and files that are too large, are left
out (they "stay at home"): links to them lead to a page that says so, and what to do.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from onset.export.rendering import rendered
from onset.gallery.render import render
from onset.store.atomic import write_bytes, write_text
from onset.store.recording import recorded
from onset.store.records import check, damaged

FRONT = "index.html"
AT_HOME = "left_at_home.html"
MOST_BYTES = 100_000_000
"""of a site"""
_LARGEST_FILE = 20_000_000
_RUN = re.compile(r"seed_\d+")
_LINK = re.compile(r"""(<[a-z][^<>]*?\s(?:href|src)=)(["'])(.*?)\2""", re.IGNORECASE | re.DOTALL)
_NO_SCRIPTS = re.compile(r"(<script\b[^>]*>)(.*?)(</script>)", re.IGNORECASE | re.DOTALL)


class TooLargeError(Exception):
    """The pages and figures alone are too large for a site; the text says which parts are largest."""


@dataclass(frozen=True)
class Site:
    """What belongs to a site, by address: the path relative to the folder of results."""

    pages: dict[str, str] = field(default_factory=dict)
    """with links to what stays at home redirected"""
    files: dict[str, Path] = field(default_factory=dict)
    """what pages show or offer"""
    left: dict[str, int] = field(default_factory=dict)
    """what stays at home, and its bytes"""


def write_site(results: Path, folder: Path) -> Site:
    """Write the site for a folder of results, replacing what an earlier call wrote.

    Raises:
        FileNotFoundError: there is no front page.
        DamagedFileError: a page or a file isn't what its job wrote, or is missing.
        TooLargeError: it would have more than `MOST_BYTES`.
    """
    site = gathered(results)
    sizes = {name: path.stat().st_size for name, path in site.files.items()}
    sizes |= {name: len(text.encode()) for name, text in site.pages.items()}
    if (total := sum(sizes.values())) > MOST_BYTES:
        raise TooLargeError(
            f"pages, figures and tables have {total / 1e6:.0f} MB, but a site may have at most "
            f"{MOST_BYTES / 1e6:.0f}; the largest parts are {_largest(sizes)}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    with recorded(folder, "site", FRONT, of=""):
        for name, path in site.files.items():
            write_bytes(folder / name, path.read_bytes())
        for name, text in site.pages.items():
            write_text(folder / name, text)
        write_text(folder / AT_HOME, _at_home(site))
        write_text(folder / ".nojekyll", "")  # GitHub Pages then serves all files as they are
    return site


def gathered(results: Path) -> Site:
    """All that is reached from the front page; raises as above."""
    site, ahead = Site(), [FRONT]
    while ahead:
        page = ahead.pop()
        if page in site.pages:
            continue
        path = results / page
        check(path)
        text = path.read_text(encoding="utf-8")
        for target in _targets(page, text):
            file = results / target
            if _stays(target):
                site.left[target] = file.stat().st_size if file.exists() else 0
            elif not file.is_file():
                raise damaged(path, f"links to {target}, which isn't there")
            elif target.endswith(".html"):
                ahead.append(target)
            elif file.stat().st_size > _LARGEST_FILE:
                site.left[target] = file.stat().st_size
            elif target not in site.files:
                check(file, must_be_recorded=False)  # logs have no record
                site.files[target] = file
        site.pages[page] = text
    for page, text in site.pages.items():
        site.pages[page] = _redirected(page, text, site.left)
    return site


def _stays(target: str) -> bool:
    """Whether an address is in a run, or leads out of the results."""
    parts = PurePosixPath(target).parts
    return ".." in parts[:1] or any(_RUN.fullmatch(part) for part in parts[:-1])


def _targets(page: str, text: str) -> Iterator[str]:
    """The addresses that a page leads to, within the results."""
    for match in _LINK.finditer(_NO_SCRIPTS.sub(r"\1\3", text)):
        if target := _target(page, match[3]):
            yield target


def _target(page: str, link: str) -> str | None:
    """Where a page's link leads, relative to the folder of results; None: to itself, or to the web."""
    parts = urlsplit(html.unescape(link))
    if parts.scheme or parts.netloc or not parts.path:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))


def _redirected(page: str, text: str, left: dict[str, int]) -> str:
    """A page whose links to what stays at home lead to the page that says so."""

    def lead(match: re.Match[str]) -> str:
        target = _target(page, match[3])
        if target not in left:
            return match[0]
        there = posixpath.relpath(AT_HOME, posixpath.dirname(page) or ".")
        said = html.escape(f"Not part of this site: {target}")
        return f'{match[1]}"{there}#{quote(target)}" title="{said}"'

    return _LINK.sub(lead, text)


def _at_home(site: Site) -> str:
    """The page about what isn't here."""
    megabytes = sum(site.left.values()) / 1e6
    body = rendered(AT_HOME, n_files=len(site.left), megabytes=megabytes)
    title = "Not part of this site"
    return render("own.html", title=title, path=[("Onset", FRONT)], heading=title, body=body)


def _largest(sizes: dict[str, int]) -> str:
    """The three largest folders or files at the top of a site, in words."""
    by_study: dict[str, int] = {}
    for name, size in sizes.items():
        first = PurePosixPath(name).parts[0]
        by_study[first] = by_study.get(first, 0) + size
    most = sorted(by_study.items(), key=lambda its: -its[1])[:3]
    return ", ".join(f"{name} ({size / 1e6:.0f} MB)" for name, size in most)
