"""A row of what is collected: of a neuron, or of a null of a layer."""

from __future__ import annotations

from typing import NamedTuple

TRAINED = "trained"
NULLS = ("untrained", "random", "shuffled")
"""neurons before training; neurons that read random directions; descriptions of other places"""


class Row(NamedTuple):
    """All that is known of a neuron; of a null, which stands for many, the first and last columns."""

    source: str
    """`trained`, or the null"""
    layer: int
    """block application, from 0"""
    neuron: int | None = None
    density: float | None = None
    """share of the places at which it is above zero"""
    active: float | None = None
    """share at which it is above its threshold"""
    threshold: float | None = None
    """half of the largest value on the half for choosing"""
    kind: str | None = None
    description: str | None = None
    facts: list[str] | None = None
    """of the description, and their values: a token's number, a position, …"""
    values: list[int] | None = None
    precision: float | None = None
    recall: float | None = None
    cleanliness: float | None = None
    n_named: int | None = None
    """places of the half for scoring that the description names"""
    n_missed: int | None = None
    """of these, where the neuron isn't active: false positives of the description"""
    n_unexplained: int | None = None
    """places of that half where it is active and the description doesn't say so: false negatives"""
    loss: float | None = None
    """of the model with all its neurons, on what it is asked without each"""
    added: float | None = None
    """by which the loss rises without the neuron"""
    added_named: float | None = None
    """the same at the places that the description names"""
    strength: float | None = None
    right: float | None = None
    congruence: float | None = None
    congruence_null: float | None = None
    """as in `writing`"""
    promotes: str | None = None
    suppresses: str | None = None
    """the tokens that it raises and lowers most"""
    formed_after: float | None = None
    formed: float | None = None
    formed_before: float | None = None
    sharpness: float | None = None
    """as in `forming`"""
    loss_formed: float | None = None
    loss_sharpness: float | None = None
    """the same of the training's loss"""
    top: str | None = None
    """where it is most active, a place per line: its value, a tab, the text"""
    # Of those neurons alone that are looked at more closely.
    missed: str | None = None
    unexplained: str | None = None
    """counterexamples: named and not active, active and not named"""
    splits: list[str] | None = None
    """that some place of the half for scoring is of"""
    n_named_of: list[int] | None = None
    n_active_of: list[int] | None = None
    n_both_of: list[int] | None = None
    """places of each split that the description names, where the neuron is active, and both"""
    one_alone: list[float] | None = None
    """of a description by two terms: where one holds and not the other, the share that is active"""
    edges: list[float] | None = None
    """of a histogram of its values"""
    n_in_bins: list[int] | None = None
    n_in_bins_named: list[int] | None = None
    """all places, and those that the description names"""
    tokens: list[str] | None = None
    logits: list[float] | None = None
    """what it raises and lowers, without the final norm's scale"""
    steps: list[int] | None = None
    followed: list[float] | None = None
    """cleanliness of its description at checkpoints"""
    losses: list[float] | None = None
    """the training's at the same steps"""
    # Of a null.
    cleanlinesses: list[float] | None = None
    kinds: list[str] | None = None
