"""A transformer of Onset as a module of Hugging Face's `transformers`, complete in this file.

    from transformers import AutoModelForCausalLM
    model = AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)

Parameters have the same names as in Onset's checkpoints. Each part is a module of its own, so that its
input and output can be hooked: `layers.0.attn.q`, `layers.0.attn.o`, `layers.0.mlp.fc_out`, ...
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from .configuration_onset import OnsetConfig


def solu(x: Tensor) -> Tensor:
    """x times its softmax over the neurons of a place."""
    return x * x.softmax(-1)


_ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "silu": F.silu, "solu_ln": solu}
_EPS = 1e-5  # of the layer norms


class Smear(nn.Module):
    """Mixes each key with the one before it."""

    def __init__(self, n_heads: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(n_heads))

    def forward(self, k: Tensor) -> Tensor:
        """(examples, heads, length, d_head) -> the same shape."""
        own = self.bias.sigmoid()[:, None, None]
        before = torch.cat([k[:, :, :1], k[:, :, :-1]], 2)
        return own * k + (1 - own) * before


def given_pattern(tokens: Tensor, looks_at: str) -> Tensor:
    """The pattern (examples, length, length) of a head with given attention.

    It looks at the `previous_token`, or, for `after_duplicate`, evenly at all tokens that came after
    earlier occurrences of the current one. If there are none, it looks at the current token itself.
    """
    n = tokens.shape[1]
    if looks_at == "previous_token":
        wanted = torch.eye(n, device=tokens.device).roll(-1, 1).tril().expand(len(tokens), n, n)
    else:
        same = (tokens[:, :, None] == tokens[:, None]).float().tril(-1)
        wanted = F.pad(same[:, :, :-1], (1, 0)).tril()
    total = wanted.sum(-1, keepdim=True)
    itself = torch.eye(n, device=tokens.device)
    return torch.where(total > 0, wanted / total.clamp(min=1), itself)


class Attention(nn.Module):
    """Causal attention."""

    def __init__(self, config: OnsetConfig, layer: int) -> None:
        super().__init__()
        d = config.d_model
        self.n_heads, self.dropout = config.n_heads, config.dropout
        self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
        self.smear = Smear(config.n_heads) if config.smeared_keys else nn.Identity()
        its = [given for given in config.given_attention if given["layer"] == layer]
        self.given = {given["head"]: given["looks_at"] for given in its}

    def forward(self, x: Tensor, tokens: Tensor) -> Tensor:
        """(examples, length, d_model) -> the same shape."""
        q, k, v = self._queries_keys_values(x)
        dropout = self.dropout if self.training else 0.0
        z = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        if self.given:
            heads = list(z.unbind(1))
            for head, looks_at in self.given.items():
                heads[head] = given_pattern(tokens, looks_at).to(v.dtype) @ v[:, head]
            z = torch.stack(heads, 1)
        return self.o(z.transpose(1, 2).flatten(2))

    def patterns(self, x: Tensor, tokens: Tensor) -> Tensor:
        """(examples, heads, length, length): the share of its attention that a position pays to another."""
        q, k, _ = self._queries_keys_values(x)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
        found = list(scores.masked_fill(hidden, -torch.inf).softmax(-1).unbind(1))
        for head, looks_at in self.given.items():
            found[head] = given_pattern(tokens, looks_at).to(x.dtype)
        return torch.stack(found, 1)

    def _queries_keys_values(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(examples, heads, length, d_head) each."""
        q, k, v = (
            linear(x).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for linear in (self.q, self.k, self.v)
        )
        return q, self.smear(k), v


class MLP(nn.Module):
    def __init__(self, config: OnsetConfig) -> None:
        super().__init__()
        self.fc_in = nn.Linear(config.d_model, config.d_mlp)
        self.fc_out = nn.Linear(config.d_mlp, config.d_model)
        self.activation = _ACTIVATIONS[config.activation]
        if config.activation == "solu_ln":
            self.ln = nn.LayerNorm(config.d_mlp, _EPS)

    def forward(self, x: Tensor) -> Tensor:
        neurons = self.activation(self.fc_in(x))
        return self.fc_out(self.ln(neurons) if hasattr(self, "ln") else neurons)


