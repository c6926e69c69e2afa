"""Checks which parameters are trained, and by what, before a model exists."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator

from onset import models
from onset.config.problems import nearest
from onset.config.traits import KNOWN, traits_of
from onset.settings import Settings
from onset.tasks.worlds import AnyTaskSettings, sizes_of
from onset.training.patterns import counting
from onset.training.settings import Extent, TrainingSettings


def unfit_patterns(
    chosen: dict[str, Extent], task: AnyTaskSettings, model: Settings
) -> Iterator[tuple[str, str]]:
    """Pattern and message: it fits no parameter or never counts, or there are no such rows.

    What a family has that doesn't know its parameters' names beforehand is seen when it is built.
    """
    family, has_new = models.load_settings(model.name), "new_tokens" in traits_of(task)
    of_tokens = [pattern for pattern, extent in chosen.items() if extent == "new_tokens"]
    if of_tokens and not has_new:
        said = f"there are no new tokens: the task {task.name} has no {KNOWN['new_tokens']}"
        yield from ((pattern, said) for pattern in of_tokens)
    if not hasattr(family, "shapes"):
        if has_new:
            said = f"the family {model.name} doesn't say which parameters have a row per token"
            yield from ((pattern, said) for pattern in of_tokens)
        return
    names = family.shapes(model, *sizes_of(task))
    # One name for all layers, so that conditions with different numbers of layers get the same message.
    offered = {re.sub(r"\.\d+(?=\.)", ".*", name) for name in names}
    for pattern in chosen:
        if not fnmatch.filter(names, pattern):
            yield pattern, f"no parameter of the model has such a name; {nearest(pattern, offered)}"
    try:
        counts = {name: counting(name, chosen) for name in names}
    except ValueError as error:
        yield "", str(error)
        return
    for pattern in chosen:
        its = [name for name, patterns in counts.items() if pattern in patterns]
        if not its and fnmatch.filter(names, pattern):
            yield pattern, "never counts: a more specific pattern fits each parameter that it fits"
        if pattern in of_tokens and has_new:
            yield from _without_rows(pattern, its, task, model)


def _without_rows(
    pattern: str, names: list[str], task: AnyTaskSettings, model: Settings
) -> Iterator[tuple[str, str]]:
    """Parameters have a row per token where one token more is one row more."""
    shapes, (n_tokens, length) = models.load_settings(model.name).shapes, sizes_of(task)
    rows, more = (
        {name: shape[0] for name, shape in shapes(model, n, length).items()}
        for n in (n_tokens, n_tokens + 1)
    )
    with_rows = [name for name in rows if more[name] > rows[name]]
    if lacking := [name for name in names if name not in with_rows]:
        allowed = ", ".join(with_rows)
        yield (
            pattern,
            f"{lacking[0]} has no row per token, so it has none for new tokens (have: {allowed})",
        )


def unfit_optimiser(
    training: TrainingSettings, task: AnyTaskSettings, model: Settings
) -> str | None:
    """Why an optimiser has nothing to update; None if it has."""
    if training.optimiser != "muon":
        return None
    family = models.load_settings(model.name)
    hidden = family.hidden(model, *sizes_of(task)) if hasattr(family, "hidden") else ()
    wants = "muon updates matrices between embedding and readout"
    if not hidden:
        return f"{wants}, and the family {model.name} doesn't say that it has any"
    chosen = training.trainable
    if chosen and not any(fnmatch.fnmatchcase(n, p) for n in hidden for p in chosen):
        return f"{wants}, and of these none is trainable"
    return None
