"""Interventions before the last hop: does a clean bridge entity bring the answer, whatever the length?

In a model with one block that is applied once per hop, a chain of k hops should have, before the last
application, a state at the second-to-last relation that holds the entity before the last hop. That state
is replaced by the embedding of an entity or by a random direction, with the norm of the state. If a chain
fails, but is answered once its own entity is written there cleanly, the failure lies before the last hop.
Patching: Meng et al. 2022 (arXiv:2202.05262); `analyses/components/patching.py` does it with
TransformerLens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.statistics.chance import own_stream
from onset.tasks.dataset import Dataset, Split

NEEDS = ("bridge", "embeddings")
SPLITS = ("atomic", "hops2_seen", "hops2_unseen")
ONLY_WITH = ("per_hop",)
QUANTITIES = {
    "clean_own_accuracy": {"kind": "share", "label": "accuracy, right entity written"},
    "clean_other_accuracy": {"kind": "share", "label": "answered as for the written entity"},
    "clean_random_accuracy": {"kind": "share", "label": "accuracy, random direction written"},
}

_HELD_OUT = ("_seen", "_unseen")
_SEED = 0  # of the random directions


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per held-out split of chains, nothing where different blocks take part or all are always applied:

    * `clean_own_accuracy`: fraction answered right with the right entity before the last hop written;
    * `clean_other_accuracy`: fraction answered as another entity wants it, that one written, over the
      questions to which it has another answer;
    * `clean_random_accuracy`: fraction answered right with a random direction written, a null control.
    """
    if model.settings.n_layers > 1 or model.settings.readout == "last":
        return
    embedding = parameters["tok_embed.weight"]
    device = embedding.device
    atomic = dataset.splits["atomic"]
    answers = torch.zeros((dataset.n_tokens,) * 2, dtype=torch.long)
    answers[tuple(torch.from_numpy(atomic.tokens).T)] = torch.from_numpy(atomic.targets[:, 0])
    answers = answers.to(device)
    n_entities = int(atomic.tokens[:, 0].max()) + 1
    rng = own_stream(_SEED)
    for name in (name for name in dataset.splits if name.endswith(_HELD_OUT)):
        split = dataset.splits[name]
        own = torch.from_numpy(split.truth["bridge"]).to(device)
        other = (own + n_entities // 2) % n_entities  # facts are random: any other will do
        last = torch.from_numpy(split.tokens[:, -1]).to(device)
        right, others = answers[own, last], answers[other, last]
        drawn = rng.standard_normal((len(split), embedding.shape[1]), dtype="f4")
        said = answers_after_writing(
            model,
            parameters,
            split,
            {
                "own": embedding[own],
                "other": embedding[other],
                "random": torch.from_numpy(drawn).to(device),
            },
        )
        hits = {kind: its == (others if kind == "other" else right) for kind, its in said.items()}
        hits["other"] = hits["other"][right != others]
        for kind, its in hits.items():
            if len(its):
                value = its.double().mean().item()
                yield Measurement(f"clean_{kind}_accuracy", value, name, n_examples=len(its))


def answers_after_writing(
    model: Transformer,
    parameters: Parameters,
    split: Split,
    written: Mapping[str, Float[Tensor, "chains d_model"]],
) -> dict[str, Int[Tensor, " chains"]]:
    """What is answered when a direction takes the place of the entity before the last hop, by its name."""
    tokens = torch.from_numpy(split.tokens).to(parameters["tok_embed.weight"].device)
    before = _looped(model, split.hops - 1).residual_stream(parameters, tokens)[-1]
    place = split.hops - 1  # the last relation but one, or the entity that the chain begins with
    norm = before[:, place].norm(dim=-1, keepdim=True)
    said = {}
    for name, direction in written.items():
        states = before.clone()
        states[:, place] = norm * direction / direction.norm(dim=-1, keepdim=True)
        # One block is the same at every application: the last is a first one on these states, read in
        # as if each were the embedding of a token of its own.
        as_tokens = torch.arange(tokens.numel(), device=tokens.device).view(tokens.shape)
        altered = {**parameters, "tok_embed.weight": states.flatten(0, 1)}
        if "pos.weight" in altered:
            altered["pos.weight"] = torch.zeros_like(altered["pos.weight"])
        after = _looped(model, 1).residual_stream(altered, as_tokens)[-1, :, -1]
        said[name] = model.unembed(parameters, after).argmax(-1)
    return said


def _looped(model: Transformer, n_loops: int) -> Transformer:
    """The same block, applied so many times."""
    return replace(model, settings=model.settings.model_copy(update={"n_loops": n_loops}))
