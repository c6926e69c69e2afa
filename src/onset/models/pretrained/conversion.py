"""A checkpoint that a package ships as GGUF, as a folder in Hugging Face's format."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
from transformers.utils.logging import disable_progress_bar

from onset.models import ORIGIN
from onset.models.pretrained import files, packaged
from onset.models.pretrained.described import shipped_as
from onset.models.pretrained.settings import Settings


def convert(settings: Settings, folder: Path) -> None:
    """Write config, weights in single precision and tokenizer into an empty folder, and `ORIGIN` last.

    The file's numbers are rounded (in Q4_1 to 4 bits, with a scale and an offset for 32 of them): single
    precision holds what they stand for. The model is this one, not the one that was rounded.

    Raises:
        LookupError: the package isn't there.
        ValueError: the file isn't the one that the settings mean.
    """
    assert settings.revision, "planning asks for it"
    file = packaged.shipped(settings.checkpoint, settings.revision)
    if (found := files.checksum_of(file)) != settings.checksum:
        raise ValueError(f"checksum: {file.name} in {settings.checkpoint} has {found}")
    disable_progress_bar()  # which a log can't show
    its = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    model = AutoModelForCausalLM.from_pretrained(
        **its, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(**its).save_pretrained(folder)
    told = settings.model_dump(mode="json", include={"checkpoint", "revision", "checksum"})
    about = files.sealed(folder, told | shipped_as(settings))
    (folder / ORIGIN).write_text(about, encoding="utf-8")
