"""Every figure of the smoke run is one that the paper can show as it was drawn."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest

from onset.figures.page import TEXT_WIDTH

pytestmark = pytest.mark.smoke


@pytest.fixture(scope="module")
def drawn(smoke: Path) -> dict[str, bytes]:
    """STUDY/NAME → the PDF."""
    paths = sorted(smoke.glob("*/figures/*.pdf"))
    return {f"{path.parts[-3]}/{path.stem}": path.read_bytes() for path in paths}


def test_there_are_figures(drawn):
    assert len({name.split("/")[0] for name in drawn}) > 1


def test_none_is_wider_than_the_text(drawn):
    for name, pdf in drawn.items():
        (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) [\d.]+ \]", pdf)
        assert float(box) <= 72 * TEXT_WIDTH + 0.01, name


def test_fonts_are_embedded(drawn):
    for name, pdf in drawn.items():
        fonts = len(re.findall(rb"/Type /FontDescriptor", pdf))
        assert fonts, name
        assert len(re.findall(rb"/FontFile2 ", pdf)) == fonts, name
        assert b"/Subtype /Type3" not in pdf, name


def test_none_says_the_name_of_a_column_or_condition(drawn):
    """Such as `seed_0`, or a title `condition = two_layers`."""
    for name, pdf in drawn.items():
        said = _texts(pdf)
        assert said, name
        assert [
            text for text in said if re.search(r"\w_\w|^(condition|measure|split) =", text)
        ] == []


def _texts(pdf: bytes) -> list[str]:
    """What a PDF of matplotlib says in TrueType fonts: letters of two bytes, moved closer by numbers."""
    texts = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            content = zlib.decompress(stream)
        except zlib.error:
            continue  # of fonts and pictures
        for piece in re.findall(rb"BT\n.*?\nET", content, re.DOTALL):
            letters = b"".join(re.findall(rb"\(((?:\\.|[^\\)])*)\)", piece, re.DOTALL))
            texts.append(re.sub(rb"\\(.)", rb"\1", letters).decode("utf-16-be", "replace"))
    return texts
