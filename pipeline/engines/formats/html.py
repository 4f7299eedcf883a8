"""HTML as the text a reader sees, laid out by inscriptis. Nothing it refers to is ever fetched."""

from __future__ import annotations

import re
from typing import Any

from pipeline.documents import Metadata, Pages
from pipeline.engines.formats.draft import Job, clean, one_page, told
from pipeline.engines.formats.text import read_decoded

# Not for readers: programs, looks, and what browsers show elsewhere or never.
DROPPED = ("script", "style", "noscript", "template", "iframe", "object", "svg", "head")
CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE
)
AUTHORS = ("author", "dc.creator", "article:author", "citation_author")
CREATED = ("article:published_time", "dc.date", "dcterms.created", "date", "citation_date")
MODIFIED = ("article:modified_time", "dcterms.modified", "last-modified")


def read_html(job: Job) -> Pages:
    """Read a page of HTML: its visible text; title, author and dates from its head."""
    with job.path.open("rb") as file:
        declared = CHARSET.search(file.read(4_096))
    markup = read_decoded(job, declared.group(1).decode("ascii") if declared else None)
    tree = _tree(markup)
    if tree is None:
        return one_page(job, "")
    metadata = _metadata(tree)
    return one_page(job, _visible(tree), metadata)


def text_of(markup: str) -> str:
    """Turn HTML into text (the body of a mail that has no plain one)."""
    tree = _tree(clean(markup))
    return "" if tree is None else _visible(tree)


def _tree(markup: str) -> Any:
    """Parse HTML without network, entities or bounds broken; None where there is no element.

    Bytes go in, since lxml refuses text that carries an encoding's name of its own.
    """
    from lxml import etree, html

    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        return html.document_fromstring(markup.encode("utf-8"), parser=parser)
    except etree.ParserError:
        return None


def _visible(tree: Any) -> str:
    """Lay the tree out as text."""
    from inscriptis.html_engine import Inscriptis
    from inscriptis.model.config import ParserConfig

    for name in DROPPED:
        for element in list(tree.iter(name)):
            if element is not tree:
                element.drop_tree()
    # The links of a menu are no sentence: each on a line of its own.
    for menu in tree.iter("nav"):
        for link in menu.iter("a"):
            link.tag = "div"
    text = Inscriptis(tree, ParserConfig(display_links=False, display_images=False)).get_text()
    lines = (line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


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
