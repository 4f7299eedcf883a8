"""The stage itself: a name for each mention, short forms linked to the full ones."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from pipeline.documents import (
    DocumentFailure,
    ExtractedText,
    Link,
    Mention,
    MentionType,
    Name,
    Names,
    NameScope,
    StageName,
)
from pipeline.engines.name_books import NameBooks
from pipeline.engines.short_forms import ACRONYM, initials_fit, introduced_after
from pipeline.resolution.keys import blocking_keys
from pipeline.resolution.normal import NormalForms
from pipeline.resolution.people import link_people
from pipeline.resolution.values import iso_date
from pipeline.settings import ResolveSettings
from pipeline.stage import StageIdentity

CODE = "2"
Key = tuple[MentionType, str]
SHORTENED = frozenset({MentionType.ORG, MentionType.GPE, MentionType.LOC, MentionType.FAC})
# What may be left out of an organisation's name beside its legal form.
GENERIC = frozenset(
    {"company", "co", "group", "holdings", "holding", "international", "industries"}
)


class ResolveStage:
    """Gives each mention of a document the name it stands for. Pure: no model, no store."""

    def __init__(self, books: NameBooks, settings: ResolveSettings, generation: int = 0) -> None:
        self._books = books
        self._normal = NormalForms(books)
        self.identity = StageIdentity(
            stage=StageName.RESOLVE,
            version=f"{CODE}; {books.version}",
            configuration=settings.model_dump(mode="json"),
            generation=generation,
        )

    def __call__(self, inputs: Sequence[ExtractedText]) -> Sequence[Names | DocumentFailure]:
        """Resolve each document by itself."""
        return [self._document(text) for text in inputs]

    def _document(self, text: ExtractedText) -> Names:
        """Resolve one document."""
        mentions = text.mentions.mentions
        own = _one_type(
            [(mention.type, self._normal(mention.type, mention.normal or mention.text))
             for mention in mentions]
        )  # fmt: skip
        short = self._short_forms(own, _Surroundings(text), mentions)
        meant = [_follow(key, short) for key in own]
        names = [self._name(key) for key in sorted({key for key, _ in meant})]
        index = {(name.type, name.normal): place for place, name in enumerate(names)}
        return Names(
            names=tuple(names),
            links=tuple(Link(name=index[key], via=via) for key, via in meant),
        )

    def _name(self, key: Key) -> Name:
        """Make the name of a key.

        What means something in this document only has its scope: a bare surname, a time that is
        not absolute.
        """
        type_, normal = key
        narrow = (type_ is MentionType.PERSON and " " not in normal) or (
            type_ is MentionType.DATE and iso_date(normal) is None
        )
        if narrow:
            return Name(type=type_, normal=normal, scope=NameScope.CONTENT)
        return Name(type=type_, normal=normal, keys=blocking_keys(type_, normal, self._books))

    def _short_forms(
        self, own: Sequence[Key], around: _Surroundings, mentions: Sequence[Mention]
    ) -> dict[Key, tuple[Key, str]]:
        """Map the keys of short forms to what they stand for in this document."""
        counts: dict[MentionType, Counter[str]] = defaultdict(Counter)
        for type_, normal in own:
            counts[type_][normal] += 1
        links: dict[Key, tuple[Key, str]] = {
            (MentionType.PERSON, name): ((MentionType.PERSON, full), via)
            for name, (full, via) in link_people(counts[MentionType.PERSON]).items()
        }
        for type_ in SHORTENED:
            for name, full in self._shortened(counts[type_]):
                links[type_, name] = ((type_, full), "short")
            links.update(_acronyms(type_, own, mentions))
        links.update(self._introduced(own, around, mentions))
        return {key: link for key, link in links.items() if link[0] != key}

    def _shortened(self, names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
        """Yield organisations' names without their legal form, where one fuller name fits."""
        fuller: dict[str, set[str]] = defaultdict(set)
        for name in names:
            words = self._books.without_legal_form(name).split()
            while len(words) > 1 and words[-1] in GENERIC:
                words.pop()
            if " ".join(words) != name:
                fuller[" ".join(words)].add(name)
        for name in names:
            if len(fuller.get(name, ())) == 1:
                yield name, next(iter(fuller[name]))

    def _introduced(
        self, own: Sequence[Key], around: _Surroundings, mentions: Sequence[Mention]
    ) -> Iterator[tuple[Key, tuple[Key, str]]]:
        """Yield the short forms that the text puts in brackets after a name; the first counts."""
        known = set(own)
        given: set[Key] = set()
        for key, mention in zip(own, mentions, strict=True):
            found = around.introduced_after(mention)
            if found is None:
                continue
            words, defined = found
            if not (defined or initials_fit(words, mention.text)):
                continue
            short = (key[0], self._normal(key[0], words))
            if short in known and short not in given and short != key:
                given.add(short)
                yield short, (key, "definition" if defined else "acronym")


class _Surroundings:
    """The text around mentions, looked up in the chunks."""

    def __init__(self, text: ExtractedText) -> None:
        self._chunks = text.chunks.chunks
        self._starts = [chunk.start for chunk in self._chunks]

    def introduced_after(self, mention: Mention) -> tuple[str, bool] | None:
        """Give the short form in the brackets after a mention, and whether it is in quotes."""
        chunk = self._chunks[bisect_right(self._starts, mention.start) - 1]
        found = introduced_after(chunk.text, mention.end - chunk.start)
        return (chunk.text[found[0] : found[1]], found[2]) if found else None


def _acronyms(
    type_: MentionType, own: Sequence[Key], mentions: Sequence[Mention]
) -> Iterator[tuple[Key, tuple[Key, str]]]:
    """Yield acronyms that are the initials of one name of their type in the document."""
    words = {
        key: mention.text for key, mention in zip(own, mentions, strict=True) if key[0] is type_
    }
    long = {key: text for key, text in words.items() if " " in text}
    for key, text in words.items():
        if ACRONYM.fullmatch(text.replace(".", "")):
            fits = [other for other, name in long.items() if initials_fit(text, name)]
            if len(fits) == 1:
                yield key, (fits[0], "acronym")


def _one_type(keys: Sequence[Key]) -> list[Key]:
    """Call what is both a person and an organisation in one document what it mostly is."""
    confused = {MentionType.PERSON, MentionType.ORG}
    votes: dict[str, Counter[MentionType]] = defaultdict(Counter)
    for type_, normal in keys:
        if type_ in confused:
            votes[normal][type_] += 1
    return [
        (max(votes[normal], key=lambda kind: (votes[normal][kind], kind.value)), normal)
        if type_ in confused
        else (type_, normal)
        for type_, normal in keys
    ]


def _follow(key: Key, links: Mapping[Key, tuple[Key, str]]) -> tuple[Key, str | None]:
    """Follow short forms to the full one; `via` is the first rule on the way."""
    via, been = None, {key}
    while key in links and links[key][0] not in been:
        key, rule = links[key]
        been.add(key)
        via = via or rule
    return key, via
