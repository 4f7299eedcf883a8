"""The stage itself: a name for each mention, short forms linked to the full ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import pairwise

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
from pipeline.engines.short_forms import initials_fit
from pipeline.resolution import organisations, places
from pipeline.resolution.acronyms import link_acronyms
from pipeline.resolution.dockets import link_dockets
from pipeline.resolution.founders import namesakes, shared_meaning, shared_surnames
from pipeline.resolution.generations import fathers_and_sons, generation_of, left_open
from pipeline.resolution.keys import blocking_keys, keys_of_lone_word
from pipeline.resolution.name_keys import PLACES, Key, follow, likely_type, one_type
from pipeline.resolution.normal import NormalForms
from pipeline.resolution.people import ShownPeople, by_address, is_bare, link_people
from pipeline.resolution.regions import with_regions
from pipeline.resolution.shown import (
    addressed_as_people,
    called_so,
    marked,
    rulers_of,
    shown_as_people,
    titles_of,
)
from pipeline.resolution.surroundings import Surroundings, office_of
from pipeline.resolution.values import iso_date
from pipeline.settings import ResolveSettings
from pipeline.stage import StageIdentity

CODE = "9"
NAMED = PLACES | {MentionType.PERSON, MentionType.ORG}


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
        own = one_type(
            [(mention.type, self._normal(mention.type, mention.normal or mention.text))
             for mention in mentions]
        )  # fmt: skip
        around = Surroundings(text)
        own = with_regions(own, mentions, around, self._normal, self._books)
        own = addressed_as_people(own, mentions, around, self._normal)
        own, of_two = fathers_and_sons(own, mentions, around)
        addresses = [
            around.address_before(mention) if key[0] is MentionType.PERSON else None
            for key, mention in zip(own, mentions, strict=True)
        ]
        titles = [
            around.title_before(mention, self._books) if key[0] is MentionType.PERSON else None
            for key, mention in zip(own, mentions, strict=True)
        ]
        called = called_so(own, addresses)
        two = by_address(called)
        shared = shared_surnames(own, self._books)
        open_ = left_open(own, titles, of_two)
        shown = ShownPeople(
            called, of_two, open_, rulers_of(own, mentions, around), titles_of(own, titles)
        )
        people = self._people(own, titles, shared, shown)
        short = self._short_forms(own, around, mentions, shared, people)
        for (name, address), full in two.items():
            if full is not None:
                short[_addressed(name, address)] = (MentionType.PERSON, full), "surname"
        own = [
            _addressed(key[1], address) if address and (key[1], address) in two else key
            for key, address in zip(own, addresses, strict=True)
        ]
        meant = [
            shared_meaning(key, around.kind_of(mention, self._books), short)
            if key[1] in shared
            else follow(key, short)
            for key, mention in zip(own, mentions, strict=True)
        ]
        companies = namesakes(own, self._books)
        behind = {name: generation_of(full) for name, full in open_.items()}
        meant = marked(meant, mentions, around, self._books,
                       companies=companies, of_two=of_two, open_=behind)  # fmt: skip
        persons = shown_as_people(own, addresses, titles)
        names = [self._name(key, persons) for key in sorted({key for key, _ in meant})]
        index = {(name.type, name.normal): place for place, name in enumerate(names)}
        return Names(
            names=tuple(names),
            links=tuple(Link(name=index[key], via=via) for key, via in meant),
        )

    def _name(self, key: Key, persons: Set[str]) -> Name:
        """Make the name of a key; `persons` are the single words that are surely persons.

        What means something in this document only has its scope: a bare surname, a title, a kind
        of thing alone, a time that is not absolute. A single word that nobody is called by may
        still be an organisation's that the recogniser took for a person.
        """
        type_, normal = key
        narrow = {
            MentionType.PERSON: lambda: is_bare(normal) or self._books.is_title(normal),
            MentionType.ORG: lambda: normal in organisations.NAMELESS,
            MentionType.DATE: lambda: iso_date(normal) is None,
            **dict.fromkeys(PLACES, lambda: normal in places.NAMELESS),
        }
        if type_ in narrow and narrow[type_]():
            lone = type_ is MentionType.PERSON and " " not in normal and normal not in persons
            keys = keys_of_lone_word(normal) if lone and not self._books.is_title(normal) else ()
            return Name(type=type_, normal=normal, scope=NameScope.CONTENT, keys=keys)
        return Name(type=type_, normal=normal, keys=blocking_keys(type_, normal, self._books))

    def _short_forms(
        self,
        own: Sequence[Key],
        around: Surroundings,
        mentions: Sequence[Mention],
        shared: Set[str],
        people: Mapping[Key, tuple[Key, str]],
    ) -> dict[Key, tuple[Key, str]]:
        """Map the keys of short forms to what they stand for in this document, those of `people`
        among them; `shared` ones may stand for people and for organisations.
        """
        counts: dict[MentionType, Counter[str]] = defaultdict(Counter)
        for type_, normal in own:
            counts[type_][normal] += 1
        links = dict(people)
        bodies = counts[MentionType.ORG]
        bodies.update(dict.fromkeys(shared, 0))
        where = Counter[str]()
        for type_ in sorted(PLACES):
            where.update(counts[type_])
        towns = where.keys() | {name.partition(", ")[0] for name in where}
        for name, long in organisations.link_organisations(bodies, towns, self._books).items():
            links[MentionType.ORG, name] = (MentionType.ORG, long), "short"
        for name, long in places.link_places(where, self._books).items():
            for type_ in PLACES:
                if name in counts[type_]:
                    links[type_, name] = (likely_type(counts, type_, long), long), "short"
        for name, long in link_dockets(counts[MentionType.DOCKET]).items():
            links[MentionType.DOCKET, name] = (MentionType.DOCKET, long), "short"
        for group in ({MentionType.ORG}, PLACES, {MentionType.PERSON}):
            written = {
                (key, mention.text)
                for key, mention in zip(own, mentions, strict=True)
                if key[0] in group
            }
            found = link_acronyms(sorted(written), of_people=MentionType.PERSON in group)
            links.update({key: (long, "acronym") for key, long in found})
        links.update(_aliases(own, around, mentions, links))
        links.update(self._introduced(own, around, mentions, links))
        return {key: link for key, link in links.items() if link[0] != key}

    def _people(
        self,
        own: Sequence[Key],
        titles: Sequence[str | None],
        shared: Set[str],
        shown: ShownPeople,
    ) -> dict[Key, tuple[Key, str]]:
        """Map short forms of people, and titles that only one of them has, to the people."""
        counts = Counter(name for type_, name in own if type_ is MentionType.PERSON)
        counts.update(dict.fromkeys(shared, 0))
        offices = {name for name in counts if office_of(name, self._books)}
        named = {
            name: count for name, count in counts.items() if name not in offices or " " not in name
        }
        people = link_people(named, shown)
        links = dict(people.links)
        holders: dict[str, set[str]] = defaultdict(set)
        for (_, name), title in zip(own, titles, strict=True):
            if title is not None and name not in offices:
                holders[title].add(people.meant(name))
        for name in offices - links.keys():
            if len(holders[name]) == 1:
                links[name] = next(iter(holders[name])), "title"
        return {
            (MentionType.PERSON, name): ((MentionType.PERSON, full), via)
            for name, (full, via) in links.items()
        }

    def _introduced(
        self,
        own: Sequence[Key],
        around: Surroundings,
        mentions: Sequence[Mention],
        links: Mapping[Key, tuple[Key, str]],
    ) -> Iterator[tuple[Key, tuple[Key, str]]]:
        """Yield the short forms that the text puts in brackets after a name; where it defines one
        for two things, none.
        """
        known = set(own)
        given: dict[Key, dict[Key, tuple[Key, str]]] = defaultdict(dict)
        for key, mention, until in zip(own, mentions, _next_names(mentions), strict=True):
            for words, defined in around.introduced_after(mention, until):
                short = (key[0], self._normal(key[0], words))
                fits = defined or initials_fit(words, mention.text)
                if fits and short in known and short != key:
                    rule = "definition" if defined else "acronym"
                    given[short].setdefault(follow(key, links)[0], (key, rule))
        for short, meant in given.items():
            if len(meant) == 1:
                yield short, next(iter(meant.values()))


def _next_names(mentions: Sequence[Mention]) -> list[int]:
    """Tell for each mention where the next one of a person or organisation begins."""
    starts, following = [], mentions[-1].end if mentions else 0
    for mention in reversed(mentions):
        starts.append(following)
        if mention.type in (MentionType.PERSON, MentionType.ORG):
            following = mention.start
    return starts[::-1]


def _addressed(name: str, address: str) -> Key:
    """Make the key of a surname that is taken with its form of address."""
    return MentionType.PERSON, f"{address} {name}"


def _aliases(
    own: Sequence[Key],
    around: Surroundings,
    mentions: Sequence[Mention],
    links: Mapping[Key, tuple[Key, str]],
) -> Iterator[tuple[Key, tuple[Key, str]]]:
    """Yield names that the text gives as another name of one thing."""
    meant: dict[Key, set[Key]] = defaultdict(set)
    named = [at for at, (type_, _) in enumerate(own) if type_ in NAMED]
    for first, second in pairwise(named):
        if _group(own[first][0]) == _group(own[second][0]) and around.gives_another_name(
            mentions[first], mentions[second]
        ):
            meant[own[second]].add(follow(own[first], links)[0])
    for key, firsts in meant.items():
        if len(firsts) == 1 and key not in links and firsts != {key}:
            yield key, (next(iter(firsts)), "alias")


def _group(type_: MentionType) -> str:
    """Name the types among which one thing may be found: places are one group."""
    return "place" if type_ in PLACES else type_.value
