"""Low-rank adapters: what is trained of a model whose own parameters all stay as they are.

Hu et al. 2021 (arXiv:2106.09685): to the map W x of a frozen matrix is added s B A x, where A
(`adapter_in`, rank × inputs) begins as random numbers and B (`adapter_out`, outputs × rank) as zeros. A
training then costs no gradients of large matrices, and a checkpoint holds A and B alone; `merged` gives the
model as it is without adapters, with W + s B A in the place of W.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import Linear, Module, ModuleList, Parameter
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from onset.models.batch import Parameters
from onset.models.pretrained.settings import AdapterSettings
from onset.settings import fits

IN, OUT = "adapter_in", "adapter_out"


def adapt(module: PreTrainedModel, settings: AdapterSettings) -> None:
    """Give a module adapters, which do nothing yet.

    Raises:
        ValueError: the settings mean no matrix of it.
    """
    chosen = list(_chosen(module, settings))
    if not chosen:
        known = sorted({part for _, part, _ in _matrices(module)})
        raise ValueError(
            f"adapter: parts {', '.join(settings.parts)} from block {settings.first_layer} on are no "
            f"matrices of this model, which has {', '.join(known)} in {len(blocks(module))} blocks"
        )
    for its in chosen:
        outputs, inputs = _shape(its)
        its.register_parameter(IN, Parameter(torch.zeros(settings.rank, inputs), False))
        its.register_parameter(OUT, Parameter(torch.zeros(outputs, settings.rank), False))
        its.register_forward_hook(_Adding(settings.scale))


def drawn(module: PreTrainedModel, seed: int) -> Parameters:
    """Adapters as they begin, the same for a seed: the output is what it is without them."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(its.shape, generator=generator) * its.shape[1] ** -0.5
        if name.endswith(IN)
        else torch.zeros(its.shape)
        for name, its in module.named_parameters()
        if is_adapter(name)
    }


def is_adapter(name: str) -> bool:
    """Whether a parameter is one half of an adapter."""
    return name.endswith((f".{IN}", f".{OUT}"))


def merged(
    module: PreTrainedModel, parameters: Mapping[str, Tensor], settings: AdapterSettings
) -> Parameters:
    """The same function without adapters, by the names of the model that was adapted."""
    found = {name: its for name, its in parameters.items() if not is_adapter(name)}
    for name, its in module.named_modules():
        if hasattr(its, OUT):
            added = parameters[f"{name}.{OUT}"] @ parameters[f"{name}.{IN}"] * settings.scale
            weight = f"{name}.weight"
            found[weight] = found[weight] + (added.T if isinstance(its, Conv1D) else added)
    return found


def without(
    parameters: Mapping[str, Tensor], module: PreTrainedModel, layers: Collection[int]
) -> Parameters:
    """The same parameters, with the adapters of some blocks doing nothing."""
    silent = {
        f"{block}.{name}"
        for layer in layers
        for block, its in [blocks(module)[layer]]
        for name, _ in its.named_parameters()
        if name.endswith(OUT)
    }
    return {
        name: torch.zeros_like(its) if name in silent else its for name, its in parameters.items()
    }


def blocks(module: PreTrainedModel) -> list[tuple[str, Module]]:
    """The blocks that a model applies one after the other, with their names."""
    prefix = module.base_model_prefix
    (name, its), *_ = (
        found for found in module.base_model.named_children() if isinstance(found[1], ModuleList)
    )
    return [(f"{prefix}.{name}.{i}", block) for i, block in enumerate(its)]


class _Adding:
    """A hook that adds what an adapter says of a matrix's input to its output."""

    def __init__(self, scale: float) -> None:
        self._scale = scale

    def __call__(self, module: Module, given: tuple[Tensor, ...], said: Tensor) -> Tensor:
        narrow = F.linear(given[0], getattr(module, IN))
        return torch.add(said, F.linear(narrow, getattr(module, OUT)), alpha=self._scale)


def _chosen(module: PreTrainedModel, settings: AdapterSettings) -> Iterator[Module]:
    for layer, part, its in _matrices(module):
        if layer >= settings.first_layer and fits(part, settings.parts):
            yield its


def _matrices(module: PreTrainedModel) -> Iterator[tuple[int, str, Module]]:
    """Block, name within it, and the module that multiplies with the matrix."""
    for layer, (_, block) in enumerate(blocks(module)):
        for name, its in block.named_modules():
            if isinstance(its, Linear | Conv1D):
                yield layer, name, its


def _shape(its: Module) -> tuple[int, int]:
    """Outputs and inputs. GPT-2 keeps its matrices the other way round."""
    rows, columns = its.weight.shape
    return (columns, rows) if isinstance(its, Conv1D) else (rows, columns)
