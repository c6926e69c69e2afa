"""The neurons of one run: at its last checkpoint, how they formed, and nulls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.collections.neurons import contexts
from onset.collections.neurons.ablation import lost_without, over_places
from onset.collections.neurons.activity import Opened
from onset.collections.neurons.closer import closer, worth_it
from onset.collections.neurons.descriptions import describe, shuffled, thresholds
from onset.collections.neurons.facts import Terms, facts_of, in_words, kind_of
from onset.collections.neurons.forming import UNFORMED, Training, formed
from onset.collections.neurons.kinds import is_clean, kind
from onset.collections.neurons.layer import Layer
from onset.collections.neurons.rows import TRAINED, Row
from onset.collections.neurons.shown import shown
from onset.collections.neurons.writing import answering, direct, strongest, written
from onset.collections.subject import Subject

MOST_OF_A_NULL = 128
"""neurons of a layer"""


def look(subject: Subject) -> Iterator[dict[str, Any]]:
    """A row per neuron of each block application at the end of training, and a row per layer and null."""
    seen = shown(subject.model, subject.dataset, subject.trained_on, subject.seed)
    facts = facts_of(seen)
    last = Opened.of(subject.model, subject.parameters(), seen)
    first = None
    if subject.from_scratch:
        first = Opened.of(subject.model, subject.parameters(subject.steps[0]), seen)
    training = Training(subject, seen)
    for number in range(last.n_layers):
        layer = Layer.of(seen, facts, number)
        yield from (its._asdict() for its in neurons_of(layer, last, training))
        yield from (its._asdict() for its in nulls_of(layer, last, first, subject.seed))


def neurons_of(layer: Layer, last: Opened, training: Training) -> Iterator[Row]:
    """A row per neuron."""
    of_groups = last.neurons(layer.number)
    values = last.at_places(of_groups, layer.number).cpu()
    active, numbers = layer.active(values), values.numpy()
    found = describe(active, layer.terms, layer.other_half)
    lost = over_places(lost_without(last, layer.number, of_groups), layer.places, found.named)
    logits, names = direct(last, layer.number), layer.seen.names
    said = written(logits, values, active, found.named, answering(last, layer.number))
    half = layer.other_half
    judged = {"named": found.named[:, half], "active": active[:, half]}
    columns = {
        "density": (values > 0).float().mean(0),
        "active": active.float().mean(1),
        "threshold": thresholds(values, layer.other_half),
        "precision": found.precision,
        "recall": found.recall,
        "cleanliness": found.cleanliness,
        "n_named": judged["named"].sum(1),
        "n_missed": (judged["named"] & ~judged["active"]).sum(1),
        "n_unexplained": (judged["active"] & ~judged["named"]).sum(1),
        "added": lost.added,
        "added_named": lost.added_named,
        "strength": said.strength,
        "right": said.right,
        "congruence": said.congruence,
        "congruence_null": said.congruence_null,
    }
    lists = {name: its.tolist() for name, its in columns.items()}
    close = worth_it(found, lost.added)
    clean = np.flatnonzero(is_clean(lists["cleanliness"]))
    chosen = np.union1d(clean, np.array(close, np.int64))
    curves = training.followed(layer, chosen, found.named[torch.from_numpy(chosen)])
    top, text = contexts.top(numbers), contexts.texts_of(layer.seen)
    tokens, silent = strongest(logits, names.vocabulary), ~active.any(1)
    for neuron, terms in enumerate(found.terms):
        of_neuron, curve = numbers[:, neuron], curves.get(neuron)
        times = UNFORMED if curve is None else formed(training.steps, curve)
        row = Row(
            source=TRAINED,
            layer=layer.number,
            neuron=neuron,
            **{name: its[neuron] for name, its in lists.items()},
            kind=kind(kind_of(terms), lists["cleanliness"][neuron], bool(silent[neuron])),
            description=in_words(terms, names),
            facts=[its.fact for its in terms] or None,
            values=[its.value for its in terms] or None,
            loss=lost.loss,
            promotes=" ".join(tokens[neuron].raised),
            suppresses=" ".join(tokens[neuron].lowered),
            formed_after=times.after,
            formed=times.at,
            formed_before=times.before,
            sharpness=times.sharpness,
            loss_formed=training.loss_formed.at,
            loss_sharpness=training.loss_formed.sharpness,
            top=contexts.listed(top[:, neuron], of_neuron, layer.places, text),
        )
        if neuron in close:
            named = found.named[neuron].numpy()
            row = row._replace(
                **closer(layer, terms, of_neuron, active[neuron].numpy(), named, text),
                tokens=[*tokens[neuron].raised, *tokens[neuron].lowered],
                logits=[*tokens[neuron].by, *tokens[neuron].down],
                steps=training.steps,
                followed=curves[neuron].round(4).tolist(),
                losses=training.losses.round(5).tolist(),
            )
        yield row


def nulls_of(layer: Layer, last: Opened, first: Opened | None, seed: int) -> Iterator[Row]:
    """A row per null: how clean the best descriptions of some neurons are that should have none.

    Args:
        layer: whose places and terms are those of the trained neurons.
        last: the checkpoint that training led to.
        first: the one that it began with, if its parameters were drawn at random.
        seed: of the run.
    """
    of_random = last.in_random_directions(layer.number, seed)
    kinds = {
        "random": (layer.values(of_random), layer.terms),
        "shuffled": (layer.values(last), shuffled(layer.terms, layer.other_half, seed)),
    }
    if first is not None:
        kinds = {"untrained": (layer.values(first), layer.terms), **kinds}
    for source, (values, terms) in kinds.items():
        yield _of_null(layer, source, values, terms)


def _of_null(
    layer: Layer, source: str, values: Float[Tensor, "places neurons"], terms: Terms
) -> Row:
    active = layer.active(values[:, :MOST_OF_A_NULL])
    found = describe(active, terms, layer.other_half)
    cleanliness = found.cleanliness.tolist()
    kinds = [
        kind(kind_of(its), clean, silent=not its_active)
        for its, clean, its_active in zip(
            found.terms, cleanliness, active.any(1).tolist(), strict=True
        )
    ]
    return Row(source, layer.number, cleanlinesses=cleanliness, kinds=kinds)
