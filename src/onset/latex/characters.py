"""Which characters the paper can show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache
from pathlib import Path

_ASCII = frozenset(map(chr, range(0x20, 0x7F)))
_BETWEEN_WORDS = frozenset("\n\t")
# What Latin Modern has in every shape that texts are set in, its typewriter's, too.
_LATIN = frozenset(
    "\xa0¡¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿"
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"
    "ĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĨĩĪīĬĭĮįİıĴĵĶķĹĺĻļĽľŁłŃńŅņŇňŊŋŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŨũŪū"
    "ŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžƒǄǅǆǇǈǉǊǋǌǍǎǏǐǑǒǓǔǢǣǦǧǨǩǪǫǰǴǵȘșȚțȲȳȷˆˇ˘˙˛˜˝฿"
    "ḂḃḍḞḟḠḡḥḰḱḷṃṅṇṛṣṭẎẏẐẑỲỳ"
    "‐‑‒–—―‖‘’‚“”„†‡•…‰‹›※‽⁄⁎⁒₡₤₦₩₫€₱℃№℗℞℧℮←↑→↓␢␣◦◯♪⟨⟩ﬀﬁﬂﬃﬄﬅﬆ"
)
_WITHOUT_DECLARATION = _ASCII | _BETWEEN_WORDS | _LATIN
_DECLARED = re.compile(r"^\\DeclareUnicodeCharacter\{([0-9A-F]{4,6})\}", re.MULTILINE)


@cache
def declared(sources: Path) -> frozenset[str]:
    """The characters that the paper's sources declare in addition to those of LaTeX's Latin fonts.

    Args:
        sources: the folder with `characters.tex`; without it, none are.
    """
    try:
        text = (sources / "characters.tex").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return frozenset()
    return frozenset(chr(int(code, 16)) for code in _DECLARED.findall(text))


def unsettable(text: str, beside: Collection[str]) -> list[str]:
    """The characters of a text that would leave a gap in the paper, or stop LaTeX, each once.

    Args:
        text: plain; an accent that stands behind its letter is taken together with it.
        beside: the characters that the paper's sources declare.
    """
    found = dict.fromkeys(unicodedata.normalize("NFC", text))
    return [its for its in found if its not in _WITHOUT_DECLARATION and its not in beside]


def said_of(characters: Collection[str]) -> str:
    """Characters as a message names them: `'條' (U+689D)`, or by number where nothing is to be seen."""
    return ", ".join(
        ("" if unicodedata.category(its)[0] == "C" else f"'{its}' ") + f"(U+{ord(its):04X})"
        for its in characters
    )
