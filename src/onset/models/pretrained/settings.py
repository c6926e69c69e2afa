"""Which pretrained model is fine-tuned. Separate, so that reading config needs no torch."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict, model_validator

from onset.models.pretrained import files
from onset.settings import Line, NonNegativeInt, Once, PositiveFloat, PositiveInt
from onset.settings import Settings as BaseSettings


class AdapterSettings(BaseSettings):
    """Low-rank adapters (`adapters.py`): all that is then trained, and stored."""

    rank: PositiveInt
    scale: PositiveFloat = 1.0
    """what their product counts for; α / rank in Hu et al. 2021"""
    first_layer: NonNegativeInt = 0
    """the first block that has any, from 0; nothing before it costs a training gradients"""
    parts: Annotated[tuple[Line, ...], Strict(False), Field(min_length=1), Once] = ("*",)
    """patterns of the names that a block's matrices have in it, such as `mlp.*` or `*.down_proj`"""


class Settings(BaseSettings):
    """The checkpoint, and which of its tokens stand for those of the task."""

    name: Literal["pretrained"]
    checkpoint: Line
    """in Hugging Face format: a local folder, or a name on the hub (`EleutherAI/pythia-70m`); or
    `package:NAME`, what a Python package ships as GGUF"""
    revision: Line | None = None
    """of a name on the hub: a branch, tag or commit (`step143000`); needed there, because it says which
    weights are meant. A commit can't be moved to others, a branch can. Of a package its version. Where it
    has `{step}` in it, or the folder's name has, its training is recorded: a checkpoint for each step"""
    weights: Literal["pretrained", "random"] = "pretrained"
    """`random` is a null control: the same architecture and tokenizer, with weights as they are before
    training, drawn by the run's seed"""
    checksum: str | None = None
    """of the files of a local folder; left out, it is that of the files which are there. Part of the
    settings, so that runs are rebuilt when the files have changed. Of a package, the SHA-256 of the file
    that it ships, which has to be said"""
    first_token: NonNegativeInt = 1000
    """token i of the task is token first_token + i of the model's vocabulary; texts have the vocabulary's
    own. Byte-pair vocabularies hold special tokens and single bytes first, then common pieces of words
    before rare ones"""
    adapter: AdapterSettings | None = None
    """left out: the parameters themselves are trained, or those that `training.trainable` names"""

    @model_validator(mode="before")
    @classmethod
    def _notice_the_files(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("checksum") is not None:
            return values
        checkpoint = values.get("checkpoint")
        if not isinstance(checkpoint, str) or not checkpoint:
            return values
        found = files.folders(checkpoint)
        return {**values, "checksum": files.checksum(*found)} if found else values

    @property
    def recorded(self) -> bool:
        """Whether it is a training's checkpoints, one for each step."""
        return any(files.STEP in its for its in (self.checkpoint, self.revision or ""))

    def at_step(self, step: int) -> Settings:
        """One of a training's checkpoints."""
        if not self.recorded:
            return self
        told = {key: its for key, its in self if key != "checksum"}
        for key in ("checkpoint", "revision"):
            told[key] = told[key] and told[key].replace(files.STEP, str(step))
        return Settings.model_validate(told)
