"""Which parts write the new answers: those that wrote the old ones, or others?

What attention and MLPs write at the last position, through the final norm and the readout, to the
difference of the new answer's logit and the old one's (direct effects: Elhage et al. 2021, "A mathematical
framework for transformer circuits"), in the model before and after.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import Questions, ReadableModel
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
NEEDS = ("residual_stream", "heads", "neurons", "changed")
OPTIONS = {"most_sequences": 600}
QUANTITIES = {
    "attention_for_new": {"kind": "logits", "label": "attention, for the new answer (nats)"},
    "mlp_for_new": {"kind": "logits", "label": "MLPs, for the new answer (nats)"},
    "attention_for_old": {"kind": "logits", "label": "attention, for the old answer before (nats)"},
    "mlp_for_old": {"kind": "logits", "label": "MLPs, for the old answer before (nats)"},
    "attention_by_chance": {"kind": "logits", "label": "attention, for another's answer (nats)"},
    "mlp_by_chance": {"kind": "logits", "label": "MLPs, for another's answer (nats)"},
}  # fmt: skip

_NULL = 7_877

Answers = Int[np.ndarray, " sequences"]
Effects = Mapping[tuple[str, int], Float[Tensor, " sequences"]]
"""by kind and block application"""


def compare(
    members: Sequence[Member[ReadableModel, Dataset]], most_sequences: int
) -> Iterator[Compared]:
    """Of the first and the last checkpoint, on sequences that they answer differently (of at most so many
    sequences, at random), by block application (`layer`), mean direct effects in nats:

    * `attention_for_new`, `mlp_for_new`: in the new model, on the new answer's logit minus the old one's;
    * `attention_for_old`, `mlp_for_old`: in the old model, on the old answer's minus the new one's: who
      wrote what has been replaced;
    * `attention_by_chance`, `mlp_by_chance`: in the new model, with both answers of another of these
      sequences (a null).
    """
    for run in members:
        old, new = (Version.of(run, step) for step in (run.steps[0], run.steps[-1]))
        asked = Asked.of(run.dataset.splits).at_most(most_sequences, run.seed)
        said = [its.says(asked).argmax(-1).numpy(force=True) for its in (old, new)]
        differs = said[0] != said[1]
        if differs.sum() < 2:
            continue
        asked = asked.only(differs)
        before, after = (its[differs] for its in said)
        rng = np.random.Generator(np.random.Philox(key=[run.seed, _NULL]))
        others = rng.permutation(len(before))
        found = {
            "for_new": _effects(new, asked, after, before),
            "for_old": _effects(old, asked, before, after),
            "by_chance": _effects(new, asked, after[others], before[others]),
        }
        for name, effects in found.items():
            for (kind, layer), its in effects.items():
                value = its.double().mean().item()
                row = Measurement(f"{kind}_{name}", value, layer=layer, n_examples=len(its))
                yield Compared(row, run)


def _effects(its: Version, asked: Asked, of: Answers, minus: Answers) -> Effects:
    """On the logit of one answer minus that of another, of all sequences that get so far."""
    found: dict[tuple[str, int], list[Tensor]] = {}
    ends = np.cumsum(asked.lengths)[:-1]
    groups = zip(asked.questions, np.split(of, ends), np.split(minus, ends), strict=True)
    for group, its_answers, other_answers in groups:
        for place, effects in _of_group(its, group, its_answers, other_answers):
            found.setdefault(place, []).append(effects)
    return {place: torch.cat(parts) for place, parts in found.items()}


def _of_group(
    its: Version, group: Questions, of: Answers, minus: Answers
) -> Iterator[tuple[tuple[str, int], Float[Tensor, " questions"]]]:
    depth = its.model.depth(group.hops)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bridge = inspection.open_bridge(its.model, its.parameters, depth)
    hooks = {
        f"blocks.{layer}.hook_{name}_out": (kind, layer)
        for layer in range(depth)
        for kind, name in (("attention", "attn"), ("mlp", "mlp"))
    }
    scale = "ln_final.hook_scale"
    _, cache = bridge.run_with_cache(torch.from_numpy(group.tokens), names_filter=[*hooks, scale])
    place = group.scored[-1]
    towards = bridge.W_U.T[torch.from_numpy(of)] - bridge.W_U.T[torch.from_numpy(minus)]
    if scale in cache:
        towards = towards * bridge.ln_final.weight
        # The norm takes the mean of what is written, and divides by what it does for the whole state.
        towards = (towards - towards.mean(1, keepdim=True)) / cache[scale][:, place]
    for name, part in hooks.items():
        yield part, (cache[name][:, place] * towards).sum(1)
