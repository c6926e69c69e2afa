"""Which heads and MLPs write the answer, and not its rival: direct logit attribution, head by head.

Elhage et al. 2021, "A mathematical framework for transformer circuits"; for indirect objects Wang et al.
2022, arXiv:2211.00593. Where a split tells the places of names, also which of them each head looks at.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from onset.analyses.heads.rivals import asked_of_splits
from onset.measures.measurement import Measurement, by_head
from onset.models.batch import Parameters, ReadableModel
from onset.tasks.dataset import Dataset

NEEDS = ("rival", "heads")
QUANTITIES = {
    "answer_lead": {"kind": "logits", "label": "lead of the answer over its rival (nats)"},
    "head_effect": {"kind": "logits", "label": "direct effect of the head (nats)"},
    "mlp_effect": {"kind": "logits", "label": "direct effect of the MLP (nats)"},
    "embedding_effect": {"kind": "logits", "label": "direct effect of the embeddings (nats)"},
    "attention_to_*": {"kind": "share", "label": "attention to the place of: *"},
}


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split with rivals, of its first questions, at the last scored position:

    * `answer_lead`: mean logit of the right answer minus that of its rival;
    * `head_effect` by block application (`layer`) and `head`, `mlp_effect` by block application and
      `embedding_effect`: what of it each writes. What is missing to the whole are biases;
    * `attention_to_NAME` by block application and head, for each `NAME_place` that the split tells: the
      share of its attention that a head pays to it.
    """
    for name, asked in asked_of_splits(model, parameters, dataset).items():
        run, n = asked.intact, asked.n
        yield Measurement("answer_lead", _mean(run.lead).item(), name, n_examples=n)
        embedding = _mean(run.effects.embedding).item()
        yield Measurement("embedding_effect", embedding, name, n_examples=n)
        for layer, effect in enumerate(_mean(run.effects.mlps).tolist()):
            yield Measurement("mlp_effect", effect, name, layer, n_examples=n)
        effects = _mean(run.effects.heads).tolist()
        yield from by_head("head_effect", effects, name, n_examples=n)
        for which, paid in asked.attention_to_places().items():
            yield from by_head(f"attention_to_{which}", paid.tolist(), name)


def _mean(values: Tensor) -> Tensor:
    return values.double().mean(0)
