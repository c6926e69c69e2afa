"""A finished run as folders that are revisions on Hugging Face's hub, and its dataset as another.

main/  step_0000000/  step_0000120/  …     each opens in `transformers` by itself
dataset/                                   Parquet files and their card
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import save
from torch import Tensor

from onset.export.cards import dataset_card, model_card
from onset.export.datasets import dataset_files
from onset.export.forms import form_of
from onset.export.forms.form import Form
from onset.export.told import Told
from onset.export.vocabulary import can_be_read, of_names, tokenizer_files
from onset.store.atomic import write_bytes
from onset.store.recording import recorded

MAIN = "main"


def export_run(told: Told, folder: Path, steps: Sequence[int]) -> list[Path]:
    """Write the files of a run.

    Files from an earlier call are replaced, or removed if this call doesn't write them; other people's
    files stay, and so do files that somebody has edited.

    Args:
        told: of the run.
        folder: for the run; made if there is none.
        steps: the checkpoints that become revisions; the last of the run is `main` in any case.

    Returns:
        The edited files, and those of others, that lay where this call writes, by the names they have now.

    Raises:
        DamagedFileError: a file of the run isn't what its job wrote.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = f"{MAIN}/model.safetensors"
    with recorded(folder, "export", target, of="", keeps_edits=True) as record:
        for name, content in files_of(told, steps):
            write_bytes(folder / name, content)
    return record.set_aside


def files_of(told: Told, steps: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    """Name and content of all files of a run; arguments as above."""
    form = form_of(told.run.model)
    tokenizer = _tokenizer(told, form)
    last = told.run.steps[-1]
    for name, step in ((MAIN, last), *((revision(its), its) for its in steps)):
        for file, content in _of_revision(told, form, step, tokenizer).items():
            yield f"{name}/{file}", content
    for file, content in {
        **dataset_files(told.run.dataset),
        "README.md": dataset_card(told),
    }.items():
        yield f"dataset/{file}", _bytes(content)


def revision(step: int) -> str:
    """The name of a checkpoint's revision."""
    return f"step_{step:07d}"


def model_files(
    form: Form, parameters: Mapping[str, Tensor], about: Mapping[str, Any]
) -> dict[str, bytes]:
    """Name → content of the files that a model is opened from.

    Args:
        form: of the model.
        parameters: of a checkpoint.
        about: what to say about the checkpoint under `onset` in `config.json`.
    """
    tensors = {name: its.contiguous() for name, its in form.tensors(parameters).items()}
    files: dict[str, str | bytes] = {
        "config.json": _json({**form.config, "onset": dict(about)}),
        "model.safetensors": save(tensors, metadata={"format": "pt"}),
        **form.code,
    }
    if form.generation is not None:
        files["generation_config.json"] = _json(form.generation)
    return {name: _bytes(content) for name, content in files.items()}


def _of_revision(
    told: Told, form: Form, step: int, tokenizer: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Name → content of all files of one revision."""
    parameters = told.run.parameters(step)
    n_parameters = sum(its.numel() for its in parameters.values())
    named = bool(tokenizer) and not form.made_of
    return {
        **model_files(form, parameters, {**told.place, "step": step}),
        "README.md": model_card(told, form, step, n_parameters, named).encode(),
        **tokenizer,
    }


def _tokenizer(told: Told, form: Form) -> dict[str, bytes]:
    """The tokenizer's files; none if there are no tokens, or their names can't be typed."""
    if form.tokenizer:
        return tokenizer_files(form.tokenizer)
    names = getattr(told.run.dataset, "vocabulary", ())
    if not names or not can_be_read(names):
        return {}
    return tokenizer_files(of_names(names, told.run.dataset.length).save_pretrained)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(dict(content), indent=2, ensure_ascii=False) + "\n"


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