class Block(nn.Module):
    """Attention, then an MLP if there is one; each adds to the residual stream."""

    def __init__(self, config: OnsetConfig, layer: int) -> None:
        super().__init__()
        self.ln1 = _norm(config)
        self.attn = Attention(config, layer)
        self.drop = nn.Dropout(config.dropout)
        self.has_mlp = config.d_mlp > 0
        if self.has_mlp:
            self.ln2, self.mlp = _norm(config), MLP(config)

    def forward(self, x: Tensor, tokens: Tensor) -> Tensor:
        x = x + self.drop(self.attn(self.ln1(x), tokens))
        return x + self.drop(self.mlp(self.ln2(x))) if self.has_mlp else x


def _norm(config: OnsetConfig) -> nn.Module:
    return nn.LayerNorm(config.d_model, _EPS) if config.norm == "layer" else nn.Identity()


class OnsetForCausalLM(PreTrainedModel, GenerationMixin):
    """A decoder-only transformer; its blocks may be applied several times over."""

    config_class = OnsetConfig
    main_input_name = "input_ids"
    _supports_sdpa = True

    def __init__(self, config: OnsetConfig) -> None:
        super().__init__(config)
        self.tok_embed = nn.Embedding(config.vocab_size, config.d_model)
        if config.positions == "learned":
            self.pos = nn.Embedding(config.max_position_embeddings, config.d_model)
        self.drop = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(Block(config, i) for i in range(config.n_layers))
        self.ln_out = _norm(config)
        if not config.tied_embeddings:
            self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.tok_embed

    def forward(
        self,
        input_ids: Tensor,
        labels: Tensor | None = None,
        n_applications: int | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
        **others,
    ) -> CausalLMOutput:
        """Logits (examples, length, vocab_size) after each token.

        Args:
            input_ids: (examples, length), without padding; later tokens don't influence earlier ones.
            labels: like `input_ids`; the loss is that of each token given those before it, ignoring -100.
            n_applications: how many block applications to read out after, by default all. A model with
                the readout `per_hop` answers a question of h hops after h of them, one with `per_loop`
                after h times its blocks.
            output_hidden_states: return the residual stream before the first block application and after
                each, all without the final norm.
            output_attentions: return the patterns (examples, heads, length, length) of each application.
            others: what the library passes to any model, such as `attention_mask`; unused.
        """
        states, attentions = [self._embedded(input_ids)], []
        depth = self.config.n_applications if n_applications is None else n_applications
        for i in range(depth):
            block = self.layers[i % self.config.n_layers]
            if output_attentions:
                attentions.append(block.attn.patterns(block.ln1(states[-1]), input_ids))
            states.append(block(states[-1], input_ids))
        logits = self.unembed(states[-1])
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        return CausalLMOutput(
            loss=loss,
            logits=logits,
            hidden_states=tuple(states) if output_hidden_states else None,
            attentions=tuple(attentions) if output_attentions else None,
        )

    def _embedded(self, tokens: Tensor) -> Tensor:
        """(examples, length) -> (examples, length, d_model)."""
        x = self.tok_embed(tokens)
        if self.config.positions == "learned":
            x = x + self.pos(torch.arange(tokens.shape[1], device=tokens.device))
        return self.drop(x)

    def unembed(self, states: Tensor) -> Tensor:
        """Final norm and readout. On states from within, the logit lens."""
        readout = self.tok_embed if self.config.tied_embeddings else self.head
        return F.linear(self.ln_out(states), readout.weight)

    def prepare_inputs_for_generation(self, input_ids: Tensor, **others) -> dict[str, Tensor]:
        """All tokens each time: nothing is cached."""
        return {"input_ids": input_ids}

    def bridge(self, n_applications: int | None = None, tokenizer=None):
        """The model as a `TransformerBridge` of TransformerLens, a layer per block application.

        Args:
            n_applications: how many block applications to unroll, by default all.
            tokenizer: for `bridge.to_tokens` and whatever else takes text.
        """
        from .bridge_onset import open_bridge

        return open_bridge(self, n_applications, tokenizer)
