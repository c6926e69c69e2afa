"""The reference model of modular addition as a paper's reader would write it, one einsum a step.

After the description in Nanda et al. 2023 (arXiv:2301.05217), in the manner of the first TransformerLens:
every activation passes a hook point, every position goes through everything.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class HookPoint(nn.Module):
    """Hands activations on; a place for hooks."""

    def forward(self, x: Tensor) -> Tensor:
        return x


class Attention(nn.Module):
    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        d_head = d_model // n_heads
        self.W_K, self.W_Q, self.W_V = (
            nn.Parameter(torch.randn(n_heads, d_head, d_model) / math.sqrt(d_model))
            for _ in range(3)
        )
        self.W_O = nn.Parameter(torch.randn(d_model, n_heads * d_head) / math.sqrt(d_model))
        self.d_head = d_head
        self.hook_k, self.hook_q, self.hook_v = HookPoint(), HookPoint(), HookPoint()
        self.hook_scores, self.hook_pattern, self.hook_z = HookPoint(), HookPoint(), HookPoint()

    def forward(self, x: Tensor) -> Tensor:
        k = self.hook_k(torch.einsum("ihd,bpd->biph", self.W_K, x))
        q = self.hook_q(torch.einsum("ihd,bpd->biph", self.W_Q, x))
        v = self.hook_v(torch.einsum("ihd,bpd->biph", self.W_V, x))
        scores = torch.einsum("biph,biqh->biqp", k, q) / math.sqrt(self.d_head)
        causal = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()
        scores = self.hook_scores(scores.masked_fill(~causal, -1e10))
        pattern = self.hook_pattern(scores.softmax(-1))
        z = self.hook_z(torch.einsum("biph,biqp->biqh", v, pattern))
        return torch.einsum("df,bqf->bqd", self.W_O, z.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    def __init__(self, d_model: int, d_mlp: int) -> None:
        super().__init__()
        self.W_in = nn.Parameter(torch.randn(d_mlp, d_model) / math.sqrt(d_model))
        self.b_in = nn.Parameter(torch.zeros(d_mlp))
        self.W_out = nn.Parameter(torch.randn(d_model, d_mlp) / math.sqrt(d_model))
        self.b_out = nn.Parameter(torch.zeros(d_model))
        self.hook_pre, self.hook_post = HookPoint(), HookPoint()

    def forward(self, x: Tensor) -> Tensor:
        pre = self.hook_pre(torch.einsum("md,bpd->bpm", self.W_in, x) + self.b_in)
        post = self.hook_post(pre.relu())
        return torch.einsum("dm,bpm->bpd", self.W_out, post) + self.b_out


class EinsumTransformer(nn.Module):
    """One block without norms; embeddings and readout apart."""

    def __init__(self, n_tokens: int, length: int, d_model: int, n_heads: int, d_mlp: int) -> None:
        super().__init__()
        self.W_E = nn.Parameter(torch.randn(d_model, n_tokens) / math.sqrt(d_model))
        self.W_pos = nn.Parameter(torch.randn(length, d_model) / math.sqrt(d_model))
        self.attention, self.mlp = Attention(d_model, n_heads), MLP(d_model, d_mlp)
        self.W_U = nn.Parameter(torch.randn(d_model, n_tokens) / math.sqrt(n_tokens))
        self.hook_embed, self.hook_attn_out, self.hook_mid = HookPoint(), HookPoint(), HookPoint()
        self.hook_mlp_out, self.hook_post = HookPoint(), HookPoint()

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.hook_embed(torch.einsum("dbp->bpd", self.W_E[:, tokens])) + self.W_pos
        x = self.hook_mid(x + self.hook_attn_out(self.attention(x)))
        x = self.hook_post(x + self.hook_mlp_out(self.mlp(x)))
        return x @ self.W_U
