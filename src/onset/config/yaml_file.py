"""YAML as data only: no objects, no code, no duplicate keys, no alias bombs.

Values are those of YAML 1.2's core schema, as far as all who read YAML agree on them (`scalars`).
"""

from __future__ import annotations

import re
import stat
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from onset.code.own_files import is_own
from onset.config.scalars import is_text, meant
from onset.config.yaml_words import in_our_words
from onset.settings import is_name

_DEEPEST = 40
_LARGEST = 2_000_000
"""bytes of a file, and characters of what it stands for once its aliases are written out"""

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""characters that no text has that people read"""
_UNSEEN = re.compile("[^\\S ]|[\u00ad\u200b-\u200f\u2060\ufeff]")
"""what looks like a space in a key, or like nothing, and makes it another key"""


class YamlError(Exception):
    """No YAML of ours.

    Args:
        message: what is wrong, in a line.
        line: where, from 1 on; None: as a whole.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.message = message


def misnamed(folder: Path) -> list[Path]:
    """YAML files that aren't read because they aren't called NAME.yaml: NAME.yml, Name.yaml."""
    return [
        path
        for path in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if is_own(path.name)
        and path.suffix.lower() in (".yml", ".yaml")
        and not (path.suffix == ".yaml" and is_name(path.stem))
    ]


class _Loader(yaml.BaseLoader):
    """Composes nodes, and refuses what they could do harm with."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._n_characters = 0
        """so far, aliases written out"""
        self._sizes: dict[str, int] = {}
        """of what stands behind each anchor, in characters"""
        self._open: list[str | None] = []
        """the anchors of the nodes around the one that is read; None of those that have none"""

    def compose_node(self, parent: Any, index: Any) -> yaml.Node:
        event = self.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self._open:
                raise YamlError(f"*{event.anchor} stands within what it repeats", line)
            self._n_characters += self._sizes.get(event.anchor, 0)
            if self._n_characters > _LARGEST:
                said = f"what aliases (*{event.anchor}) repeat comes to more than {_LARGEST} characters"
                raise YamlError(said, line)
            return super().compose_node(parent, index)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise YamlError(f"{tag}: tags aren't read; put text in quotes", line)
        if len(self._open) == _DEEPEST:
            raise YamlError(f"more than {_DEEPEST} nested brackets or levels", line)
        if event.anchor in self.anchors:
            first = self.anchors[event.anchor].start_mark.line + 1
            said = f"the anchor &{event.anchor} stands twice; the first is in line {first}"
            raise YamlError(said, line)
        before = self._n_characters
        self._n_characters += 1 + len(getattr(event, "value", ""))
        self._open.append(event.anchor)
        node = super().compose_node(parent, index)
        self._open.pop()
        if event.anchor:
            self._sizes[event.anchor] = self._n_characters - before
        return node


def load_yaml(text: str) -> Any:
    """What a text of YAML stands for: mappings, lists, text, numbers, true, false and None.

    Raises:
        YamlError: it isn't YAML, repeats a key, says a number that isn't clear, has a tag or a merge key,
            too much that aliases repeat, too many brackets, or characters that aren't text.
    """
    if strange := _NO_TEXT.search(text):
        raise YamlError(_said_of(strange[0]), text.count("\n", 0, strange.start()) + 1)
    node = _composed(text)
    return None if node is None else _value(node)


@lru_cache(64)
def _composed(text: str) -> yaml.Node | None:
    """Read once: who changes one file of a config and reads it all again waits for that file alone."""
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise YamlError(*in_our_words(error, text)) from None
    except yaml.YAMLError as error:
        raise YamlError(" ".join(str(error).split())) from None
    finally:
        loader.dispose()


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        YamlError: there is no such file, it can't be read, it holds no mapping, or it is no YAML.
    """
    content = load_yaml(_text(path))
    if content is None:
        raise YamlError("it is empty; expected keys and values")
    if not isinstance(content, dict):
        raise YamlError("expected keys and values")
    return content


def reread(value: Any) -> Any:
    """What others have read, as we would have: for PyYAML 1e-3 is text. What isn't clear stays text."""
    if isinstance(value, dict):
        return {key: reread(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reread(item) for item in value]
    try:
        return meant(value) if isinstance(value, str) and value else value
    except ValueError:
        return value


def _text(path: Path) -> str:
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise YamlError("it is a folder; expected a file")
        if not stat.S_ISREG(about.st_mode):
            raise YamlError("it is a pipe or a device; expected a file")
        if about.st_size > _LARGEST:
            raise YamlError(f"it has {about.st_size} bytes; the most is {_LARGEST}")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        link = "it is a link that leads nowhere" if path.is_symlink() else "there is no such file"
        raise YamlError(link) from None
    except UnicodeDecodeError:
        raise YamlError("it isn't UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise YamlError(f"it can't be read: {getattr(error, 'strerror', error)}") from None


def _value(node: yaml.Node) -> Any:
    match node:
        case yaml.MappingNode():
            return _mapping(node)
        case yaml.SequenceNode():
            return [_value(item) for item in node.value]
    line = node.start_mark.line + 1
    if node.style is not None:
        if strange := _NO_TEXT.search(node.value):
            raise YamlError(_said_of(strange[0]), line)
        return node.value
    try:
        return meant(node.value)
    except ValueError as error:
        raise YamlError(str(error), line) from None


def _mapping(node: yaml.MappingNode) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise YamlError("a key must be text, and here is a list or a mapping", line)
        key, plain = key_node.value, key_node.style is None
        if plain and key == "<<":
            raise YamlError("<<: merge keys aren't read; write the keys out", line)
        if plain and not is_text(key):
            key = key or "null"
            raise YamlError(f'the key {key} must be text: write "{key}", in quotes', line)
        if strange := _NO_TEXT.search(key):
            raise YamlError(_said_of(strange[0]), line)
        if unseen := _UNSEEN.search(key):
            shown = " ".join(_UNSEEN.sub(" ", key).split())
            said = f"the key {shown} has U+{ord(unseen[0]):04X} in it or before it; write spaces"
            raise YamlError(said, line)
        if key in mapping:
            raise YamlError(f"the key {key} stands twice", line)
        if plain and ":" in key and value_node.end_mark.index <= key_node.end_mark.index:
            raise YamlError(f"{key}: behind the colon a blank is missing", line)
        mapping[key] = _value(value_node)
    return mapping


def _said_of(character: str) -> str:
    return f"the character U+{ord(character):04X} can't stand in text"
