"""What every artefact says about itself: its run, its settings and its code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from onset.settings import canonical_json


class DamagedFileError(Exception):
    """A file in results/ isn't what was written there."""


def digest(value: object) -> str:
    """Sixteen hexadecimal digits that name a value (JSON-like, or settings)."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Origin:
    """Where an artefact comes from; travels inside the artefact."""

    run: str
    """`study/condition/seed_n`"""
    settings: str
    """digest of the settings that concern the artefact"""
    code: str
    """fingerprint of the code that made it"""
    source: str = ""
    """checksum of the file that it was made from, where it is bound to one"""

    def to_json(self) -> str:
        return canonical_json(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Origin:
        return cls(**json.loads(text))
