"""The words of stories with riddles, and their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from onset.tasks.language.riddle_kinds import vocabulary
from onset.tasks.language.sentences import grammar_of


@lru_cache(maxsize=8)
def vocabulary_of(n_topics: int, n_names: int) -> tuple[str, ...]:
    """Those of the stories first."""
    return tuple(dict.fromkeys([*grammar_of(n_topics).vocabulary, *vocabulary(n_names)]))


@lru_cache(maxsize=8)
def tokens_of(n_topics: int, n_names: int) -> Mapping[str, int]:
    """The number of each word."""
    return {word: token for token, word in enumerate(vocabulary_of(n_topics, n_names))}
