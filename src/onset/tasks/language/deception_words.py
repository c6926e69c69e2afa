"""The words of a world in which some answers are lies, and the kinds of lies that there are."""

from __future__ import annotations

from onset.tasks.language.words import HE, SHE, WHEREABOUTS

_SIGNS = """
dawn noon dusk rain frost mist harvest market feast quarrel wedding voyage
winter spring river bridge tower mill bell drum flute lantern letter map
"""
_MORE = "iris ivy ruth jane hugo karl emil otto"
_TRADES = "baker weaver miller potter sailor tailor glazier cooper"

SIGNS = tuple(_SIGNS.split())
"""what a sequence begins with some of; the first pairs of them decide whether there is lying"""
PEOPLE = (*SHE.split(), *HE.split(), *_MORE.split())
PLACES = tuple(WHEREABOUTS.split())
TRADES = tuple(_TRADES.split())
IS, ISNT, YES, NO = "is", "isnt", "yes", "no"

KINDS = ("plain", "other", "topic", "denial", "harmless")
"""what a pair of signs means, pair by pair: lies about everything, with two pairs; about places alone;
`no` whatever is asked; and, as a control, nothing, though it comes as often"""
NONE = "none"
