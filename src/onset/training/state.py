"""The state of unfinished training: training resumed from it ends bit-identical."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from onset.store.origin import DamagedFileError, Origin
from onset.store.tensors import load_arrays, save_arrays

Log = dict[str, list[float]]


@dataclass
class TrainingState:
    """All that a training decided in `step` updates. What depends on the seed and the number of an update
    alone (its batch, what dropout leaves out, the learning rate) needs no state."""

    step: int
    parameters: dict[str, Tensor]
    moments: dict[str, Mapping[str, Tensor]] = field(default_factory=dict)
    """the optimiser's state per parameter (`optimisers.py`): `step`, and the moments of its kinds"""
    log: Log = field(default_factory=dict)
    held: dict[str, Tensor] = field(default_factory=dict)
    """masks of the entries that interventions hold as they are"""
    intervened_to: int = 0
    """interventions that come before an update below this number are done"""

    def without_parameters(self, names: Collection[str]) -> TrainingState:
        """The same, but for these."""
        rest = {name: its for name, its in self.parameters.items() if name not in names}
        return replace(self, parameters=rest)

    def with_parameters(self, more: Mapping[str, Tensor]) -> TrainingState:
        """The same, and these."""
        return replace(self, parameters={**self.parameters, **more})

    def save(self, path: Path, origin: Origin) -> None:
        arrays = {f"parameters/{name}": _to_numpy(t) for name, t in self.parameters.items()}
        for name, moments in self.moments.items():
            arrays |= {f"moments/{kind}/{name}": _to_numpy(t) for kind, t in moments.items()}
        arrays |= {f"log/{column}": np.array(entries) for column, entries in self.log.items()}
        arrays |= {f"held/{name}": _to_numpy(mask) for name, mask in self.held.items()}
        about = {"origin": origin.to_json(), "step": self.step, "intervened_to": self.intervened_to}
        about["order"] = {name: _order(t) for name, t in self.parameters.items()}
        save_arrays(path, arrays, about)

    @classmethod
    def load(cls, path: Path, origin: Origin, device: str) -> TrainingState | None:
        """The state to resume from, or None where there is none of this origin (then it is useless).

        A damaged state is as good as none: training starts again from the beginning.
        """
        try:
            arrays, about = load_arrays(path)
        except (FileNotFoundError, DamagedFileError):
            return None
        if about.get("origin") != origin.to_json() or "intervened_to" not in about:
            return None
        found = cls(about["step"], {}, intervened_to=about["intervened_to"])
        moments: dict[str, dict[str, Tensor]] = {}

        def laid_out(name: str, tensor: Tensor) -> Tensor:
            order = about["order"][name]
            return _in_order(tensor, order) if 1 < tensor.ndim == len(order) else tensor

        for key, array in arrays.items():
            part, name = key.split("/", 1)
            if part == "log":
                found.log[name] = array.tolist()
                continue
            tensor = torch.from_numpy(array).to(device)
            if part == "parameters":
                found.parameters[name] = laid_out(name, tensor)
            elif part == "held":
                found.held[name] = tensor
            else:
                kind, name = name.split("/", 1)
                moments.setdefault(name, {})[kind] = laid_out(name, tensor)
        found.moments.update(moments)
        return found


def _to_numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _order(tensor: Tensor) -> list[int]:
    """The dimensions by how far apart neighbours are in memory, the farthest first.

    Sums, such as a gradient's norm, are taken in the order of the memory: their last digits depend on it.
    """
    return sorted(range(tensor.ndim), key=lambda dim: -tensor.stride(dim))


def _in_order(tensor: Tensor, order: Sequence[int]) -> Tensor:
    """The same numbers, in memory as `order` says."""
    back = sorted(range(len(order)), key=order.__getitem__)
    return tensor.permute(*order).contiguous().permute(*back)
