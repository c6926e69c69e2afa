"""The words of dialogues: what each kind of person tends to say, and what suits them.

Nobody is recognised for certain: each word of an attribute is said by everybody, by some more often.
"""

from __future__ import annotations

from onset.tasks.language.words import THINGS, WHEREABOUTS

SIGNS = {
    "age": {"child": "wow yay", "adult": "well anyway", "elder": "goodness alas"},
    "dialect": {"northern": "aye nowt", "southern": "yeah nothing"},
    "knowledge": {"novice": "thingy stuff", "expert": "device mechanism"},
    "pet": {"cat": "purring whiskers", "dog": "barking leash"},
    "mood": {"calm": "fine okay", "sad": "sigh sob", "angry": "ugh grr"},
}
"""attribute → its values → words that tend to show them"""
ATTRIBUTES = tuple(SIGNS)
VALUES = {attribute: tuple(its) for attribute, its in SIGNS.items()}
STYLE = {
    "age": "buddy friend madam",
    "dialect": "wee little",
    "mood": "sure sorry easy",
}
"""attribute → the word of a reply that suits each of its values"""
MATTERS = (*STYLE, "knowledge")
"""the attributes that replies depend on; a pet is none of them"""
PLAIN = tuple(WHEREABOUTS.split())
EXACT = ("attic", "cellar", "garden", "parlour", "porch", "harbour", "tunnel", "loft")
"""places by the names that suit a novice, and an expert"""
THINGS_THERE = tuple(THINGS.split())
LOOK, MEANWHILE, WHERE, SEEK, REPLY, AGAIN, NOTHING = (
    "look", "meanwhile", "where", "seek", ":", "again", ".",
)  # fmt: skip
