"""A text that people wrote is cut up and held out as it should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks.dataset import VALIDATION, TaskSettings
from onset.tasks.language.book import Settings, generate, paragraphs

TALE = Path(__file__).parents[1] / "tale.txt"
SMALL_WORLDS = [
    {"text": str(TALE), "n_tokens": 80, "length": 8, "n_test": 8},
    {"text": str(TALE), "n_tokens": 60, "length": 6, "n_test": 4},
]
SETTINGS = Settings(name="book", **SMALL_WORLDS[0])
WORLD = generate(SETTINGS, 0)
TEST = WORLD.splits["test"]


def text_of(tokens: np.ndarray) -> str:
    return "".join(WORLD.vocabulary[token] for token in tokens.ravel()).replace("▁", " ").strip()


def test_settings_tell_of_the_dataset():
    assert isinstance(SETTINGS, TaskSettings)
    assert tuple(WORLD.splits) == SETTINGS.splits
    assert WORLD.n_tokens == SETTINGS.n_tokens
    assert len(set(WORLD.vocabulary)) == 80
    for name, split in WORLD.splits.items():
        assert split.tokens.shape[1] == 8
        assert set(split.truth) == set(SETTINGS.truth)
        assert name == "train" or 1 <= len(split) <= 8


def test_prose_is_kept_and_headings_code_and_repetitions_are_not():
    its = paragraphs(str(TALE))
    assert len(its) == len(set(its))
    assert not any("CHAPTER" in one or "==" in one for one in its)
    assert TALE.read_text().count("The lamp was old") == 2
    assert sum("The lamp was old" in one for one in its) == 1


def test_what_is_held_out_is_trained_nowhere():
    trained = text_of(WORLD.splits["train"].tokens)
    for one in paragraphs(str(TALE)):
        # Rows are cut off at the end of a split.
        words = " ".join(one.split()[:5])
        assert (words in trained) + (words in text_of(TEST.tokens)) <= 1
    held_out = [
        text_of(row) for name in ("test", f"test{VALIDATION}") for row in WORLD.splits[name].tokens
    ]
    assert not any(row in trained for row in held_out)


def test_frequent_words_are_whole_and_begin_with_their_blank():
    assert {"▁the", "▁and"} <= set(WORLD.vocabulary)
    assert "." in WORLD.vocabulary
    assert not any(len(its) > 1 and its.endswith((".", ",", "▁")) for its in WORLD.vocabulary)


def test_tokens_make_up_the_text_again():
    first = paragraphs(str(TALE))
    said = text_of(WORLD.splits["train"].tokens)
    assert sum(one[:30] in said for one in first) > len(first) / 2


def test_the_stream_is_of_what_is_trained():
    drawn = WORLD.streams["fresh"](50, np.random.default_rng(0))
    trained = WORLD.splits["train"].tokens.ravel()
    windows = {its.tobytes() for its in np.lib.stride_tricks.sliding_window_view(trained, 8)}
    assert all(row.astype(trained.dtype).tobytes() in windows for row in drawn.tokens)
    assert len({row.tobytes() for row in drawn.tokens}) > 30


def test_models_that_count_know_their_own_text_best():
    trained = WORLD.splits["train"].truth
    assert trained["trigram"][:, 2:].mean() < trained["bigram"][:, 2:].mean()
    assert trained["bigram"][:, 1:].mean() < trained["unigram"][:, 1:].mean()
    assert trained["trigram"][:, 2:].mean() < TEST.truth["trigram"][:, 2:].mean()


def test_another_seed_holds_out_something_else_in_the_same_tokens():
    other = generate(SETTINGS, 1)
    assert other.vocabulary == WORLD.vocabulary
    assert text_of(other.splits["test"].tokens) != text_of(TEST.tokens)
    again = generate(SETTINGS, 0)
    assert (again.splits["train"].tokens == WORLD.splits["train"].tokens).all()


def test_every_python_has_a_text():
    its = paragraphs(None)
    assert len(its) > 500
    assert Settings(name="book").checksum != SETTINGS.checksum


@pytest.mark.parametrize("text", ["nowhere.txt", "", "."])
def test_a_file_that_is_missing_is_named(text):
    with pytest.raises(ValidationError, match=r"no file|at least 1"):
        Settings(name="book", text=text)


def test_a_file_that_has_changed_is_noticed(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("Once upon a time there was a text that nobody read.\n" * 3)
    before = Settings(name="book", text=str(text), n_tokens=32)
    paragraphs.cache_clear()
    text.write_text("Once upon a time there was another text that nobody read.\n" * 3)
    assert Settings(name="book", text=str(text), n_tokens=32).checksum != before.checksum
    with pytest.raises(ValueError, match="has changed"):
        generate(before, 0)


def test_a_text_that_is_too_short(tmp_path):
    text = tmp_path / "short.txt"
    text.write_text("This is a sentence of some eight or nine words.")
    with pytest.raises(ValueError, match="no more than"):
        generate(Settings(name="book", text=str(text), n_tokens=500), 0)
    with pytest.raises(ValueError, match="too short for rows"):
        generate(Settings(name="book", text=str(text), n_tokens=32), 0)
    text.write_text("import this")
    paragraphs.cache_clear()
    with pytest.raises(ValidationError, match="no paragraph of prose"):
        Settings(name="book", text=str(text))
