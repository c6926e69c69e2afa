"""YAML, read safely: no objects, no key twice, no bombs of aliases, and 1e-3 is a number."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

_MOST_ALIASES = 20
# YAML 1.1, which PyYAML speaks, takes 1e-3 for text. People don't.
_FLOAT = re.compile(r"^[-+]?(\d[\d_]*)(\.[\d_]*)?[eE][-+]?\d+$")


class YamlError(Exception):
    """A file that is no YAML of ours."""


class _Loader(yaml.SafeLoader):
    n_aliases = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            self.n_aliases += 1
            if self.n_aliases > _MOST_ALIASES:
                raise YamlError(f"more than {_MOST_ALIASES} aliases (*name)")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise YamlError(
                    f"line {key_node.start_mark.line + 1}: the key {key!r} must be text"
                )
            if key in seen:
                raise YamlError(f"line {key_node.start_mark.line + 1}: the key {key} stands twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789"))


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises:
        YamlError: it isn't YAML, isn't a mapping, repeats a key, or holds too many aliases.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506, a safe one
    except FileNotFoundError:
        raise YamlError("there is no such file") from None
    except UnicodeDecodeError as error:
        raise YamlError("it isn't UTF-8 text") from error
    except yaml.YAMLError as error:
        raise YamlError(" ".join(str(error).split())) from error
    if not isinstance(content, dict):
        raise YamlError("expected keys and values")
    return content


def reread(value: Any) -> Any:
    """What Snakemake has read, as we would have: for it 1e-3 is text, and so is all of `--config`."""
    if isinstance(value, dict):
        return {key: reread(item) for key, item in value.items()}
    if isinstance(value, list):
        return [reread(item) for item in value]
    if not isinstance(value, str) or not value:
        return value
    loader = _Loader("")
    tag = loader.resolve(yaml.ScalarNode, value, (True, False))
    plain = tag.rpartition(":")[2] in ("bool", "float", "int", "null")
    return loader.construct_object(yaml.ScalarNode(tag, value)) if plain else value
