"""What attention heads are needed for, and how others compensate for the most important one.

On splits that are scored at several positions. A head's direct effect is what it writes towards the
right answer through the final norm, as in direct logit attribution (Elhage et al. 2021), at the norm's
scale in that run; with the main head replaced by its mean, others may write more (the hydra effect,
McGrath et al. 2023, arXiv:2307.15771). The main head is of the last layer, and heads of one layer don't
read each other: what changes is the norm's scale, a mechanism of self-repair of its own (Rushing & Nanda
2024, arXiv:2402.15390).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from transformer_lens.ActivationCache import ActivationCache
from transformer_lens.model_bridge import TransformerBridge

from onset.measures.measurement import Measurement, by_head
from onset.models.batch import Parameters
from onset.models.transformer.bridge import open_bridge
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import VALIDATION, Dataset

NEEDS = ("repeats", "head_weights")
QUANTITIES = {
    "with_all_loss": {"kind": "nats", "label": "loss with all heads (nats)"},
    "without_head_*_loss": {"kind": "nats", "label": "loss without the head (nats): *"},
    "main_head": {"kind": "share", "label": "is the main head"},
    "head_direct_effect": {"kind": "logits", "label": "direct effect of the head (nats)"},
    "head_direct_effect_without_main": {
        "kind": "logits",
        "label": "direct effect without the main head (nats)",
    },
}

_N_SEQUENCES = 64
_KINDS: dict[str, Callable[[Tensor], Tensor]] = {
    "zero": torch.zeros_like,
    "mean": lambda z: z.mean(0, keepdim=True).expand_as(z),
    "resample": lambda z: z.roll(1, 0),
}


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split that is scored at several positions, of its first sequences:

    * `with_all_loss`; `without_head_KIND_loss` by block application (`layer`) and `head`, its output
      replaced by zeros, its mean over sequences, or (`resample`) that on another sequence;
    * `main_head`: 1 for the head of the last application with whose mean alone the loss is largest;
    * `head_direct_effect`: mean logit that a head writes for the right answer, relative to all answers;
    * `head_direct_effect_without_main`: the same with the main head replaced by its mean.
    """
    bridge = open_bridge(model, parameters)
    names = [f"blocks.{i}.attn.hook_z" for i in range(bridge.cfg.n_layers)]
    for name, split in dataset.splits.items():
        if len(split.scored) < 2 or name.endswith(VALIDATION):
            continue
        tokens = torch.from_numpy(split.tokens[:_N_SEQUENCES]).to(bridge.W_E.device)
        targets = torch.from_numpy(split.targets[:_N_SEQUENCES]).to(tokens.device)
        scored = list(split.scored)
        ask = _Ask(bridge, tokens, targets, scored)
        loss, cache = ask.loss()
        yield Measurement("with_all_loss", loss, name)
        losses = {}
        for kind, replace in _KINDS.items():
            for layer, place in enumerate(names):
                replaced = replace(cache[place])
                for head in range(bridge.cfg.n_heads):
                    losses[kind, layer, head], _ = ask.loss((place, replaced, head))
                    yield Measurement(
                        f"without_head_{kind}_loss", losses[kind, layer, head], name, layer, head
                    )
        last = len(names) - 1
        main = max(range(bridge.cfg.n_heads), key=lambda head: losses["mean", last, head])
        yield Measurement("main_head", 1.0, name, last, main)
        _, without = ask.loss((names[last], _KINDS["mean"](cache[names[last]]), main))
        for kind, its in (("", cache), ("_without_main", without)):
            effects = direct_effects(model, parameters, its, targets, scored)
            yield from by_head(f"head_direct_effect{kind}", effects.tolist(), name)


class _Ask:
    """Sequences put to a model, whole or with one head's output replaced."""

    def __init__(
        self, bridge: TransformerBridge, tokens: Tensor, targets: Tensor, scored: list[int]
    ) -> None:
        self._bridge, self._tokens, self._targets, self._scored = bridge, tokens, targets, scored

    def loss(self, change: tuple[str, Tensor, int] | None = None) -> tuple[float, ActivationCache]:
        """Mean over the scored positions, and what heads and the final norm said.

        Args:
            change: hook, what stands there for all heads, and which head's part of it is taken.
        """

        def replace(z: Tensor, hook: object) -> Tensor:
            _, states, head = change
            z = z.clone()
            z[:, :, head] = states[:, :, head]
            return z

        hooks = [(change[0], replace)] if change else []
        with self._bridge.hooks(fwd_hooks=hooks):
            logits, cache = self._bridge.run_with_cache(
                self._tokens,
                names_filter=lambda name: name.endswith(("hook_z", "ln_final.hook_scale")),
            )
        logits = logits[:, self._scored].flatten(0, 1)
        return F.cross_entropy(logits, self._targets.ravel()).item(), cache


def direct_effects(
    model: Transformer,
    parameters: Parameters,
    cache: ActivationCache,
    targets: Tensor,
    scored: list[int],
) -> Float[Tensor, "layers heads"]:
    """Mean logit of the right answer, minus the mean over answers, that each head writes."""
    s = model.settings
    readout = parameters["tok_embed.weight" if s.tied_embeddings else "head.weight"]
    readout = readout - readout.mean(0)
    if s.norm == "layer":
        readout = readout * parameters["ln_out.weight"]
        readout = readout - readout.mean(
            1, keepdim=True
        )  # the norm takes the mean of what is written
    towards = readout[targets]  # sequences, scored, d_model
    if s.norm == "layer":
        towards = towards / cache["ln_final.hook_scale"][:, scored]
    found = []
    for i in range(s.n_applications):
        weight = parameters[f"layers.{i % s.n_layers}.attn.o.weight"].T.unflatten(
            0, (s.n_heads, -1)
        )
        z = cache[f"blocks.{i}.attn.hook_z"][:, scored]
        found.append(torch.einsum("sphe,hed,spd->sph", z, weight, towards).mean((0, 1)))
    return torch.stack(found)
