"""Can a listener's false belief be exchanged without exchanging what is so, and the other way round?

The mean state of another place minus that of the believed (or true) one, each taken at the same place of a
reply over turns with a false belief, is added there. A reply to `where` names the true place, and then puts
the believed one right: if the two are represented apart, the one answer changes and the other stays. Beside
it a random direction of the same norm.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Int

from onset.analyses.listeners.steered import Steered, as_long
from onset.measures.listeners.turns import FITTED, places_said, turns_of
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset
from onset.tasks.language.dialogues import CONTRAST, PLACE, REPLIED

NEEDS = ("place", "believed", "asks_where", "neurons", "midway")
SPLITS = ("train", "test", "composed")
QUANTITIES = {
    "place_follows_*": {
        "kind": "share",
        "label": "where: the new place is named as the true one: *",
    },
    "place_stays_*": {"kind": "share", "label": "where: the true place is named: *"},
    "belief_follows_*": {"kind": "share", "label": "where: the new place is put right: *"},
    "belief_stays_*": {"kind": "share", "label": "where: the believed place is put right: *"},
    "sought_follows_*": {"kind": "share", "label": "seek: the new place is named: *"},
    "sought_stays_*": {"kind": "share", "label": "seek: the believed place is named: *"},
}

_DOSES = (0, 1, 2, 4)  # halves of the difference
_FEWEST = 5  # turns


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`), from 1, and dose (`component`), in halves of the
    difference; measured on `train`, steered in the turns of `test` with a false belief, to a place that is
    neither true nor believed. WHAT is exchanged is the `belief`, the `truth`, or a `random` direction as
    long as that of the belief is added:

    * `place_follows_WHAT`, `place_stays_WHAT`: of the replies to `where`, those that name the new place,
      or the true one, as the place where the thing is;
    * `belief_follows_WHAT`, `belief_stays_WHAT`: those that put the new place right, or the believed one;
    * `sought_follows_WHAT`, `sought_stays_WHAT`: of the replies to `seek`, those that name the new place,
      or the believed one.

    Nothing in a world with fewer than three places, or of questions that come fewer than five times.
    """
    n_places = len(dataset.names["place"])
    if n_places < 3:
        return
    its = Steered(model, parameters, dataset)
    rng = np.random.Generator(np.random.Philox(seed))
    n_fitted = its.states[FITTED].shape[1]
    of_train = {
        fact: turns_of(dataset.splits[FITTED], fact, n_fitted) for fact in ("place", "believed")
    }
    false = of_train["place"] != of_train["believed"]
    labels = {fact: np.where(false, values, -1) for fact, values in of_train.items()}
    true, believed, where = (
        turns_of(its.split, fact, its.n) for fact in ("place", "believed", "asks_where")
    )
    new = _another(true, believed, n_places)
    asked = {"where": where & (true != believed), "seek": ~where & (true != believed)}
    steered = torch.from_numpy(true != believed)[..., None, None]
    for layer in range(1, its.n_applications + 1):
        moves = {}
        for what, fact, own in (("belief", "believed", believed), ("truth", "place", true)):
            at_places = []
            for place in REPLIED:
                means = its.means(labels[fact], layer, place, n_places)
                at_places.append(means[torch.from_numpy(new)] - means[torch.from_numpy(own)])
            moves[what] = torch.stack(at_places, 2) * steered
        moves["random"] = as_long(moves["belief"], rng)
        for what, added in moves.items():
            for dose in _DOSES:
                said = its.says(layer, dose / 2 * added).argmax(-1).numpy()
                first, last = (
                    places_said(said[:, :, REPLIED.index(place - 1)], dataset)
                    for place in (PLACE, CONTRAST)
                )
                for named, question, answer, own in (
                    ("place", "where", first, true),
                    ("belief", "where", last, believed),
                    ("sought", "seek", first, believed),
                ):
                    of = asked[question]
                    if (n := int(of.sum())) < _FEWEST:
                        continue
                    at = {"split": "test", "layer": layer, "component": dose, "n_examples": n}
                    follows, stays = (float((answer == place)[of].mean()) for place in (new, own))
                    yield Measurement(f"{named}_follows_{what}", follows, **at)
                    yield Measurement(f"{named}_stays_{what}", stays, **at)


def _another(
    one: Int[np.ndarray, "n turns"], other: Int[np.ndarray, "n turns"], n_places: int
) -> Int[np.ndarray, "n turns"]:
    """The next place that is neither."""
    found = (one + 1) % n_places
    return np.where(found == other, (one + 2) % n_places, found)
