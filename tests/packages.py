"""Python packages that ship a pretrained model, made by tests: an installed one is files on the path."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

NAME, VERSION = "onset-test-weights", "1.2.0"
CHECKPOINT = f"package:{NAME}"


def installed(site: Path, content: bytes = b"GGUF of nothing", reader: bool = True) -> Path:
    """Install the package in a folder that is on the path; importing it would fail.

    Args:
        site: the folder.
        content: of the file that it ships.
        reader: whether something called `gguf` is installed, too.

    Returns:
        The file.
    """
    folder, about = site / "onset_test_weights", site / f"onset_test_weights-{VERSION}.dist-info"
    for its in (folder, about):
        its.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise AssertionError('it was imported')\n")
    file = folder / "tiny.Q4_1.gguf"
    file.write_bytes(content)
    sha = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n")
    (about / "RECORD").write_text(
        f"onset_test_weights/__init__.py,,\n{folder.name}/{file.name},sha256={sha},{len(content)}\n"
    )
    if reader:
        (site / "gguf").mkdir()
        (site / "gguf/__init__.py").write_text("")
    return file


def checksum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
