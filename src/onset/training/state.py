"""The state of an unfinished training: what goes on from here ends bit-identical."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from onset.store.origin import DamagedFileError, Origin
from onset.store.tensors import load_arrays, save_arrays

Log = dict[str, list[float]]


@dataclass
class TrainingState:
    """Parameters, optimiser moments and log after `step` updates. The data order needs no state."""

    step: int
    parameters: dict[str, Tensor]
    moments: dict[str, Mapping[str, Tensor]] = field(default_factory=dict)
    """AdamW's state per parameter: `step`, `exp_avg`, `exp_avg_sq`"""
    log: Log = field(default_factory=dict)

    def save(self, path: Path, origin: Origin) -> None:
        arrays = {f"parameters/{name}": _to_numpy(t) for name, t in self.parameters.items()}
        for name, moments in self.moments.items():
            arrays |= {f"moments/{kind}/{name}": _to_numpy(t) for kind, t in moments.items()}
        arrays |= {f"log/{column}": np.array(entries) for column, entries in self.log.items()}
        save_arrays(path, arrays, {"origin": origin.to_json(), "step": self.step})

    @classmethod
    def load(cls, path: Path, origin: Origin, device: str) -> TrainingState | None:
        """The state to go on from, or None where there is none of this origin (then it is useless).

        A damaged state is as good as none: training starts again from the beginning.
        """
        try:
            arrays, about = load_arrays(path)
        except (FileNotFoundError, DamagedFileError):
            return None
        if about["origin"] != origin.to_json():
            return None
        parameters: dict[str, Tensor] = {}
        moments: dict[str, dict[str, Tensor]] = {}
        log: Log = {}
        for key, array in arrays.items():
            part, name = key.split("/", 1)
            if part == "log":
                log[name] = array.tolist()
            elif part == "parameters":
                parameters[name] = torch.from_numpy(array).to(device)
            else:
                kind, name = name.split("/", 1)
                moments.setdefault(name, {})[kind] = torch.from_numpy(array).to(device)
        return cls(about["step"], parameters, dict(moments), log)


def _to_numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
