"""A decoder-only transformer whose parameters are those of TransformerLens's native model.

Parameters have the names and shapes of `NativeModel.state_dict()`, each tensor once: a checkpoint
opens as a `TransformerBridge` (see `bridge.py`), while training needs neither the
library's import nor its forward. Beyond the library's options, the stack of blocks may be applied
several times with the same weights, and a question may be read out after as many block
applications as it has hops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.batch import Parameters, Questions
from onset.models.transformer import attention, folded
from onset.models.transformer.activations import ACTIVATIONS
from onset.models.transformer.prefix_tree import PrefixTree
from onset.models.transformer.settings import Settings, hidden, shapes

_EPS = 1e-5  # of the layer norms, as in TransformerLens

# Up to this length a batch is computed over the tree of its prefixes, beyond it sequence by
# sequence: a tree's cost grows with the square of the length, and long sequences share little.
_LONGEST_TREE = 4


def build(settings: Settings, n_tokens: int, length: int) -> Transformer:
    return Transformer(settings, n_tokens, length)


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # kept for trainings, too
def _tree(
    questions: tuple[Questions, ...], depths: tuple[int, ...], n_tokens: int, device: torch.device
) -> PrefixTree:
    """Kept for those who ask the same again: trainings on full batches, measures at every checkpoint."""
    return PrefixTree.build(questions, depths, n_tokens, device)


@dataclass(frozen=True)
class Transformer:
    """The functions of one architecture; parameters are passed to each of them."""

    settings: Settings
    n_tokens: int
    length: int
    dropout: float = 0.0
    """share of entries that are left out at random; not 0 in training only"""

    def in_training(self) -> Transformer:
        """As it is trained: with dropout, if the settings want it, by PyTorch's global generator."""
        return replace(self, dropout=self.settings.dropout) if self.settings.dropout else self

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of all parameters."""
        return shapes(self.settings, self.n_tokens, self.length)

    @property
    def constants(self) -> frozenset[str]:
        """Parameters that this architecture lacks: zero from the start, never trained."""
        if self.settings.attention_biases:
            return frozenset()
        biases = tuple(f"attn.{name}.bias" for name in "qkvo")
        return frozenset(name for name in self.shapes() if name.endswith(biases))

    @property
    def decaying(self) -> frozenset[str]:
        """The matrices: embeddings, what blocks read and write with, the readout."""
        return frozenset(name for name, shape in self.shapes().items() if len(shape) > 1)

    @property
    def hidden(self) -> frozenset[str]:
        """What blocks read and write with."""
        return hidden(self.settings, self.n_tokens, self.length)

    def initial_parameters(self, seed: int) -> Parameters:
        """Embeddings normal, norms the identity, linear layers as the settings say."""
        s = self.settings
        generator = torch.Generator().manual_seed(seed)
        scales = {"tok_embed": s.token_scale, "pos": s.position_scale}
        shapes, constants = self.shapes(), self.constants
        parameters: Parameters = {}
        for name, shape in shapes.items():
            module, kind = name.rsplit(".", 1)
            tensor = torch.empty(shape)
            if module in scales:
                tensor.normal_(std=scales[module] / math.sqrt(s.d_model), generator=generator)
            elif module.rsplit(".", 1)[-1].startswith("ln"):
                tensor.fill_(1.0 if kind == "weight" else 0.0)
            elif (
                name in constants
                or (s.weights == "normal" and kind == "bias")
                or module.endswith("smear")
            ):
                tensor.fill_(0.0)
            elif s.weights == "normal":
                n = self.n_tokens if module == "head" else s.d_model
                tensor.normal_(std=1 / math.sqrt(n), generator=generator)
            else:
                bound = 1 / math.sqrt(shapes[f"{module}.weight"][1])
                tensor.uniform_(-bound, bound, generator=generator)
            parameters[name] = tensor
        return parameters

    def logits(
        self, parameters: Mapping[str, Tensor], questions: Sequence[Questions]
    ) -> Float[Tensor, "scored tokens"]:
        """Logits at the scored positions, in the order of `Batch.targets`."""
        device = parameters["tok_embed.weight"].device
        tree = self._tree(questions, device)
        if tree is None:
            return self.unembed(parameters, self._sequence_states(parameters, questions))
        if folded.pays(self.settings, self.n_tokens, tree):
            return self._folded(parameters, tree).logits(parameters[self._readout])
        return self.unembed(parameters, self._tree_states(parameters, tree))

    @property
    def _readout(self) -> str:
        return "tok_embed.weight" if self.settings.tied_embeddings else "head.weight"

    def logits_of_sequences(
        self,
        parameters: Mapping[str, Tensor],
        tokens: Int[Tensor, "examples length"],
        scored: Sequence[int],
        hops: int,
    ) -> Float[Tensor, "scored tokens"]:
        """As `logits`, of one group whose tokens are a tensor, nothing shared: fit for `torch.vmap`."""
        return self.unembed(parameters, self.states_of_sequences(parameters, tokens, scored, hops))

    def states_of_sequences(
        self,
        parameters: Mapping[str, Tensor],
        tokens: Int[Tensor, "examples length"],
        scored: Sequence[int],
        hops: int,
    ) -> Float[Tensor, "scored d_model"]:
        """Those that `logits_of_sequences` reads out; the last application only where it is scored."""
        tokens = tokens[:, : max(scored) + 1]
        x = self._embed(parameters, tokens, torch.arange(tokens.shape[1], device=tokens.device))
        depth = self.depth(hops)
        for i in range(depth):
            last = i == depth - 1 and len(scored) < x.shape[1]
            x = self._apply_to_sequences(parameters, i, x, tokens, list(scored) if last else None)
        if x.shape[1] > len(scored):
            x = x[:, list(scored)]
        return x.flatten(0, 1)

    def depth(self, hops: int) -> int:
        """After how many block applications a question of so many hops is read out."""
        s = self.settings
        after = {"last": s.n_applications, "per_hop": hops, "per_loop": hops * s.n_layers}
        return after[s.readout]

    def unembed(
        self, parameters: Mapping[str, Tensor], states: Float[Tensor, "*rows d_model"]
    ) -> Float[Tensor, "*rows tokens"]:
        """Final norm and readout. On states from within the model, the logit lens."""
        return F.linear(self._norm(parameters, "ln_out", states), parameters[self._readout])

    def residual_stream(
        self, parameters: Mapping[str, Tensor], tokens: Int[Tensor, "examples length"]
    ) -> Float[Tensor, "applications_and_one examples length d_model"]:
        """The residual stream before the first block application and after each of them."""
        states = [
            self._embed(parameters, tokens, torch.arange(tokens.shape[1], device=tokens.device))
        ]
        for i in range(self.settings.n_applications):
            states.append(self._apply_to_sequences(parameters, i, states[-1], tokens))
        return torch.stack(states)

    def attention(
        self, parameters: Mapping[str, Tensor], tokens: Int[Tensor, "examples length"]
    ) -> Float[Tensor, "applications examples heads length length"]:
        """Which part of its attention each position pays to each, by block application and head."""
        found = []
        for i, x in enumerate(self.residual_stream(parameters, tokens)[:-1]):
            p, given = self._block(parameters, i), self._given(i, tokens)
            normed = self._norm(p, "ln1", x)
            found.append(attention.patterns(p, normed, self.settings.n_heads, given))
        return torch.stack(found)

    def neurons(
        self,
        parameters: Mapping[str, Tensor],
        questions: Questions,
        application: int = 0,
    ) -> Float[Tensor, "scored d_mlp"]:
        """What the MLP's neurons are after their activation (and its norm, if it has one), at the scored
        positions: what the MLP's second layer reads.

        Args:
            parameters: of the model.
            questions: as in `logits`.
            application: of a block, from 0.
        """
        tree = self._tree([questions], parameters["tok_embed.weight"].device)
        if tree and folded.pays(self.settings, self.n_tokens, tree):
            return self._folded(parameters, tree).neurons()
        tokens = torch.from_numpy(questions.tokens).to(parameters["tok_embed.weight"].device)
        x = self._embed(parameters, tokens, torch.arange(tokens.shape[1], device=tokens.device))
        for i in range(application):
            x = self._apply_to_sequences(parameters, i, x, tokens)
        p = self._block(parameters, application)
        given = self._given(application, tokens)
        x = self._attend_in_sequences(p, x, list(questions.scored), given)
        return self._neurons(p, x).flatten(0, 1)

    # ---- three ways to the same states ----------------------------------------------------

    def _tree(self, questions: Sequence[Questions], device: torch.device) -> PrefixTree | None:
        """What questions share; None if they are too long for that to pay, or not all see it alike."""
        too_long = max(max(group.scored) for group in questions) >= _LONGEST_TREE
        if too_long or self.settings.only_ours or self.dropout:
            return None
        depths = tuple(self.depth(group.hops) for group in questions)
        return _tree(tuple(questions), depths, self.n_tokens, device)

    def _folded(self, parameters: Mapping[str, Tensor], tree: PrefixTree) -> folded.Folded:
        return folded.Folded(
            self._block(parameters, 0),
            self._embed(parameters, tree.tokens, tree.positions),
            self.settings.n_heads,
            ACTIVATIONS[self.settings.activation],
            tree,
        )

    def _tree_states(
        self, parameters: Mapping[str, Tensor], tree: PrefixTree
    ) -> Float[Tensor, "scored d_model"]:
        """States at the scored positions, each distinct prefix computed once."""
        states = [self._embed(parameters, tree.tokens, tree.positions)]
        for i, application in enumerate(tree.applications):
            x, p = states[-1], self._block(parameters, i)
            normed = self._norm(p, "ln1", x)
            shrinks = len(application.rows) < len(x)
            # Queries before or after choosing the rows, whichever are fewer.
            chosen = F.embedding(application.rows, normed) if shrinks else normed
            q = F.linear(chosen, p["attn.q.weight"], p["attn.q.bias"])
            if not shrinks:
                q = F.embedding(application.rows, q)
            k, v = (F.linear(normed, p[f"attn.{n}.weight"], p[f"attn.{n}.bias"]) for n in "kv")
            heads = self.settings.n_heads
            z = attention.to_context(q, k, v, application.context, application.padding, heads)
            x = F.embedding(application.rows, x)
            x = x + F.linear(z, p["attn.o.weight"], p["attn.o.bias"])
            states.append(self._mlp(p, x))
        return torch.cat([F.embedding(rows, states[depth]) for depth, rows in tree.readouts])

    def _sequence_states(
        self, parameters: Mapping[str, Tensor], questions: Sequence[Questions]
    ) -> Float[Tensor, "scored d_model"]:
        """States at the scored positions, sequence by sequence."""
        device = parameters["tok_embed.weight"].device
        found = [
            self.states_of_sequences(
                parameters, torch.from_numpy(group.tokens).to(device), group.scored, group.hops
            )
            for group in questions
        ]
        return torch.cat(found)

    def _apply_to_sequences(
        self,
        parameters: Mapping[str, Tensor],
        application: int,
        x: Float[Tensor, "examples length d_model"],
        tokens: Int[Tensor, "examples length"],
        only: list[int] | None = None,
    ) -> Float[Tensor, "examples kept d_model"]:
        """One block application on all positions or `only` on some."""
        p, given = self._block(parameters, application), self._given(application, tokens)
        return self._mlp(p, self._attend_in_sequences(p, x, only, given))

    def _given(self, application: int, tokens: Tensor) -> dict[int, attention.Pattern]:
        """Patterns of heads that don't choose their own."""
        layer = application % self.settings.n_layers
        return {
            its.head: attention.given_pattern(tokens, its.looks_at)
            for its in self.settings.given_attention
            if its.layer == layer
        }

    def _attend_in_sequences(
        self,
        p: Mapping[str, Tensor],
        x: Float[Tensor, "examples length d_model"],
        only: list[int] | None,
        given: Mapping[int, attention.Pattern],
    ) -> Float[Tensor, "examples kept d_model"]:
        """The attention half of a block application."""
        normed = self._norm(p, "ln1", x)
        heads = self.settings.n_heads
        written = attention.in_sequences(p, normed, heads, only, given, self.dropout)
        return (x if only is None else x[:, only]) + self._drop(written)

    # ---- the parts of a block ---------------------------------------------------------------

    def _block(self, parameters: Mapping[str, Tensor], application: int) -> dict[str, Tensor]:
        """The parameters of the block that the given application (from 0) uses, by their short names."""
        prefix = f"layers.{application % self.settings.n_layers}."
        return {n.removeprefix(prefix): p for n, p in parameters.items() if n.startswith(prefix)}

    def _embed(
        self, parameters: Mapping[str, Tensor], tokens: Tensor, positions: Tensor
    ) -> Float[Tensor, "*rows d_model"]:
        x = F.embedding(tokens, parameters["tok_embed.weight"])
        if self.settings.positions == "learned":
            x = x + F.embedding(positions, parameters["pos.weight"])
        return self._drop(x)

    def _norm(self, parameters: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
        if self.settings.norm == "none":
            return x
        weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
        return F.layer_norm(x, x.shape[-1:], weight, bias, _EPS)

    def _mlp(self, p: Mapping[str, Tensor], x: Tensor) -> Tensor:
        if not self.settings.d_mlp:
            return x
        written = F.linear(self._neurons(p, x), p["mlp.fc_out.weight"], p["mlp.fc_out.bias"])
        return x + self._drop(written)

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout) if self.dropout else x

    def _neurons(self, p: Mapping[str, Tensor], x: Tensor) -> Tensor:
        activation = ACTIVATIONS[self.settings.activation]
        normed = self._norm(p, "ln2", x)
        found = activation(F.linear(normed, p["mlp.fc_in.weight"], p["mlp.fc_in.bias"]))
        if not self.settings.norms_neurons:
            return found
        return F.layer_norm(found, found.shape[-1:], p["mlp.ln.weight"], p["mlp.ln.bias"], _EPS)
