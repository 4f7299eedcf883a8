"""What tests of the registry share: small worlds of names that meet often, and their partition."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from ledger_case import payloads_of

from pipeline.documents import (
    Link,
    Mention,
    Mentions,
    MentionType,
    Name,
    Names,
    NameScope,
    Payload,
    StageName,
)
from pipeline.engines.name_books import NameBooks
from pipeline.identity import name_id, node_id
from pipeline.registry.blocks import LiveName, MemoryBlocks
from pipeline.registry.comparing import Comparing, Comparison, Verdict
from pipeline.registry.decisions import (
    Constraints,
    Decision,
    DecisionKind,
    RawName,
    constraints,
)
from pipeline.registry.growing import Compares, Registry
from pipeline.registry.profiles import Profile
from pipeline.registry.touching import Change, touched
from pipeline.resolution.keys import blocking_keys, keys_of_lone_word
from pipeline.resolution.normal import NormalForms

law = settings(max_examples=int(os.environ.get("LAW_EXAMPLES", "200")))
LONE = ("Acme", "Acmee", "Seattle", "Smith")
PROJECT = "00000000-0000-5000-8000-000000000001"


@lru_cache(maxsize=1)
def books() -> NameBooks:
    """Load the books once."""
    return NameBooks()


@lru_cache(maxsize=1)
def comparing() -> Comparing:
    """Make the comparison once."""
    return Comparing(books())


@lru_cache(maxsize=4096)
def name(type_: str, words: str, project: str = PROJECT) -> LiveName:
    """Make the name that a text's words have."""
    normal = NormalForms(books())(MentionType(type_), words)
    if is_lone(type_, normal):
        keys = keys_of_lone_word(normal)
    else:
        keys = blocking_keys(MentionType(type_), normal, books())
    return LiveName(name_id(project, type_, normal), type_, normal, keys)


def is_lone(type_: str, normal: str) -> bool:
    """Say whether a name is one of LONE, taken for a person: it is its content's own."""
    return type_ == "PERSON" and normal in map(str.lower, LONE)


def of_content(content: str, words: str) -> LiveName:
    """Make the name of a single word that was taken for a person in a content."""
    project_wide = name("PERSON", words)
    return project_wide._replace(id=name_id(PROJECT, "PERSON", project_wide.normal, content))


def normal_form(type_: str, words: str) -> str:
    """Give the normal form of a name."""
    return NormalForms(books())(MentionType(type_), words)


def typed_payloads(words: str, written: Sequence[tuple[str, str]]) -> dict[StageName, Payload]:
    """Make the payloads of a text in which these names stand, one after the other."""
    mentions, at = [], 0
    for type_, name_ in written:
        at = words.index(name_, at)
        mentions.append(
            Mention(start=at, end=at + len(name_), text=name_, type=MentionType(type_), page=1,
                    model="test-1")
        )  # fmt: skip
        at += len(name_)
    every = [name(*one) for one in written]
    live = {one.rank: one for one in every}
    order = sorted(live)
    place = {rank: at for at, rank in enumerate(order)}
    return {
        **payloads_of(words),
        StageName.EXTRACT: Mentions(mentions=tuple(mentions)),
        StageName.RESOLVE: Names(
            names=tuple(
                Name(type=MentionType(type_), normal=normal, keys=live[type_, normal].keys,
                     scope=NameScope.CONTENT if is_lone(type_, normal) else NameScope.PROJECT)
                for type_, normal in order
            ),
            links=tuple(Link(name=place[one.rank]) for one in every),
        ),
    }  # fmt: skip


def bind(raw: RawName) -> str:
    """Bind a raw name to its node."""
    return node_id(name(raw.type, raw.words).id, raw.sense)


