"""Fine-tuned models in Hugging Face's form: that of the model that training began with."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from transformers import AutoTokenizer

from onset.export.forms.form import BOOTED, Form
from onset.models.pretrained import loading
from onset.models.pretrained.model import Pretrained
from onset.models.pretrained.settings import Settings


def form(model: Pretrained) -> Form:
    """The same class opens it as opened the pretrained model."""
    config = model.config.to_diff_dict()
    config |= {"architectures": [type(model.module).__name__], "dtype": "float32"}
    checkpoint = model.settings.checkpoint
    folder = loading.folder_of(model.settings)
    return Form(
        config,
        "AutoModelForCausalLM",
        tensors=model.plain,
        generation=model.module.generation_config.to_diff_dict(),
        lens=BOOTED,
        first_token=model.first_token,
        made_of=folder.name if folder else checkpoint,
        base_model=None if folder else checkpoint,
        tokenizer=partial(_save_tokenizer, model.settings),
    )


def _save_tokenizer(settings: Settings, folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(
        loading.where(settings), revision=loading.revision(settings)
    )
    tokenizer.save_pretrained(folder)
