"""How much of the context predictions rest on: asked with the last n tokens alone, what is lost?

A language model goes through stages in which it is much like a unigram, a bigram, a trigram model (Choshen
et al. 2022, arXiv:2109.06096; Chang & Bergen 2022, arXiv:2110.02406). Against counts of its training text
that takes the text; against the model itself it takes none. A model that looks at n tokens only says the
same when it is given no more: its divergence is 0 from n on. Texts that begin in the middle of a sentence
are unlike those that it was trained on, which is a part of what is lost with few tokens.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters, Questions
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.training.batches import questions_of

NEEDS = ()
QUANTITIES = {
    "context_loss": {"kind": "nats", "label": "loss with so many tokens (nats)"},
    "context_divergence": {
        "kind": "nats",
        "label": "divergence from the answer to all tokens (nats)",
    },
}

_TOKENS = (1, 2, 3, 4, 8, 16)


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split but for validation parts, at the last scored position of each example, by the number of
    tokens that the model is given, the last of them (`component`), as long as all examples have more:

    * `context_loss`: mean cross-entropy of the right token, in nats;
    * `context_divergence`: mean KL(p‖q) of the answers p to all tokens from those q to so many, in nats.
    """
    for name, split in dataset.splits.items():
        if name.endswith(VALIDATION):
            continue
        whole = _asked(model, parameters, split, None)
        targets = torch.from_numpy(split.targets[:, -1]).to(whole.device)
        for n in (n for n in _TOKENS if n <= split.positions[:, -1].min()):
            some = _asked(model, parameters, split, n)
            loss = F.nll_loss(some, targets).item()
            divergence = F.kl_div(some, whole, reduction="batchmean", log_target=True).item()
            yield Measurement("context_loss", loss, name, component=n)
            yield Measurement("context_divergence", max(0.0, divergence), name, component=n)


def _asked(
    model: Model, parameters: Parameters, split: Split, n: int | None
) -> Float[Tensor, "examples tokens"]:
    """Log-probabilities after the last `n` tokens, or after all."""
    found, order = [], []
    for rows, its in questions_of(split).alike():
        end = its.scored[-1] + 1
        first = 0 if n is None else end - n
        question = Questions(its.tokens[:, first:end], (end - 1 - first,), its.hops)
        found.append(model.logits(parameters, [question]).log_softmax(-1))
        order.append(torch.as_tensor(rows))
    return torch.cat(found)[torch.cat(order).argsort()]
