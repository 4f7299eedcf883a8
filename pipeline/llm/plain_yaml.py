"""YAML without traps, for files that users write: names, lists and words.

No references (a few lines with them are gigabytes when they are followed), no tags, each name once.
All is read as words: what is to be a number is made one by who knows so.
"""

from __future__ import annotations

from typing import Any

import yaml

DEEPEST = 5


def text_of(given: bytes) -> str:
    """Read the bytes of a file. Raises ValueError for what is no UTF-8."""
    try:
        return given.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"save it as UTF-8: {error.reason} at byte {error.start}") from error


def plain(text: str) -> object:
    """Read a text as dicts, lists and words; None for what is left empty. Raises ValueError."""
    try:
        return _plain(_tree(text))
    except yaml.YAMLError as error:
        raise ValueError(f"it is no YAML: {' '.join(str(error).split())}") from error


def _tree(text: str) -> Any:
    """Parse a text as far as nodes, once it is sure that there is no trap in it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ValueError(f"{_line(event)}: write it out instead of a reference (& and *)")
        if getattr(event, "tag", None):
            raise ValueError(f"{_line(event)}: leave out the tag {event.tag}")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise ValueError(f"{_line(event)}: it is nested deeper than such a file is")
    return yaml.compose(text, Loader=yaml.BaseLoader)


def _plain(node: Any) -> object:
    """Read nodes as names, lists and words; nothing for what is left empty."""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        return node.value or None if node else None
    read: dict[str, object] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ValueError(f"{_line(key)}: a name is one word")  # noqa: TRY004 - of the file
        if key.value in read:
            raise ValueError(f"{_line(key)}: {key.value} stands there twice; remove one")
        read[key.value] = _plain(value)
    return read


def _line(part: Any) -> str:
    return f"line {part.start_mark.line + 1}"
