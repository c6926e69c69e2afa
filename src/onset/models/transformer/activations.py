"""What neurons make of their inputs: functions of one neuron each, and one in which they compete."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def solu(x: Float[Tensor, "*rows neurons"]) -> Float[Tensor, "*rows neurons"]:
    """x · softmax(x) over the neurons of a place: a large one makes the others small.

    Elhage et al. 2022, "Softmax Linear Units", section 3.1 (transformer-circuits.pub/2022/solu). There, as
    here and in TransformerLens's `solu_ln`, a layer norm over the neurons follows.
    """
    return x * x.softmax(-1)


ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu, "solu_ln": solu}
