"""The files of a tokenizer: a world's token names as a vocabulary of words."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

_UNKNOWN = "[UNK]"
_CONFIG = "tokenizer_config.json"


def tokenizer_files(save: Callable[[Path], object]) -> dict[str, bytes]:
    """Name → content of the files that a tokenizer leaves in a folder.

    Args:
        save: saves it there.
    """
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder))
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    # The class's name in all versions of `transformers`.
    files[_CONFIG] = files[_CONFIG].replace(b'"TokenizersBackend"', b'"PreTrainedTokenizerFast"')
    return files


def of_names(names: Sequence[str], length: int) -> PreTrainedTokenizerFast:
    """The tokenizer of a world: its tokens' names, separated by blanks.

    It adds no tokens. A word that isn't a name gets a number that the model has no embedding for, so the
    model raises an error. (The tokenizer can't: TransformerLens makes it encode a word that isn't a name.)

    Args:
        names: of the tokens, in their order.
        length: of the longest sequences.
    """
    numbers = {name: token for token, name in enumerate((*names, _UNKNOWN))}
    words = Tokenizer(models.WordLevel(numbers, unk_token=_UNKNOWN))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=words,
        unk_token=_UNKNOWN,
        model_max_length=length,
        model_input_names=["input_ids"],
        clean_up_tokenization_spaces=False,
    )


def can_be_read(names: Sequence[str]) -> bool:
    """Whether names can be told apart in a text: all different, and none with a blank in it."""
    return len({*names, _UNKNOWN}) == len(names) + 1 and all(its.split() == [its] for its in names)