GIVEN = ("John", "Jane", "J.", "Jon", "William", "Bill")
MIDDLE = ("", "", "", "Q.", "Quincy", "Paul")
SURNAMES = ("Smith", "Smith", "Smyth", "Smithe", "Adams")
people = st.builds(
    lambda given, middle, surname, suffix: ("PERSON", f"{given} {middle} {surname}{suffix}"),
    st.sampled_from(GIVEN), st.sampled_from(MIDDLE), st.sampled_from(SURNAMES),
    st.sampled_from(
        ("", "", "", "", "", " Jr.", ", person", " Jr., of two", ", jr or not", ", sr or not")
    ),
)  # fmt: skip
organisations = st.builds(
    lambda head, trade, form: ("ORG", f"{head} {trade}{form}"),
    st.sampled_from(("Acme", "Acmee", "John Smith", "Northern Star")),
    st.sampled_from(("Bank", "Holdings", "")),
    st.sampled_from(("", " Inc.", " Ltd", " GmbH")),
)
places = st.tuples(
    st.sampled_from(("GPE", "GPE", "LOC", "ORG")),
    st.sampled_from(
        ("Portland", "Portland, Oregon", "Portland, Maine", "Acme", "U.S.", "United States", "NSB",
         "Northern Star Bank", "Portland, OR", "Seattle", "Seattle, Washington")
    ),
)  # fmt: skip
dockets = st.tuples(
    st.just("DOCKET"),
    st.builds(
        lambda office, number, judges, court: f"{office}{number}{judges}{court}",
        st.sampled_from(("", "", "1:", "3:")),
        st.sampled_from(("19-cv-05642", "19-cv-05642", "19-cr-05642", "19-05642")),
        st.sampled_from(("", "-JSR", "-JSR-GWG", "-LAP")),
        st.sampled_from(("", "", " (S.D.N.Y.)", " (N.D. Cal.)")),
    ),
)
lone = st.tuples(st.just("PERSON"), st.sampled_from(LONE))
written = st.one_of(people, people, organisations, places, dockets, lone)
Written = tuple[str, str]


def decided_on(pool: Sequence[Written]) -> st.SearchStrategy[tuple[DecisionKind, list]]:
    """Make decisions on these names, contradicting ones among them."""
    groups = st.lists(
        st.sampled_from(pool).map(lambda pair: RawName(*pair)), min_size=1, max_size=2
    ).map(tuple)
    return st.tuples(st.sampled_from(DECIDED), st.lists(groups, min_size=2, max_size=2))


DECIDED = (DecisionKind.MERGE, DecisionKind.NEVER, DecisionKind.SPLIT)


class World(NamedTuple):
    """Names as texts write them, what was decided about them, and how large a block may be."""

    pool: list[Written]
    decisions: list[Decision]
    bound: int


@st.composite
def worlds(draw: st.DrawFn, decisions: int = 4, most: int = 24) -> World:
    """Draw a world of a few names that have much to do with each other."""
    pool = draw(st.lists(written, unique=True, min_size=1, max_size=most))
    made = draw(st.lists(decided_on(pool), max_size=decisions))
    return World(pool, numbered(made), draw(st.integers(2, 6)))


def numbered(made: Sequence[tuple[DecisionKind, Sequence[tuple[RawName, ...]]]]) -> list[Decision]:
    """Number decisions from 1."""
    return [
        Decision(number, kind, tuple(parts)) for number, (kind, parts) in enumerate(made, start=1)
    ]


def registry(
    names: Iterable[LiveName],
    decisions: Iterable[Decision] = (),
    bound: int = 3,
    component_bound: int = 400,
    by: Compares | None = None,
) -> Registry:
    """Make a registry of these names, in memory, with a small bound so that it is crossed."""
    blocks = MemoryBlocks(names, bound)
    made: Constraints = constraints(decisions, bind, node_id)
    return Registry(blocks, made, by or comparing(), component_bound=component_bound)


