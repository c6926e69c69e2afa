"""What a pretrained model is called, and what is said of its size and of how it is rounded."""

from __future__ import annotations

import pytest

from onset.models import ORIGIN
from onset.models.pretrained import files, packaged
from onset.models.pretrained.described import described
from onset.models.pretrained.settings import Settings
from tests import checkpoints, packages

SAME = {"layers": "2", "heads": "2"}


@pytest.mark.parametrize("kind", ["llama", "gpt2", "pythia"])
def test_a_folder(kind, tmp_path):
    folder = checkpoints.save(kind, tmp_path / "mine")
    n = sum(its.numel() for its in checkpoints.KINDS[kind]().parameters())
    found = described(Settings(name="pretrained", checkpoint=str(folder)))
    assert (
        found == {"in_words": f"mine ({n} parameters)", "name": "mine", "parameters": str(n)} | SAME
    )


def test_a_folder_without_weights(tmp_path):
    folder = checkpoints.save("llama", tmp_path / "mine")
    (folder / "model.safetensors").unlink()
    found = described(Settings(name="pretrained", checkpoint=str(folder), weights="random"))
    assert found == {"in_words": "mine", "name": "mine"} | SAME


def test_a_training_is_described_by_its_first_checkpoint(tmp_path):
    for step in (0, 8):
        checkpoints.save("pythia", tmp_path / f"step{step}")
    found = described(Settings(name="pretrained", checkpoint=str(tmp_path / "step{step}")))
    assert found["name"] == "step0"


def test_a_name_on_the_hub_that_isnt_on_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    its = Settings(name="pretrained", checkpoint="nobody/nothing-0b", revision="step3")
    assert described(its) == {
        "in_words": "nobody/nothing-0b, step3",
        "name": "nobody/nothing-0b, step3",
    }


@pytest.mark.parametrize(
    ("file", "name", "bits"),
    [
        ("Tiny-1B.Q4_1.gguf", "Tiny-1B", "4"),
        ("Tiny-1B.Q6_K.gguf", "Tiny-1B", "6"),
        ("tiny.IQ3_XXS.gguf", "tiny", "3"),
        ("tiny.BF16.gguf", "tiny.BF16", None),
        ("tiny.gguf", "tiny", None),
    ],
)
def test_what_a_package_ships(file, name, bits, tmp_path, monkeypatch):
    shipped = packages.installed(tmp_path)
    about = tmp_path / f"onset_test_weights-{packages.VERSION}.dist-info"
    (about / "RECORD").write_text((about / "RECORD").read_text().replace(shipped.name, file))
    (about / "METADATA").write_text((about / "METADATA").read_text() + "License: Apache-2.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    found = described(
        Settings(name="pretrained", checkpoint=packages.CHECKPOINT, revision=packages.VERSION)
    )
    said = f" (weights rounded to {bits} bits)" if bits else ""
    assert found.pop("in_words") == name + said
    assert found.pop("rounded", None) == bits
    package = f"{packages.NAME} {packages.VERSION}"
    assert found == {"name": name, "package": package, "licence": "Apache-2.0"}


def test_a_package_that_has_gone_since_it_was_converted(tmp_path, monkeypatch):
    """What it shipped is noted in the folder that was made of it."""
    monkeypatch.chdir(tmp_path)
    its = Settings(name="pretrained", checkpoint=packages.CHECKPOINT, revision=packages.VERSION)
    folder = checkpoints.save("llama", packaged.folder_of(its.checkpoint, its.revision))
    of = {"checksum": "0" * 64, "file": "Tiny-1B.Q4_1.gguf", "licence": "MIT"}
    (folder / ORIGIN).write_text(files.sealed(folder, of))
    found = described(its)
    assert found["name"] == "Tiny-1B"
    assert (found["rounded"], found["licence"]) == ("4", "MIT")
    assert found["in_words"].endswith(" parameters, weights rounded to 4 bits)")


def test_a_package_that_was_converted_before_that_was_noted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    its = Settings(name="pretrained", checkpoint=packages.CHECKPOINT, revision=packages.VERSION)
    package = f"{packages.NAME} {packages.VERSION}"
    assert described(its) == {"in_words": packages.NAME, "name": packages.NAME, "package": package}
