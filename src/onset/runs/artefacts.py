"""Datasets and checkpoints on disk: written with their origin, checked against it when read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from onset import models, tasks
from onset.settings import canonical_json
from onset.store.atomic import write_text
from onset.store.files import checksum
from onset.store.layout import RunFolder
from onset.store.origin import Origin
from onset.store.reading import read_json
from onset.store.records import check, damaged
from onset.store.tensors import load_arrays, save_arrays
from onset.tasks.worlds import World, from_arrays


def write_dataset(
    folder: RunFolder, dataset: World, task: Mapping[str, Any], origin: Origin
) -> None:
    """The splits, and the settings of the task that they are of."""
    arrays, about = dataset.to_arrays()
    kept = {"task": dict(task)} if dataset.streams else {}
    save_arrays(folder.dataset, arrays, {**about, **kept, "origin": origin.to_json()})


def read_dataset(folder: RunFolder, streams: bool = False) -> World:
    """The run's dataset.

    Args:
        folder: of the run.
        streams: whether it is to be trained on, streams included; these are the task's code.

    Raises:
        DamagedFileError: it is damaged, or another run's.
    """
    arrays, about = load_arrays(folder.dataset)
    check_run(folder, folder.dataset, Origin.from_json(about["origin"]))
    dataset = from_arrays(arrays, about)
    if not streams or "task" not in about:
        return dataset
    task = tasks.load(about["task"]["name"])
    settings = task.Settings.model_validate(about["task"])
    return replace(dataset, streams=task.streams(settings, dataset))


@dataclass(frozen=True)
class Beginning:
    """Parameters that can be had again at any time: those that a model's trainings begin with."""

    model: Mapping[str, Any]
    """its settings"""
    sizes: tuple[int, int]
    seed: int

    def parameters(self) -> dict[str, Tensor]:
        """The same tensors at each call, as they may be large: not to be changed."""
        told = canonical_json({"model": self.model, "sizes": self.sizes, "seed": self.seed})
        return _begun(told, torch.is_inference_mode_enabled())


@lru_cache(maxsize=2)
def _begun(told: str, inference: bool) -> dict[str, Tensor]:
    """Once per process, and once more where gradients are never asked for."""
    its = json.loads(told)
    with torch.inference_mode(False):  # in which libraries can't load a module
        found = models.build(its["model"], *its["sizes"]).initial_parameters(its["seed"])
    return {name: p.clone() for name, p in found.items()} if inference else found


def write_checkpoint(
    folder: RunFolder,
    step: int,
    parameters: Mapping[str, Tensor],
    origin: Origin,
    beginning: Beginning | None = None,
) -> None:
    """Store the parameters; if they began with some that can be had again, those alone that differ."""
    begun = beginning.parameters() if beginning else {}
    arrays = {
        name: p.detach().cpu().numpy()
        for name, p in parameters.items()
        if name not in begun or not torch.equal(p.detach().cpu(), begun[name])
    }
    about = {"origin": origin.to_json(), "step": step}
    if beginning:
        about["beginning"] = asdict(beginning)
    save_arrays(folder.checkpoint(step), arrays, about)


def read_checkpoint(folder: RunFolder, step: int, device: str = "cpu") -> dict[str, Tensor]:
    """The parameters after `step` updates; none is to be changed in place.

    Raises:
        DamagedFileError: the file is damaged, or another run's.
        ValueError: it holds what differs from a pretrained checkpoint, and that isn't there, or is another.
    """
    path = folder.checkpoint(step)
    arrays, about = load_arrays(path)
    check_run(folder, path, Origin.from_json(about["origin"]))
    if about["step"] != step:
        raise damaged(path, f"holds step {about['step']}")
    found = {name: torch.from_numpy(array).to(device) for name, array in arrays.items()}
    if not (its := about.get("beginning")):
        return found
    begun = Beginning(its["model"], tuple(its["sizes"]), its["seed"]).parameters()
    return {name: found.get(name, p.to(device)) for name, p in begun.items()}


def write_checkpoint_index(
    folder: RunFolder, steps: Iterable[int], settings: Mapping[str, Any], origin: Origin
) -> None:
    """List what belongs to a finished training."""
    checksums = {str(step): checksum(folder.checkpoint(step)) for step in steps}
    index = {
        "origin": asdict(origin),
        "settings": dict(settings),
        "dataset": checksum(folder.dataset),
        "training_log": checksum(folder.training_log),
        "checkpoints": checksums,
    }
    write_text(folder.checkpoint_index, json.dumps(index, indent=1) + "\n")


def read_checkpoint_index(folder: RunFolder) -> dict[str, Any]:
    """The index of a finished training: `origin`, `settings`, and `steps` in order.

    Raises:
        DamagedFileError: dataset, training log or a checkpoint is missing or isn't that of this
            training, or the index is another run's.
    """
    path = folder.checkpoint_index
    index = read_json(path)
    try:
        check_run(folder, path, Origin(**index["origin"]))
        steps = sorted(map(int, index["checkpoints"]))
        expected = {folder.checkpoint(step): index["checkpoints"][str(step)] for step in steps}
        expected |= {folder.dataset: index["dataset"], folder.training_log: index["training_log"]}
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"not an index of checkpoints ({error})") from error
    for file, its_checksum in expected.items():
        if not file.exists() or checksum(file) != its_checksum:
            state = "altered" if file.exists() else "missing"
            raise damaged(file, f"{state} since training")
    return {**index, "steps": steps}


def check_source(path: Path, origin: Origin, source: Path) -> None:
    """Refuse an artefact that was made from another file than the one that is there.

    Raises:
        DamagedFileError: naming both.
    """
    if not source.exists():
        raise damaged(source, f"missing, and {path.name} was made from it")
    if checksum(source) != origin.source:
        check(source, must_be_recorded=False)
        raise damaged(path, f"made from another {source} than is there")


def check_run(folder: RunFolder, path: Path, origin: Origin) -> None:
    """Refuse an artefact of another run."""
    if origin.run != folder.run:
        raise damaged(path, f"belongs to the run {origin.run}, not to {folder.run}")
