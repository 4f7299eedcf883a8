"""The text around a document's mentions, looked up in its chunks: forms of address, titles, and
the other names that the text itself gives.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from pipeline.documents import ExtractedText, Mention, MentionType
from pipeline.engines.letters import plain
from pipeline.engines.name_books import NameBooks
from pipeline.engines.short_forms import introduced_forms
from pipeline.resolution.address import address_before, is_ruler
from pipeline.resolution.aliases import is_alias
from pipeline.resolution.founders import shown_around

TITLE_REACH = 40
WORD_START = re.compile(r"(?<![\w.])\w")
# "He met the president. Robert Smith left." Abbreviations are shorter.
SENTENCE_END = re.compile(r"(?<!\w)(?!lieut|messrs)\w{5,}\.\s*$", re.IGNORECASE)
# Of a title that is used alone ("Madam Speaker") these are no part.
POLITE = frozenset("mr mrs ms miss madam madame mister sir the".split())  # noqa: SIM905


class Surroundings:
    """The text around mentions. A mention at the edge of a chunk sees no further."""

    def __init__(self, text: ExtractedText) -> None:
        self._chunks = text.chunks.chunks
        self._starts = [chunk.start for chunk in self._chunks]

    def _place(self, mention: Mention) -> tuple[str, int, int]:
        """Give the text of the chunk that a mention begins in, and its span in there."""
        chunk = self._chunks[bisect_right(self._starts, mention.start) - 1]
        return chunk.text, mention.start - chunk.start, mention.end - chunk.start

    def address_before(self, mention: Mention) -> str | None:
        """Give the form of address before a mention."""
        return address_before(*self._place(mention))

    def is_ruler(self, mention: Mention) -> bool:
        """Say whether a mention has the title of a ruler or saint."""
        return is_ruler(*self._place(mention))

    def introduced_after(self, mention: Mention, until: int) -> Iterator[tuple[str, bool]]:
        """Yield the short forms in the brackets behind a mention, with whether they are in quotes;
        no other name lies before the brackets, the next beginning at `until` in the document.
        """
        text, start, end = self._place(mention)
        for begin, stop, defined in introduced_forms(text, end, start + until - mention.start):
            yield text[begin:stop], defined

    def title_before(self, mention: Mention, books: NameBooks) -> str | None:
        """Give the title at the head of a mention or right before it, in plain letters."""
        text, start, end = self._place(mention)
        if length := books.title_end(text[start:end]):
            return bare_title(text[start : start + length])
        begin = max(0, start - TITLE_REACH)
        for word in WORD_START.finditer(text, begin, start):
            at = word.start()
            ahead = text[at:start]
            if books.title_end(ahead) == len(ahead) and not SENTENCE_END.search(ahead):
                return bare_title(text[at:start])
        return None

    def kind_of(self, mention: Mention, books: NameBooks) -> MentionType | None:
        """Tell whether a surname that a company is called by too is the person or the company here;
        None if nothing says that.
        """
        addressed = self.address_before(mention) or self.title_before(mention, books)
        if addressed is not None:
            return MentionType.PERSON
        shown = shown_around(*self._place(mention))
        return MentionType.ORG if shown is None and mention.type is MentionType.ORG else shown

    def between(self, first: Mention, second: Mention) -> str:
        """Give the text between two mentions, as far as the chunk of the first goes."""
        text, start, end = self._place(first)
        return text[end : start + second.start - first.start]

    def before(self, mention: Mention) -> str:
        """Give the text of a mention's chunk before it."""
        text, start, _ = self._place(mention)
        return text[:start]

    def behind(self, mention: Mention) -> str:
        """Give the text of a mention's chunk behind it."""
        text, _, end = self._place(mention)
        return text[end:]

    def gives_another_name(self, first: Mention, second: Mention) -> bool:
        """Say whether the text gives the second of two mentions as another name of the first."""
        text, start, end = self._place(first)
        begin, until = start + second.start - first.start, start + second.end - first.start
        return is_alias(text, end, begin, until, of_person=first.type is MentionType.PERSON)


def bare_title(words: str) -> str | None:
    """Write a title without what is polite only; None if nothing is left."""
    kept = [word for word in plain(words).replace(".", "").split() if word not in POLITE]
    return " ".join(kept) or None


def office_of(name: str, books: NameBooks) -> bool:
    """Say whether a person's normal form is an office and no name: "vice president", "mayor of
    baltimore".
    """
    length = books.title_end(name)
    return books.is_title(name) or (length > 0 and name[length:].startswith(("of ", "for ")))
