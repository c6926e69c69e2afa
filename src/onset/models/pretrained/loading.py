"""Checkpoints in Hugging Face's format, loaded, and the plain module that they are trained in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, PretrainedConfig, PreTrainedModel
from transformers.initialization import no_init_weights
from transformers.utils.logging import disable_progress_bar

from onset.models.batch import Parameters
from onset.models.pretrained import files, packaged
from onset.models.pretrained.settings import Settings

# As TransformerLens runs them: hooks on attention need it, and numbers are then the same bit by bit.
_ATTENTION = "eager"


def where(settings: Settings) -> str:
    """What loaders are told. Of a folder the whole path, which no name on the hub can be mistaken for."""
    folder = folder_of(settings)
    return settings.at_step(0).checkpoint if folder is None else str(folder.resolve())


def revision(settings: Settings) -> str | None:
    """What loaders are told of a name on the hub; folders have none."""
    return settings.at_step(0).revision if folder_of(settings) is None else None


def folder_of(settings: Settings) -> Path | None:
    """That of a checkpoint which lies in one, by itself or converted; of a training that of the first."""
    settings = settings.at_step(0)
    if packaged.is_packaged(settings.checkpoint):
        return packaged.folder_of(settings.checkpoint, settings.revision)
    return Path(settings.checkpoint) if files.is_folder(settings.checkpoint) else None


def architecture(settings: Settings) -> PretrainedConfig:
    """The checkpoint's config, without its weights."""
    return AutoConfig.from_pretrained(where(settings), revision=revision(settings))


def module(config: PretrainedConfig) -> PreTrainedModel:
    """A module of that architecture for parameters that live outside of it; its own mean nothing.

    In evaluation mode, so that there is no dropout, and in single precision, whatever the checkpoint
    was saved in.
    """
    with no_init_weights():  # drawing them takes seconds
        built = AutoModelForCausalLM.from_config(
            config, attn_implementation=_ATTENTION, dtype=torch.float32
        )
    built.tie_weights()
    return built.eval().requires_grad_(False)


def parameters(settings: Settings) -> Parameters:
    """The pretrained parameters under Hugging Face's names, tied ones once, in single precision.

    Raises:
        OSError: the checkpoint isn't there, or the hub can't be reached.
        ValueError: its tensors aren't those of its architecture. The library would draw what is missing at
            random, and say so in a warning.
    """
    if packaged.is_packaged(settings.checkpoint):
        folder = packaged.folder_of(settings.checkpoint, settings.revision)
        if said := files.damage(folder, settings.checksum):
            raise ValueError(said)
    disable_progress_bar()  # which a log can't show
    try:
        loaded, said = AutoModelForCausalLM.from_pretrained(
            where(settings),
            revision=revision(settings),
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
        )
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(f"{settings.checkpoint} can't be loaded: {error}") from error
    if found := [*_odd(said), *_untied(loaded)]:
        raise ValueError(f"{settings.checkpoint}: {'; '.join(found)}")
    return _of(loaded)


def drawn(config: PretrainedConfig, seed: int) -> Parameters:
    """Parameters of an architecture as they are before a training, the same for a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _of(AutoModelForCausalLM.from_config(config, dtype=torch.float32))


def _of(loaded: PreTrainedModel) -> Parameters:
    return {name: p.detach() for name, p in loaded.named_parameters()}


def _odd(said: Mapping[str, Any]) -> Iterator[str]:
    """What of the stored tensors isn't as the architecture has it, as the library found."""
    for kind in ("missing", "unexpected"):
        if names := sorted(said[f"{kind}_keys"]):
            yield f"{kind} tensors: {', '.join(names)}"
    for name, stored, wanted in sorted(said["mismatched_keys"]):
        yield f"{name} has the shape {tuple(stored)}, and the architecture {tuple(wanted)}"


def _untied(loaded: PreTrainedModel) -> Iterator[str]:
    """Whether a head of its own was stored where `config.json` says that there is none."""
    head = loaded.get_output_embeddings()
    tied = getattr(loaded.config, "tie_word_embeddings", False)
    if tied and head is not None and head.weight is not loaded.get_input_embeddings().weight:
        yield files.TIED
