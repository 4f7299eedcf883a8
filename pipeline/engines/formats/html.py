"""HTML as the text a reader sees, laid out by inscriptis. Nothing it refers to is ever fetched."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pipeline.documents import Metadata, Pages
from pipeline.engines.formats.draft import Job, clean, one_page, told
from pipeline.engines.formats.html_tree import DROPPED, UNSETTABLE, tree_of
from pipeline.engines.formats.text import read_decoded

CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE
)
# Where browsers look for it.
HEAD_BYTES = 4_096
AUTHORS = ("author", "dc.creator", "article:author", "citation_author")
CREATED = ("article:published_time", "dc.date", "dcterms.created", "date", "citation_date")
MODIFIED = ("article:modified_time", "dcterms.modified", "last-modified")


def read_html(job: Job) -> Pages:
    """Read a page of HTML: its visible text; title, author and dates from its head."""
    with job.path.open("rb") as file:
        declared = declared_charset(file.read(HEAD_BYTES))
    markup = read_decoded(job, declared)
    tree = tree_of(markup, job.warn)
    if tree is None:
        return one_page(job, "")
    metadata = _metadata(tree)
    return one_page(job, _visible(tree), metadata)


def declared_charset(head: bytes) -> str | None:
    """Read which encoding a page says it is in."""
    found = CHARSET.search(head[:HEAD_BYTES])
    return found.group(1).decode("ascii") if found else None


def text_of(markup: str, warn: Callable[[str], None] = lambda _: None) -> str:
    """Turn HTML into text (the body of a mail that has no plain one)."""
    tree = tree_of(clean(markup), warn)
    return "" if tree is None else _visible(tree)


def _visible(tree: Any) -> str:
    """Lay the tree out as text."""
    from inscriptis.html_engine import Inscriptis
    from inscriptis.model.config import ParserConfig

    for name in DROPPED:
        for element in list(tree.iter(name)):
            if element is not tree:
                _drop(element)
    # The links of a menu are no sentence: each on a line of its own.
    for menu in tree.iter("nav"):
        for link in menu.iter("a"):
            link.tag = "div"
    text = Inscriptis(tree, ParserConfig(display_links=False, display_images=False)).get_text()
    lines = (line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _drop(element: Any) -> None:
    """Take an element out of its tree; the text behind it stays.

    lxml joins that text to what is before, and refuses signs there that it has read itself.
    """
    before, parent = element.getprevious(), element.getparent()
    if before is not None:
        before.tail = UNSETTABLE.sub(" ", before.tail or "") or None
    elif parent is not None:
        parent.text = UNSETTABLE.sub(" ", parent.text or "") or None
    element.tail = UNSETTABLE.sub(" ", element.tail or "") or None
    element.drop_tree()


def _metadata(tree: Any) -> Metadata:
    """Read title, author and dates."""
    found: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = (meta.get("name") or meta.get("property") or meta.get("http-equiv") or "").lower()
        content = told(meta.get("content"))
        if name and content:
            found.setdefault(name, content)
    title = tree.find(".//title")
    return Metadata(
        title=told(title.text_content() if title is not None else None) or found.get("og:title"),
        author=_first(found, AUTHORS),
        created=_first(found, CREATED),
        modified=_first(found, MODIFIED),
    )


def _first(found: dict[str, str], names: tuple[str, ...]) -> str | None:
    """Take the first of several names that is there."""
    return next((found[name] for name in names if name in found), None)
