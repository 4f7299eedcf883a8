"""The stage itself: a name for each mention, short forms linked to the full ones."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

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
from pipeline.engines.short_forms import ACRONYM, distinctive_words, initials_fit, introduced_after
from pipeline.resolution.keys import blocking_keys
from pipeline.resolution.normal import NormalForms
from pipeline.resolution.people import address_before, by_address, is_bare, link_people
from pipeline.resolution.values import iso_date
from pipeline.settings import ResolveSettings
from pipeline.stage import StageIdentity

CODE = "4"
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
        around = _Surroundings(text)
        addresses = [
            around.address_before(mention) if key[0] is MentionType.PERSON else None
            for key, mention in zip(own, mentions, strict=True)
        ]
        called = _called(own, addresses)
        two = by_address(called)
        short = self._short_forms(own, around, mentions, called)
        for (name, address), full in two.items():
            if full is not None:
                short[_addressed(name, address)] = (MentionType.PERSON, full), "surname"
        own = [
            _addressed(key[1], address) if address and (key[1], address) in two else key
            for key, address in zip(own, addresses, strict=True)
        ]
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
        narrow = (type_ is MentionType.PERSON and is_bare(normal)) or (
            type_ is MentionType.DATE and iso_date(normal) is None
        )
        if narrow:
            return Name(type=type_, normal=normal, scope=NameScope.CONTENT)
        return Name(type=type_, normal=normal, keys=blocking_keys(type_, normal, self._books))

    def _short_forms(
        self,
        own: Sequence[Key],
        around: _Surroundings,
        mentions: Sequence[Mention],
        called: Mapping[str, Set[str]],
    ) -> dict[Key, tuple[Key, str]]:
        """Map the keys of short forms to what they stand for in this document."""
        counts: dict[MentionType, Counter[str]] = defaultdict(Counter)
        for type_, normal in own:
            counts[type_][normal] += 1
        links: dict[Key, tuple[Key, str]] = {
            (MentionType.PERSON, name): ((MentionType.PERSON, full), via)
            for name, (full, via) in link_people(counts[MentionType.PERSON], called).items()
        }
        for type_ in SHORTENED:
            for name, full in self._shortened(counts[type_]):
                links[type_, name] = ((type_, full), "short")
            links.update(_acronyms(type_, own, mentions))
        links.update(self._introduced(own, around, mentions))
        return {key: link for key, link in links.items() if link[0] != key}

    def _shortened(self, names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
        """Yield organisations' names without their legal form, or by their first words only, where
        one fuller name fits: one with a legal form before one without.
        """
        fuller: dict[str, set[str]] = defaultdict(set)
        formal = self._by_first_words(names)
        for name in names:
            bare = self._books.without_legal_form(name)
            words = bare.split()
            while len(words) > 1 and words[-1] in GENERIC:
                words.pop()
            if " ".join(words) != name:
                fuller[" ".join(words)].add(name)
        for name in names:
            meant = formal.get(name, set()) - {name} or fuller.get(name, set())
            if len(meant) == 1:
                yield name, next(iter(meant))

    def _by_first_words(self, names: Iterable[str]) -> dict[str, set[str]]:
        """Map the first words that tell a company from others, and each longer beginning of its
        name, to the names that have a legal form. "Bank" counts as one where no other does.
        """
        formal: dict[str, set[str]] = defaultdict(set)
        bare = {name: self._books.without_legal_form(name) for name in names}
        for name in sorted(names, key=lambda one: (bare[one] == one, one)):
            if bare[name] != name or (name.endswith(" bank") and name not in formal):
                words = bare[name].split()
                first = len((distinctive_words(bare[name]) or bare[name]).split())
                for end in range(first, len(words) + 1):
                    formal[" ".join(words[:end])].add(name)
        return formal

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

    def address_before(self, mention: Mention) -> str | None:
        """Give the form of address before a mention."""
        chunk = self._chunks[bisect_right(self._starts, mention.start) - 1]
        start, end = mention.start - chunk.start, mention.end - chunk.start
        return address_before(chunk.text, start, end)

    def introduced_after(self, mention: Mention) -> tuple[str, bool] | None:
        """Give the short form in the brackets after a mention, and whether it is in quotes."""
        chunk = self._chunks[bisect_right(self._starts, mention.start) - 1]
        found = introduced_after(chunk.text, mention.end - chunk.start)
        return (chunk.text[found[0] : found[1]], found[2]) if found else None


def _called(keys: Sequence[Key], addresses: Sequence[str | None]) -> dict[str, set[str]]:
    """Collect each person's forms of address; none for who is never addressed."""
    called: dict[str, set[str]] = {}
    for (type_, normal), address in zip(keys, addresses, strict=True):
        if type_ is MentionType.PERSON:
            called.setdefault(normal, set()).update([address] if address else [])
    return called


def _addressed(name: str, address: str) -> Key:
    """Make the key of a surname that is taken with its form of address."""
    return MentionType.PERSON, f"{address} {name}"


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
