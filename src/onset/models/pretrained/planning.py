"""What planning asks of pretrained models: whether they are there, and fit a task."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onset.models import ORIGIN
from onset.models.pretrained import files, packaged
from onset.models.pretrained.settings import Settings

TAKES = "sequences"
"""the kind of world"""
_ON_THE_HUB = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)


def traits(settings: Settings) -> tuple[str, ...]:
    """What they are like (`onset.config.traits`)."""
    adapted = ("adapters",) if settings.adapter else ()
    return ("residual_stream", "heads", "tokenizer", "rewritable", *adapted)


def begins_trained(settings: Settings) -> bool:
    """Whether its parameters are those that others have trained."""
    return settings.weights == "pretrained" and not settings.recorded


def recorded(settings: Settings) -> bool:
    """Whether these are the checkpoints of a training that others have done."""
    return settings.recorded


def at_step(settings: Settings, step: int) -> Settings:
    """One of them."""
    return settings.at_step(step)


def problems(settings: Settings, max_hops: int, n_tokens: int, length: int) -> list[str]:
    """What makes these settings unfit for a task of so many tokens and so long sequences."""
    if settings.recorded:
        return [*_of_training(settings)]
    if packaged.is_packaged(settings.checkpoint):
        return [*_of_package(settings, n_tokens, length)]
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


def _of_training(settings: Settings) -> Iterator[str]:
    """What is wrong with the name of its checkpoints; each of them is asked about by itself."""
    if settings.weights == "random":
        yield f"weights: random ones aren't those of {files.STEP}"
    if settings.adapter:
        yield "adapter: nothing is trained where a training is recorded"
    if packaged.is_packaged(settings.checkpoint):
        yield f"checkpoint: a package ships one, and none of {files.STEP}"
    found = files.folders(settings.checkpoint)
    if files.is_folder(settings.checkpoint) and settings.checksum != files.checksum(*found):
        yield f"checksum: the files in {settings.checkpoint} have {files.checksum(*found)}"


def n_parameters(settings: Settings) -> int:
    """How many numbers the checkpoint has: by the headers of its files; of a package, as long as these
    aren't converted, about a number per byte. Of a name on the hub nobody knows yet: 0."""
    settings = settings.at_step(0)
    folder = converted(settings) or Path(settings.checkpoint)
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        if (folder / ORIGIN).exists() or not packaged.is_packaged(settings.checkpoint):
            return files.n_numbers(folder)
        return packaged.shipped(settings.checkpoint, settings.revision or "").stat().st_size
    return 0


def changes_all(settings: Settings) -> bool:
    """Whether training may change all of them; adapters, which are few, are trained in their place."""
    return settings.adapter is None


def _of_package(settings: Settings, n_tokens: int, length: int) -> Iterator[str]:
    name = packaged.name_of(settings.checkpoint)
    if settings.revision is None:
        yield f"{settings.checkpoint} needs a revision, the version of the package {name}"
    elif settings.checksum is None:
        yield f"{settings.checkpoint} needs a checksum, the SHA-256 of the file that the package ships"
    elif (folder := converted(settings)) and (folder / ORIGIN).exists():
        if said := files.damage(folder, settings.checksum, weights=False):
            yield f"checkpoint: {said}"
        else:
            yield from unfit(settings, files.config(folder), n_tokens, length)
    elif not absent(settings):
        found = packaged.recorded(settings.checkpoint, settings.revision)
        if found not in (None, settings.checksum):
            yield f"checksum: the file that {name} {settings.revision} ships has {found}"


def converted(settings: Settings) -> Path | None:
    """The folder that the checkpoint has to be converted to first, with a file `ORIGIN` when that is done;
    None: it can be read as it is."""
    if not packaged.is_packaged(settings.checkpoint):
        return None
    return packaged.folder_of(settings.checkpoint, settings.revision)


def unconverted(settings: Settings) -> list[str]:
    """What a job says that comes before the checkpoint has been converted."""
    folder = converted(settings)
    if folder is None or (folder / ORIGIN).exists():
        return []
    return [f"{folder} isn't there; to make it: snakemake --cores 1 {folder / ORIGIN}"]


def absent(settings: Settings) -> str | None:
    """Why these models can't be had here, where that is no mistake in the settings: a package that nothing
    else needs isn't installed, nor converted yet."""
    folder = converted(settings)
    if folder is None or settings.revision is None or (folder / ORIGIN).exists():
        return None
    try:
        packaged.shipped(settings.checkpoint, settings.revision)
    except LookupError as error:
        return f"{error}; to get it: make weights"
    return None


def first_token(settings: Settings, rows: int, n_tokens: int) -> int:
    """The token of a vocabulary of so many rows that is the task's first. Texts have all of them, and in
    planning, where nobody has counted them, 0."""
    return 0 if n_tokens in (0, rows) else settings.first_token


def unfit(settings: Settings, config: dict[str, Any], n_tokens: int, length: int) -> list[str]:
    """What a task asks of a checkpoint that its `config.json` doesn't have."""
    found = []
    rows = config.get("vocab_size")
    if rows is not None and (first := first_token(settings, rows, n_tokens)) + n_tokens > rows:
        found.append(
            f"the task has {n_tokens} tokens; from first_token {first} on the vocabulary "
            f"of {settings.checkpoint} has {max(0, rows - first)}"
        )
    most = longest(config)
    if most is not None and length > most:
        found.append(
            f"the task has sequences of {length} tokens, {settings.checkpoint} takes up to {most}"
        )
    return found


def longest(config: dict[str, Any]) -> int | None:
    """How many tokens a checkpoint takes, if its `config.json` says it."""
    # GPT-2's name for it, and everybody else's.
    return config.get("n_positions", config.get("max_position_embeddings"))
