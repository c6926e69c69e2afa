"""Reading on: keys and values of what has been read are kept, so that each new token costs one position."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.transformer import attention
from onset.models.transformer.model import Transformer

Added = Mapping[int, Float[Tensor, " d_model"]]
"""after so many block applications → what is added to the residual stream there"""


class Reading:
    """Sequences that a model has read up to some position, and can be given more of.

    What it says is what `Transformer.logits` says of the whole, but for rounding.
    """

    def __init__(self, model: Transformer, parameters: Mapping[str, Tensor], hops: int = 1) -> None:
        """
        Args:
            model: the architecture, without what TransformerLens lacks (`Settings.only_ours`).
            parameters: of the model.
            hops: of the questions; they say after how many block applications it is read out.
        """
        if model.settings.only_ours:
            raise ValueError(f"no reading on with {', '.join(model.settings.only_ours)}")
        self._model, self._parameters = model, parameters
        self._kept: list[tuple[Tensor, Tensor] | None] = [None] * model.depth(hops)
        self.n_read = 0
        """positions"""

    def read(
        self, tokens: Int[Tensor, "sequences new"], added: Added | None = None
    ) -> Float[Tensor, "sequences tokens"]:
        """Logits after the last of these tokens.

        Args:
            tokens: those that come next.
            added: at each of their positions.
        """
        model, added = self._model, added or {}
        end = self.n_read + tokens.shape[1]
        places = torch.arange(self.n_read, end, device=tokens.device)
        x = model._embed(self._parameters, tokens, places)
        for done in range(len(self._kept) + 1):
            if done:
                x = self._apply(done - 1, x, end)
            if done in added:
                x = x + added[done]
        self.n_read = end
        return model.unembed(self._parameters, x[:, -1])

    def _apply(
        self, application: int, x: Float[Tensor, "sequences new d_model"], end: int
    ) -> Float[Tensor, "sequences new d_model"]:
        """One block application, its queries to all that has been read."""
        model = self._model
        p = model._block(self._parameters, application)
        normed = model._norm(p, "ln1", x)
        q, *new = attention._queries_keys_values(p, normed, normed, model.settings.n_heads)
        before = self._kept[application] or [its[:, :, :0] for its in new]
        k, v = (torch.cat(its, 2) for its in zip(before, new, strict=True))
        self._kept[application] = k, v
        visible = attention._visible(end, x.device)[self.n_read :]
        z = F.scaled_dot_product_attention(q, k, v, visible)
        written = F.linear(z.transpose(1, 2).flatten(2), p["attn.o.weight"], p["attn.o.bias"])
        return model._mlp(p, x + written)
