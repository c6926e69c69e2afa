"""GPT-2-like, Pythia-like and Llama-like language models, fine-tuned on a task's tokens or texts.

Parameters have the names and shapes of the Hugging Face module, tied ones once, so that a checkpoint
of ours loads into it with `load_state_dict`, and opens as a `TransformerBridge` (see `bridge.py`).

The tokens of texts are the pretrained vocabulary's own. Of other tasks, token i is token `first_token` + i
of that vocabulary: the rule is the same for all seeds, nothing is added to the checkpoint, and the task's
tokens start out unrelated to each other but known to the model. Its answers compete with the whole
vocabulary: logits have a column for each token, the task's first, in their order, then all others. Loss and
accuracy are therefore over the whole vocabulary, and targets use the task's numbers.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from torch.func import functional_call
from torch.nn import Module
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from onset.models.batch import Parameters, Questions
from onset.models.pretrained import adapters, loading, midway
from onset.models.pretrained.planning import first_token, longest, problems, unconverted, unfit
from onset.models.pretrained.rows import Row, in_rows, side_by_side
from onset.models.pretrained.settings import Settings
from onset.models.pretrained.tokenizer import Tokenizer, open_tokenizer

_AT_ONCE = (
    64  # sequences, where no gradient needs them all: what they keep on the way takes the memory
)


def build(settings: Settings, n_tokens: int, length: int) -> Pretrained:
    """The model for a task of so many tokens and so long sequences.

    Raises:
        OSError: the checkpoint isn't there, or the hub can't be reached.
        ValueError: its files aren't whole, or have changed since the settings were read; it is too small.
    """
    config = None
    found = problems(settings, 0, n_tokens, length) or unconverted(settings)
    if not found:
        config = loading.architecture(settings)
        found = unfit(settings, config.to_dict(), n_tokens, length)
    if config is None or found:
        raise ValueError("; ".join(found))
    return Pretrained(settings, n_tokens, length, config)


@dataclass(frozen=True)
class Pretrained:
    """The functions of one architecture; parameters are passed to each of them."""

    settings: Settings
    n_tokens: int
    length: int
    config: PretrainedConfig

    @cached_property
    def first_token(self) -> int:
        """The token of the vocabulary that is the task's first."""
        return first_token(self.settings, self.config.vocab_size, self.n_tokens)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The checkpoint's own."""
        return open_tokenizer(self.settings)

    @property
    def longest(self) -> int:
        """Tokens of a text, at most."""
        return longest(self.config.to_dict()) or self.length

    @cached_property
    def module(self) -> PreTrainedModel:
        """The Hugging Face module that parameters are put into for a call."""
        with torch.inference_mode(False):  # else its buffers would be of no use for gradients
            found = loading.module(self.config)
        if self.settings.adapter:
            adapters.adapt(found, self.settings.adapter)
        return found

    @property
    def begins_alike(self) -> bool:
        """They are in the checkpoint's files, or drawn: a run stores what it changes in them."""
        return True

    @property
    def constants(self) -> frozenset[str]:
        """None: everything may be trained; but with adapters, all else."""
        if not self.settings.adapter:
            return frozenset()
        names = (name for name, _ in self.module.named_parameters())
        return frozenset(name for name in names if not adapters.is_adapter(name))

    @property
    def decaying(self) -> frozenset[str]:
        """The matrices, whatever the architecture calls them."""
        return frozenset(name for name, p in self.module.named_parameters() if p.ndim > 1)

    def initial_parameters(self, seed: int) -> Parameters:
        """Those of the checkpoint, the same for every seed: it decides data and their order alone, and
        adapters, if there are any. Where the settings ask for random weights, the seed draws them.

        Raises:
            ValueError: the stored tensors aren't those of the architecture.
        """
        its = self.settings
        found = (
            loading.drawn(self.config, seed) if its.weights == "random" else loading.parameters(its)
        )
        return found | adapters.drawn(self.module, seed) if its.adapter else found

    def plain(self, parameters: Mapping[str, Tensor]) -> Parameters:
        """The parameters of the same function without adapters: those that others open."""
        if not self.settings.adapter:
            return dict(parameters)
        return adapters.merged(self.module, parameters, self.settings.adapter)

    def without_adapters(
        self, parameters: Mapping[str, Tensor], layers: Collection[int] | None = None
    ) -> Parameters:
        """The model with the adapters of these blocks silent; of all: as it was before training."""
        silent = range(self.config.num_hidden_layers) if layers is None else layers
        return adapters.without(parameters, self.module, silent)

    def logits(
        self, parameters: Mapping[str, Tensor], questions: Sequence[Questions]
    ) -> Float[Tensor, "scored tokens"]:
        """Logits at the scored positions, in the order of `Batch.targets`.

        A column per token of the vocabulary: first the task's, in the task's order, then all others.
        """
        device = next(iter(parameters.values())).device
        if self.module.device != device:  # its buffers, such as rotary angles, aren't parameters
            self.module.to(device)
        rows = in_rows(questions) if self._takes_rows else None
        if rows is None:
            return torch.cat([self._logits_of(parameters, group, device) for group in questions])
        return torch.cat([self._logits_in(parameters, row.to(device)) for row in rows])

    def _logits_in(
        self, parameters: Mapping[str, Tensor], row: Row
    ) -> Float[Tensor, "scored tokens"]:
        tokens = row.tokens + self.first_token
        return self._said(parameters, (tokens,), row.told, row.scored)[0]

    @cached_property
    def _takes_rows(self) -> bool:
        """Whether it can be told positions: with them, it takes any mask."""
        return "position_ids" in inspect.signature(self.module.forward).parameters

    def _logits_of(
        self, parameters: Mapping[str, Tensor], group: Questions, device: torch.device
    ) -> Float[Tensor, "scored tokens"]:
        found, order = [], []
        for rows, its in group.alike():
            tokens = self.in_vocabulary(its.tokens[:, : max(its.scored) + 1])
            at_once = len(tokens) if torch.is_grad_enabled() else _AT_ONCE
            for some in torch.from_numpy(tokens).split(at_once):
                found.append(self._said(parameters, (some.to(device),), {}, its.scored))
            order.append(rows)
        logits = torch.cat(found)
        if group.scored_at is not None:
            back = torch.from_numpy(np.concatenate(order).argsort())
            logits = logits[back.to(device)]
        return logits.flatten(0, 1)

    def _said(
        self,
        parameters: Mapping[str, Tensor],
        given: tuple[Tensor, ...],
        named: Mapping[str, Tensor],
        scored: Sequence[int],
    ) -> Float[Tensor, "texts scored tokens"]:
        device = next(iter(parameters.values())).device
        # The vocabulary is large: no logits where nothing is scored.
        kept = {"use_cache": False, "logits_to_keep": torch.tensor(scored, device=device)}
        output = functional_call(self.module, dict(parameters), given, {**kept, **named})
        return self._task_first(output.logits)

    @property
    def _blocks(self) -> list[Module]:
        return [block for _, block in adapters.blocks(self.module)]

    def depth(self, hops: int) -> int:
        """All blocks, whatever is asked."""
        return self.config.num_hidden_layers

    def residual_stream(
        self, parameters: Mapping[str, Tensor], tokens: Int[Tensor, "examples length"]
    ) -> Float[Tensor, "blocks_and_one examples length d_model"]:
        """The residual stream before the first block and after each of them."""
        final_norm, unnormed = self._final_norm[1], []
        hook = final_norm.register_forward_pre_hook(lambda _, given: unnormed.append(given[0]))
        try:
            said = self._run(parameters, tokens, output_hidden_states=True)
        finally:
            hook.remove()
        return torch.stack([*said.hidden_states[:-1], *unnormed])

    def unembed(
        self, parameters: Mapping[str, Tensor], states: Float[Tensor, "*rows d_model"]
    ) -> Float[Tensor, "*rows tokens"]:
        """Final norm and readout, columns as in `logits`. On states from within, the logit lens."""
        name, final_norm = self._final_norm
        its = {
            key.removeprefix(f"{name}."): value
            for key, value in parameters.items()
            if key.startswith(f"{name}.")
        }
        normed = functional_call(final_norm, its, (states,))
        head, embedding = (
            self._name_of(its)
            for its in (self.module.get_output_embeddings(), self.module.get_input_embeddings())
        )
        readout = parameters.get(f"{head}.weight", parameters[f"{embedding}.weight"])
        return self._task_first(F.linear(normed, readout, parameters.get(f"{head}.bias")))

    def logits_from(
        self,
        parameters: Mapping[str, Tensor],
        states: Float[Tensor, "examples length d_model"],
        layer: int,
        scored: int,
        alike: int = 0,
    ) -> Float[Tensor, "examples tokens"]:
        """Logits at one position, of states as they are after so many blocks; those are not run. So many
        first positions are alike in all examples."""
        if layer == self.config.num_hidden_layers:
            return self.unembed(parameters, states[:, scored])
        told, places = {}, (scored,)
        if alike and self._takes_rows:
            row = side_by_side(*states.shape[:2], alike, scored).to(states.device)
            states, told, places = states.flatten(0, 1)[row.tokens], row.told, row.scored
        with midway.begun(self._blocks, layer, states):
            # The states stand here for their shape: all that is made of them is replaced.
            said = self._said(parameters, (), {"inputs_embeds": states, **told}, places)
        return said.flatten(0, 1)

    def attention(
        self, parameters: Mapping[str, Tensor], tokens: Int[Tensor, "examples length"]
    ) -> Float[Tensor, "blocks examples heads length length"]:
        """Which part of its attention each position pays to each, by block and head."""
        return torch.stack(self._run(parameters, tokens, output_attentions=True).attentions)

    def _run(
        self,
        parameters: Mapping[str, Tensor],
        tokens: Int[Tensor, "examples length"],
        **asked: bool,
    ) -> ModelOutput:
        """What the module says of sequences in the task's tokens."""
        self.module.to(tokens.device)
        numbers = tokens + self.first_token
        return functional_call(
            self.module, dict(parameters), (numbers,), {"use_cache": False, **asked}
        )

    @cached_property
    def _final_norm(self) -> tuple[str, Module]:
        """Name and module of the norm before the readout: no architecture calls it as another does."""
        norms = [its for its in self.module.base_model.children() if "Norm" in type(its).__name__]
        return self._name_of(norms[-1]), norms[-1]

    def _name_of(self, wanted: Module) -> str:
        return next(name for name, its in self.module.named_modules() if its is wanted)

    def _task_first(self, logits: Float[Tensor, "*rows tokens"]) -> Float[Tensor, "*rows tokens"]:
        first, end = self.first_token, self.first_token + self.n_tokens
        if self.n_tokens == logits.shape[-1]:
            return logits
        return torch.cat([logits[..., first:end], logits[..., :first], logits[..., end:]], dim=-1)

    def in_vocabulary(self, tokens: Int[np.ndarray, "*shape"]) -> Int[np.ndarray, "*shape"]:
        """The task's tokens as the pretrained vocabulary numbers them, e.g. to ask a bridge."""
        return tokens + self.first_token