class Incremental:
    """A registry that is brought up to date change by change, as the stored one is."""

    def __init__(
        self, bound: int = 3, component_bound: int = 400, by: Compares | None = None
    ) -> None:
        self.names: dict[str, LiveName] = {}
        self.entities: dict[str, str] = {}
        self.misses: set[tuple[str, str, str]] = set()
        self.decisions: list[Decision] = []
        self._how = bound, component_bound, by

    def apply(
        self,
        added: Iterable[LiveName] = (),
        removed: Iterable[LiveName] = (),
        seeds: Iterable[str] = (),
    ) -> None:
        """Add names and remove some, and settle what that touches."""
        before = {one.id: self.names[one.id].keys for one in (*removed, *added)
                  if one.id in self.names}  # fmt: skip
        for one in removed:
            self.names.pop(one.id, None)
        self.names |= {one.id: one for one in added}
        ids = {one.id for one in (*removed, *added)}
        changes = [
            Change(id_, before.get(id_), self.names[id_].keys if id_ in self.names else None)
            for id_ in sorted(ids)
        ]
        now = registry(self.names.values(), self.decisions, *self._how)
        found = touched(changes, now.blocks)
        gone = ids - self.names.keys()
        bound_to_gone = {x for id_ in gone for x in now.constraints.group(id_)}
        grown = now.grow({*found.seeds, *seeds, *bound_to_gone})
        renewed = grown.nodes.keys() | gone
        self.entities = {k: v for k, v in self.entities.items() if k not in renewed}
        self.entities |= grown.entities
        self.misses = {x for x in self.misses if not renewed & {x[0], x[1]}}
        self.misses |= misses(grown.misses)


def misses(found: Iterable) -> set[tuple[str, str, str]]:
    """Give near misses in a form that can be compared."""
    return {(*sorted((miss.one, miss.other)), miss.why.value) for miss in found}


def rebuilt(whole: Registry, names: Iterable[LiveName]) -> tuple[Mapping[str, str], set]:
    """Compute all entities and near misses from scratch."""
    entities: dict[str, str] = {}
    near: set[tuple[str, str, str]] = set()
    for grown in whole.rebuild(one.id for one in names):
        entities |= grown.entities
        near |= misses(grown.misses)
    return entities, near


def partition(entities: Mapping[str, str], words: Mapping[str, str]) -> set[frozenset[str]]:
    """Give entities as sets of what their names say."""
    sets: dict[str, set[str]] = {}
    for id_, entity in entities.items():
        sets.setdefault(entity, set()).add(words[id_])
    return {frozenset(one) for one in sets.values()}


SAME, ALSO = Comparison(Verdict.SAME, 0.95, ("r",)), Comparison(Verdict.SAME, 0.92, ("r",))
LIKE, LESS = Comparison(Verdict.LIKE, 0.9, ("r",)), Comparison(Verdict.LIKE, 0.82, ("r",))
SHORTER = Comparison(Verdict.SHORTER, 0.85, ("r",), 1)
FORMS = Comparison(Verdict.UNSURE, 0.7, ("r", "other legal form"))
UNSURE, APART = Comparison(Verdict.UNSURE, 0.7, ("r",)), Comparison(Verdict.APART, 0.0, ("r",))
# Most pairs have nothing to do with each other: else all is one component, and nothing in it joins.
FOUND = (
    *[None] * 10,
    SAME,
    SAME,
    ALSO,
    LIKE,
    LIKE,
    LESS,
    SHORTER,
    SHORTER,
    SHORTER,
    UNSURE,
    FORMS,
    APART,
)


@dataclass
class Table:
    """Compares by a table: names are called a, bb, ccc, …; in a pair the first is the shorter."""

    found: dict[frozenset[str], Comparison | None]

    def profile(self, type_: str, normal: str) -> Profile:
        """Keep the name as it is."""
        return Profile(type_, normal, normal)

    def compare(self, one: Profile, other: Profile) -> Comparison | None:
        """Look two names up."""
        comparison = self.found.get(frozenset((one.normal, other.normal)))
        shorter = comparison is not None and comparison.shorter and one.normal > other.normal
        return comparison.turned() if comparison and shorter else comparison
