"""Interventions on the embedding that the model reads for an alias: does another base answer?

Each alias is given the code of a base other than the one in its definition, in the input embedding only;
the readout stays unchanged, even in tied models. If the definition has written the base's code into the
alias, then swapping that code must swap the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.statistics.chance import own_stream
from onset.tasks.dataset import Dataset

NEEDS = ("named", "embeddings")
QUANTITIES = {
    "*_other_accuracy": {"kind": "share", "label": "answered as for the other base: *"},
    "*_own_accuracy": {"kind": "share", "label": "answered as for its own base: *"},
}

_SPLITS = ("definitions", "ood")
_SEED = 0  # of the random directions


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split and intervention (see `altered_rows`), over the questions to which the named base and
    the other base have different answers; chance is one over the number of values:

    * `INTERVENTION_other_accuracy`: fraction answered as of the other base;
    * `INTERVENTION_own_accuracy`: fraction answered as of the base that the definition names.
    """
    embedding = parameters["tok_embed.weight"]
    device = embedding.device
    definitions = dataset.splits["definitions"]
    answers = answers_of_bases(dataset)
    bases = np.unique(dataset.splits["base_facts"].tokens[:, 0])
    other = np.full(dataset.n_tokens, -1)
    other[bases] = np.roll(bases, len(bases) // 2)  # facts are random: any other will do

    alias, base = definitions.tokens[:, 0], definitions.truth["named"]
    rows = altered_rows(
        embedding,
        parameters.get("head.weight", embedding),
        *(torch.from_numpy(tokens).to(device) for tokens in (alias, base, other[base])),
    )
    for name in _SPLITS:
        split = dataset.splits[name]
        base, last = split.truth["named"], split.tokens[:, -1]
        own, others = answers[base, last], answers[other[base], last]
        clear = own != others
        tokens = torch.from_numpy(split.tokens[clear]).to(device)
        for intervention, new in rows.items():
            altered = embedding.clone()
            altered[torch.from_numpy(alias).to(device)] = new
            states = model.residual_stream({**parameters, "tok_embed.weight": altered}, tokens)
            said = model.unembed(parameters, states[-1, :, -1]).argmax(-1).cpu().numpy()
            for whose, right in (("other", others), ("own", own)):
                value = float((said == right[clear]).mean())
                yield Measurement(
                    f"{intervention}_{whose}_accuracy", value, name, n_examples=len(tokens)
                )


def altered_rows(
    embedding: Float[Tensor, "tokens d_model"],
    readout: Float[Tensor, "tokens d_model"],
    alias: Int[Tensor, " aliases"],
    base: Int[Tensor, " aliases"],
    other: Int[Tensor, " aliases"],
) -> Mapping[str, Float[Tensor, "aliases d_model"]]:
    """New input rows for the aliases, by intervention.

    * `unchanged`;
    * `swap_input`: the other base's input row, which asks what `base_facts` ask: the most there can be;
    * `swap_output`: the other base's row of the unembedding, as long as its input row;
    * `shift_input`: the alias plus the other base minus its own, in rows of the input embedding;
    * `shift_output`: the same in rows of the unembedding, the shift as long as that of `shift_input`;
    * `shift_random`: a random direction, as long. The null control of the shifts;
    * `remove_own`: what the alias has along its own base's input row is removed;
    * `remove_other`: as much is subtracted along the other base's, of which it has little. The null control
      of the removal; it lengthens the row where the removal shortens it.
    """

    def as_long(rows: Tensor, model: Tensor) -> Tensor:
        return rows * model.norm(dim=1, keepdim=True) / rows.norm(dim=1, keepdim=True)

    drawn = own_stream(_SEED).standard_normal((len(alias), embedding.shape[1]), dtype="f4")
    noise = torch.from_numpy(drawn).to(embedding)
    shift = embedding[other] - embedding[base]
    along_own, along_other = (F.normalize(embedding[rows], dim=1) for rows in (base, other))
    has_of_own = (embedding[alias] * along_own).sum(1, keepdim=True)
    output_shift = readout[other] - readout[base]
    return {
        "unchanged": embedding[alias],
        "swap_input": embedding[other],
        "swap_output": as_long(readout[other], embedding[other]),
        "shift_input": embedding[alias] + shift,
        "shift_output": embedding[alias] + as_long(output_shift, shift),
        "shift_random": embedding[alias] + as_long(noise, shift),
        "remove_own": embedding[alias] - has_of_own * along_own,
        "remove_other": embedding[alias] - has_of_own * along_other,
    }


def answers_of_bases(dataset: Dataset) -> Int[np.ndarray, "tokens tokens"]:
    """Right answer per base and last token: a value after an attribute, itself after IS; else -1."""
    facts, definitions = dataset.splits["base_facts"], dataset.splits["definitions"]
    answers = np.full((dataset.n_tokens, dataset.n_tokens), -1)
    answers[facts.tokens[:, 0], facts.tokens[:, 1]] = facts.targets[:, 0]
    answers[facts.tokens[:, 0], definitions.tokens[0, 1]] = facts.tokens[:, 0]
    return answers
