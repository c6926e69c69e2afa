"""The sentences of the stories: frames by pattern, and the grammar that they and the words make.

A frame is words as they stand, and in braces:

    {makes} {goes}       verbs with an object, or without, said of one; {make} {go}: of several
    {name} {surname}     somebody of the story; a second {name} is somebody else
    {thing} {whereabouts}
                         one of the story's things, and where it is; if that doesn't follow at once, the
                         thing is one that the story has told about already
    {song}               the story's song, several syllables
    {he}                 she or he: who comes first in this sentence, or else the last subject
    {object} {room} {adjective} {adverb} {people} {feeling}

`a` becomes `an` before a vowel. A frame that begins with {he} or `they` comes only where there is a subject
that this can stand for.
"""

from __future__ import annotations

from functools import lru_cache

from onset.tasks.language import words
from onset.tasks.language.grammar import Grammar, compiled
from onset.tasks.language.lexicon import Language

PATTERNS = {
    "statement": (
        "{name} {surname} {goes} near the {thing} {whereabouts} .",
        "{name} {surname} {makes} the {object} .",
        "{name} {surname} {makes} a {adjective} {object} .",
        "{he} {makes} a {object} in the {room} .",
        "the {people} {make} the {object} near {name} {surname} .",
        "they {go} in the {room} .",
    ),
    "search": (
        "{name} {surname} has the {thing} {whereabouts} .",
        "{he} looks for the {thing} {whereabouts} .",
        "they look for {name} {surname} .",
        "who has the {thing} {whereabouts} ?",
    ),
    "dialogue": (
        "{name} {surname} asks {name} {surname} for the {thing} {whereabouts} .",
        "{name} {surname} says : the {thing} is {whereabouts} !",
        "{he} says : the {thing} is {whereabouts} !",
        "they say : the {thing} is {whereabouts} !",
    ),
    "feeling": (
        "{name} {surname} is {feeling} because {he} {goes} {adverb} .",
        "{name} {surname} is {feeling} because the {thing} is {whereabouts} .",
        "they are {feeling} because the {thing} is {whereabouts} .",
        "the {thing} {whereabouts} is {adjective} .",
    ),
    "song": (
        "{name} {surname} sings : {song} !",
        "they sing : {song} !",
        "{song} !",
    ),
    "conjunction": (
        "{name} {surname} and {name} {surname} {make} the {object} .",
        "{name} {surname} and {name} {surname} {go} {adverb} .",
        "{name} {surname} {makes} the {object} and has the {thing} {whereabouts} .",
    ),
}
LEANINGS = {
    "statement": ("weather", "gardening"),
    "search": ("searching", "travelling"),
    "dialogue": ("searching", "eating"),
    "feeling": ("sleeping", "weather"),
    "conjunction": ("playing", "music"),
}
"""pattern → topics in which it is more frequent"""
LITERALS = {
    "determiner": "the",
    "article": "a an",
    "preposition": "in for near",
    "connective": "and because",
    "copula": "is are",
    "saying": "looks look says say asks has sings sing",
    "pronoun": "she he they",
    "question": "who",
    "mark": ". ! ? :",
}
"""slot → the words that stand in frames as they are"""

_SONG_LENGTH = 6


@lru_cache
def grammar_of(n_topics: int) -> Grammar:
    """Of stories about so many topics, the first ones."""
    return compiled(
        Language(
            topics=dict(list(words.TOPICS.items())[:n_topics]),
            common=words.COMMON,
            names={"she": words.SHE, "he": words.HE},
            surnames=words.SURNAMES,
            things=words.THINGS,
            whereabouts=words.WHEREABOUTS,
            syllables=words.SYLLABLES,
            song_length=_SONG_LENGTH,
            literals=LITERALS,
            patterns=PATTERNS,
            leanings=LEANINGS,
        )
    )
