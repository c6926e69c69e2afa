"""Pages in a real browser, as readers have them before them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@contextmanager
def opened(browser: Browser, path: Path, **options) -> Iterator[Page]:
    """A page that must not ask for anything beyond this machine, miss a file, or complain."""
    complaints = []
    page = browser.new_page(**{"viewport": DESK, **options})
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "requestfailed",
        # Pictures that a page still waits for when the reader leaves it are nobody's fault.
        lambda request: (
            request.failure == "net::ERR_ABORTED"
            or complaints.append(f"failed: {request.url}: {request.failure}")
        ),
    )
    page.on(
        "request",
        lambda request: (
            request.url.startswith(("file:", "data:", "blob:"))
            or complaints.append(f"reached out: {request.url}")
        ),
    )
    page.goto(path.resolve().as_uri())
    try:
        yield page
        assert not complaints, "\n".join(complaints)
    finally:
        page.close()


def contrast(one: str, other: str) -> float:
    """Of two colours `rgb(r, g, b)`: WCAG 2.2's ratio of relative luminances."""

    def luminance(colour: str) -> float:
        parts = [float(its) / 255 for its in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        linear = [
            its / 12.92 if its <= 0.04045 else ((its + 0.055) / 1.055) ** 2.4 for its in parts
        ]
        return sum(w * its for w, its in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
