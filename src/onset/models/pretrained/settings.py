"""Which pretrained model is fine-tuned. Separate, so that reading config needs no torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import model_validator

from onset.models.pretrained import files
from onset.settings import Line, NonNegativeInt
from onset.settings import Settings as BaseSettings

TAKES = "sequences"
"""the kind of world"""
_ON_THE_HUB = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)


class Settings(BaseSettings):
    """The checkpoint, and which of its tokens stand for those of the task."""

    name: Literal["pretrained"]
    checkpoint: Line
    """in Hugging Face format: a local folder, or a name on the hub (`EleutherAI/pythia-70m`)"""
    revision: Line | None = None
    """of a name on the hub: a branch, tag or commit (`step143000`); needed there, because it says which
    weights are meant. A commit can't be moved to others, a branch can"""
    checksum: str | None = None
    """of the files of a local folder; left out, it is that of the files which are there. Part of the
    settings, so that runs are rebuilt when the files have changed"""
    first_token: NonNegativeInt = 1000
    """token i of the task is token first_token + i of the model's vocabulary. Byte-pair vocabularies hold
    special tokens and single bytes first, then common pieces of words before rare ones"""

    @property
    def traits(self) -> tuple[str, ...]:
        return ("residual_stream", "heads")

    @model_validator(mode="before")
    @classmethod
    def _notice_the_files(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("checksum") is not None:
            return values
        checkpoint = values.get("checkpoint")
        if not isinstance(checkpoint, str) or not checkpoint or not Path(checkpoint).is_dir():
            return values
        return {**values, "checksum": files.checksum(Path(checkpoint))}


def problems(settings: Settings, max_hops: int, n_tokens: int, length: int) -> list[str]:
    """What makes these settings unfit for a task of so many tokens and so long sequences."""
    if not files.is_folder(settings.checkpoint):
        if settings.checkpoint.startswith("~"):
            return [f"checkpoint: {settings.checkpoint}: ~ is not known here; write the path out"]
        if not _ON_THE_HUB.fullmatch(settings.checkpoint):
            return [
                f"checkpoint: {settings.checkpoint!r} is no local folder, and can't be a name on the hub, "
                "such as EleutherAI/pythia-70m or gpt2"
            ]
        if settings.revision is None:
            return [
                f"{settings.checkpoint} is no local folder, and a name on the hub needs a revision, "
                "e.g. revision: step143000 (a path begins with ./ or /)"
            ]
        if settings.checksum is not None:
            return ["checksum is of the files of a local folder; on the hub the revision counts"]
        return []
    if settings.revision is not None:
        return [f"revision: {settings.checkpoint} is a local folder and has no revisions"]
    folder = Path(settings.checkpoint)
    try:
        config = files.config(folder)
        found = files.checksum(folder)
    except (OSError, ValueError) as error:
        return [f"checkpoint {settings.checkpoint} can't be read: {error}"]
    if found != settings.checksum:
        return [f"checksum: the files in {settings.checkpoint} have {found}"]
    return [
        *unfit(settings, config, n_tokens, length),
        *(f"checkpoint: {said}" for said in files.unsound_weights(folder, config)),
    ]


def unfit(settings: Settings, config: dict[str, Any], n_tokens: int, length: int) -> list[str]:
    """What a task asks of a checkpoint that its `config.json` doesn't have."""
    found = []
    rows = config.get("vocab_size")
    if rows is not None and settings.first_token + n_tokens > rows:
        found.append(
            f"the task has {n_tokens} tokens; from first_token {settings.first_token} on the vocabulary "
            f"of {settings.checkpoint} has {max(0, rows - settings.first_token)}"
        )
    # GPT-2's name for it, and everybody else's.
    longest = config.get("n_positions", config.get("max_position_embeddings"))
    if longest is not None and length > longest:
        found.append(
            f"the task has sequences of {length} tokens, {settings.checkpoint} takes up to {longest}"
        )
    return found
