"""Heads that move a name, as they appear in training: what each looks at, and what it writes.

Of the classes of Wang et al. 2022 (arXiv:2211.00593): *previous-token* heads look one place back;
*duplicate-token* heads look from a name that comes again at where it stood first, *induction* heads at
what came after that; *S-inhibition* heads look from the end at the name that comes again; *name movers* at
the right name, and write it, *negative* ones write against it. `onset.statistics.name_heads` has the rules
for such classes. Where nobody is named twice, as in `three_names`, the same numbers are a null.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from onset.measures.measurement import Measurement, by_head
from onset.models.batch import Parameters, device_of
from onset.models.transformer.model import Transformer
from onset.models.transformer.wiring import Run, Wiring
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.twins import twins

NEEDS = ("rival", "right_place", "rival_place", "repeat_place", "head_weights")
QUANTITIES = {
    "writes_lead": {"kind": "logits", "label": "what the head writes towards the lead (nats)"},
    "end_to_*": {"kind": "share", "label": "attention from the end to the name: *"},
    "repeat_to_first": {"kind": "share", "label": "attention to the same name's first place"},
    "repeat_to_after_first": {"kind": "share", "label": "attention to what came after it"},
    "to_previous": {"kind": "share", "label": "attention to the previous token"},
}
_MOST = 64
"""questions of a split"""
_EPS = 1e-5


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split that says where names are, but for validation parts and twins, of its first questions; by
    block application (`layer`) and `head`:

    * `writes_lead`: direct effect on the lead of the right answer over its rival, at the final norm's
      scale;
    * `end_to_right`, `end_to_rival`, `end_to_repeat`: attention from the last position to the names;
    * `repeat_to_first`, `repeat_to_after_first`: from the second clause's subject to the first place of
      the rival, and to the place behind it;
    * `to_previous`: to the place before, mean over all positions but the first.
    """
    wiring = Wiring.of(model, parameters)
    said_again = set(twins(dataset.splits).values())  # the same questions but for who acts
    for name, split in dataset.splits.items():
        knows_places = set(NEEDS[:-1]) <= split.truth.keys()
        if name.endswith(VALIDATION) or name in said_again or not knows_places:
            continue
        end = split.scored[-1]
        tokens = torch.from_numpy(split.tokens[:_MOST, : end + 1]).to(device_of(parameters))
        run = wiring.run(tokens, (end,))
        effects = _effects(wiring, run, split)
        yield from by_head("writes_lead", effects.tolist(), name, n_examples=len(tokens))
        attention = wiring.model.attention(wiring.parameters, tokens)
        for measure, paid in _looks(attention, split).items():
            its = paid.double().mean(1).tolist()
            yield from by_head(measure, its, name, n_examples=len(tokens))


def _effects(wiring: Wiring, run: Run, split: Split) -> Float[Tensor, "layers heads"]:
    """Mean over questions."""
    s, parameters = wiring.model.settings, wiring.parameters
    readout = parameters[wiring.model._readout]
    right, rival = (
        torch.from_numpy(its[:_MOST]).to(readout.device)
        for its in (split.targets[:, -1], split.truth["rival"])
    )
    towards = readout[right] - readout[rival]
    if s.norm == "layer":
        state = run.read[-1][0, 0, :, -1]
        towards = towards * parameters["ln_out.weight"]
        towards = towards - towards.mean(-1, keepdim=True)  # the norm takes away the mean
        towards = towards / (state.var(-1, unbiased=False, keepdim=True) + _EPS).sqrt()
    places = [i for i, its in enumerate(wiring.writers) if its.startswith("head")]
    written = run.written[places, 0, :, -1] - _always_written(wiring)[:, None]
    return torch.einsum("hqd,qd->h", written, towards).view(s.n_layers, -1) / len(right)


def _always_written(wiring: Wiring) -> Float[Tensor, "heads d_model"]:
    """By value biases: of a head's output, what it writes wherever it looks. TransformerLens counts this
    among the biases of the layer."""
    s, parameters = wiring.model.settings, wiring.parameters
    found = []
    for layer in range(s.n_layers):
        out = parameters[f"layers.{layer}.attn.o.weight"].unflatten(1, (s.n_heads, -1))
        bias = parameters[f"layers.{layer}.attn.v.bias"].view(s.n_heads, -1)
        found.append(torch.einsum("dhe,he->hd", out, bias))
    return torch.cat(found)


def _looks(
    attention: Float[Tensor, "layers questions heads length length"], split: Split
) -> dict[str, Float[Tensor, "layers questions heads"]]:
    n, length = attention.shape[1], attention.shape[-1]
    each = torch.arange(n)
    right, rival, repeat = (
        torch.from_numpy(split.truth[f"{name}_place"][:n]) for name in ("right", "rival", "repeat")
    )
    by_question = attention.transpose(0, 1)  # questions first, to be chosen together with places
    found = {
        "end_to_right": by_question[each, :, :, -1, right],
        "end_to_rival": by_question[each, :, :, -1, rival],
        "end_to_repeat": by_question[each, :, :, -1, repeat],
        "repeat_to_first": by_question[each, :, :, repeat, rival],
        "repeat_to_after_first": by_question[each, :, :, repeat, rival + 1],
    }
    found = {name: its.transpose(0, 1) for name, its in found.items()}
    places = torch.arange(1, length)
    found["to_previous"] = attention[..., places, places - 1].mean(-1)
    return found
