"""From HTML to a tree of bounded depth, whatever a stranger's page is: no network, no entities of
its own, and nothing lost to how deep elements are nested.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.entities import html5
from typing import Any

# Not for readers: programs, looks, and what browsers show elsewhere or never.
DROPPED = ("script", "style", "noscript", "template", "iframe", "object", "svg", "head")
# The parser gives up at 256, and what lays the tree out goes down it by recursion.
MAX_DEPTH = 200
# What begins a line of its own. Below the depth that is kept, all but the first few are one.
KEPT_BLOCKS = {"p", "pre", "li", "h1", "h2", "h3", "h4", "h5", "h6"}
BLOCKS = KEPT_BLOCKS | {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "main", "menu",
    "nav", "ol", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = ("name", "property", "http-equiv", "content", "style", "align", "valign", "value")
TAG_NAME = re.compile(r"[a-z][a-z0-9]*")
UNSETTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# A document type with declarations of its own, which a parser of HTML takes for text.
OWN_TYPE = re.compile(
    r"((?:\s|<\?xml[^>]*>|<!--.*?-->)*+<!DOCTYPE[^\[<>]*+)"
    r"\[((?:<!--.*?-->|\"[^\"]*\"|'[^']*'|[^\]\"'])*+)\]\s*>",
    re.IGNORECASE | re.DOTALL,
)
OWN_ENTITY = re.compile(r"<!ENTITY\s+([^\s%\"'<>&;]+)\s", re.IGNORECASE)


def tree_of(markup: str, warn: Callable[[str], None]) -> Any:
    """Parse HTML; None where there is no element in it.

    Bytes go in, since lxml refuses text that carries an encoding's name of its own.
    """
    from lxml import etree, html

    data = _without_own_entities(markup, warn).encode("utf-8")
    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        tree = html.document_fromstring(data, parser=parser)
    except etree.ParserError:
        tree = None
    return _flat_tree(data, warn) if _gave_up(parser) else tree


def _without_own_entities(markup: str, warn: Callable[[str], None]) -> str:
    """Leave out a page's own declarations, and what stands for them in the text.

    They could fetch other files or grow without bounds, so none is expanded.
    """
    found = OWN_TYPE.match(markup)
    if found is None:
        return markup
    markup = f"{found.group(1)}>{markup[found.end() :]}"
    own = {name for name in OWN_ENTITY.findall(found.group(2)) if f"{name};" not in html5}
    used = sorted(name for name in own if f"&{name};" in markup)
    if not used:
        return markup
    shown = ", ".join(f"&{name[:40]};" for name in used[:5]) + (", …" if used[5:] else "")
    warn(f"the page defines entities of its own; they are left out of the text: {shown}")
    return re.sub(r"&([^\s&;<>]+);", lambda at: "" if at.group(1) in own else at.group(), markup)


def _gave_up(parser: Any) -> bool:
    """Say whether the parser stopped at a limit of its own; what follows it is lost."""
    return any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)


def _flat_tree(data: bytes, warn: Callable[[str], None]) -> Any:
    """Parse what is too deep or too large for a tree made by the parser itself."""
    from lxml import etree

    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True,
        huge_tree=True, target=_Flattened(),
    )  # fmt: skip
    parser.feed(data)
    tree = parser.close()
    if _gave_up(parser):
        warn("the page goes beyond the limits of the HTML parser; its end is left out")
    return tree


class _Flattened:
    """Builds a tree from what a parser finds. Elements deeper than MAX_DEPTH become neighbours:
    blocks still begin lines, and what stands within a line only gives its text.
    """

    def __init__(self) -> None:
        self._open: list[Any] = []
        self._root: Any = None
        # Of the elements below the depth: whether each is a block.
        self._below: list[bool] = []
        # Where text goes: after an element, or else into this one.
        self._after: Any = None
        self._into: Any = None
        self._text: list[str] = []
        self._dropped = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        if len(self._open) < MAX_DEPTH and not self._below:
            self._into = self._element(
                self._open[-1] if self._open else self._root, tag, attributes
            )
            self._open.append(self._into)
        elif self._dropped or tag in DROPPED:
            self._dropped += 1
        else:
            self._below.append(tag in BLOCKS)
            if tag in BLOCKS:
                name = tag if tag in KEPT_BLOCKS else "div"
                self._into = self._element(self._open[-1], name, attributes)
            elif tag == "br":
                self._after = self._element(self._into, tag, {})

    def end(self, tag: str) -> None:
        """Close an element."""
        if self._dropped:
            self._dropped -= 1
        elif not self._below:
            self._write()
            if self._open:
                self._after = self._open.pop()
        elif self._below.pop():
            self._write()
            self._into = self._open[-1]
            self._after = self._into[-1]
            if self._after.tail:  # an outer block goes on behind an inner one: a line of its own
                self._after = self._element(self._into, "div", {})

    def data(self, text: str) -> None:
        """Take text in."""
        if not self._dropped:
            self._text.append(text)

    def close(self) -> Any:
        """Give the tree; None where there is no element in it."""
        self._write()
        return self._root

    def _element(self, parent: Any, tag: str, attributes: Mapping[str, str]) -> Any:
        """Make an element, the last of its parent."""
        from lxml import etree, html

        self._write()
        self._after = None
        name = tag if TAG_NAME.fullmatch(tag) else "span"
        kept = {
            key: UNSETTABLE.sub(" ", attributes[key] or "")
            for key in ATTRIBUTES
            if key in attributes
        }
        if parent is None:
            self._root = html.html_parser.makeelement(name, kept)
            return self._root
        return etree.SubElement(parent, name, kept)

    def _write(self) -> None:
        """Put the text where it goes."""
        text = UNSETTABLE.sub(" ", "".join(self._text))
        self._text.clear()
        if not text:
            return
        if self._after is not None:
            self._after.tail = (self._after.tail or "") + text
        elif self._into is not None:
            self._into.text = (self._into.text or "") + text
