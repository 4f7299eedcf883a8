"""The nouns: frozen values that stages take and return.

Offsets are Unicode code points in the document's text, half open. Boxes are in points (1/72 inch),
origin at the top left of the page: (left, top, right, bottom). A payload is what one stage adds;
it never repeats what an earlier stage said, and it knows no project, so that its bytes are the
same wherever it was made. `VOLATILE` of a payload names what its digest leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

Box = tuple[float, float, float, float]


class StageName(StrEnum):
    """The five stages, in order."""

    OCR = "ocr"
    CHUNK = "chunk"
    EXTRACT = "extract"
    RESOLVE = "resolve"
    RELATE = "relate"


class DocumentStatus(StrEnum):
    """Where a document stands; quarantined is `failed` by blame."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


class MentionType(StrEnum):
    """What a mention can name. A court is an ORG with the subtype `court`."""

    PERSON = "PERSON"
    ORG = "ORG"
    GPE = "GPE"
    LOC = "LOC"
    FAC = "FAC"
    NORP = "NORP"
    EVENT = "EVENT"
    DATE = "DATE"
    MONEY = "MONEY"
    LAW = "LAW"
    CITATION = "CITATION"
    DOCKET = "DOCKET"
    EMAIL = "EMAIL"


class Predicate(StrEnum):
    """What a relationship can say, read subject → object."""

    EMPLOYED_BY = "employed_by"
    LEADS = "leads"
    MEMBER_OF = "member_of"
    REPRESENTS = "represents"
    PARTY_TO = "party_to"
    SUED = "sued"
    SIGNED = "signed"
    PAID = "paid"
    ACQUIRED = "acquired"
    OWNS = "owns"
    MET = "met"
    LOCATED_IN = "located_in"
    BORN_ON = "born_on"
    BORN_IN = "born_in"
    FOUNDED = "founded"
    PART_OF = "part_of"
    ATTACKED = "attacked"
    MARRIED_TO = "married_to"
    RELATED_TO = "related_to"
    EMAILED = "emailed"
    COPIED = "copied"
    CO_MENTIONED = "co_mentioned"


class Role(StrEnum):
    """The part a name plays in the head of a mail."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    COPIED = "copied"


class PageSource(StrEnum):
    """Where a page's text is from; of one that is `unread`, nothing could be read."""

    TEXT = "text"
    OCR = "ocr"
    NONE = "none"
    UNREAD = "unread"


class Value(BaseModel):
    """A frozen value with a closed set of fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Payload(Value):
    """What one stage adds for one content."""

    VOLATILE: ClassVar[dict[str, Any]] = {}


class DocumentFailure(Value):
    """Why a stage gave no payload for one input; `error` is a stable word, `message` a sentence."""

    stage: StageName
    error: str
    message: str
    log_tail: str = ""


class Source(Value):
    """The bytes of one content on local disk, as `ocr` takes them.

    `name` is the file's own name; only its extension counts, and only among text types.
    """

    path: str
    name: str
    sha256: str
    media_type: str
    size: int


class PageRange(Value):
    """Some pages of a document, from `first` to `last`, both counted from 1."""

    first: int
    last: int

    @property
    def numbers(self) -> range:
        """Give the pages' numbers."""
        return range(self.first, self.last + 1)

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


class PageCount(Value):
    """How many pages a document has that is too long to be read at once."""

    count: int


class Words(Value):
    """The words of one page with their places: parallel columns, in reading order."""

    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    boxes: tuple[Box, ...] = ()


class Page(Value):
    """One page's span in the document's text. `number` counts from 1."""

    number: int
    start: int
    end: int
    source: PageSource = PageSource.TEXT
    confidence: float | None = None
    width: float | None = None
    height: float | None = None
    words: Words | None = None


class Metadata(Value):
    """What a file says about itself. Dates are ISO 8601; addresses are as in the mail."""

    title: str | None = None
    author: str | None = None
    created: str | None = None
    modified: str | None = None
    sender: str | None = None
    recipients: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    subject: str | None = None
    sent: str | None = None
    message_id: str | None = None
    in_reply_to: str | None = None


class HeaderSpan(Value):
    """A person or address in the head of a mail: the span of the name, or of the bare address.

    `address` is the mail address in lower case when the header gives one.
    """

    role: Role
    start: int
    end: int
    address: str | None = None


class Member(Value):
    """A file inside a container. Its bytes are in the object store under their hash."""

    path: str
    sha256: str
    size: int


class Pages(Payload):
    """`ocr`: the text of a content, its pages, and what the file says about itself.

    `language` is an ISO 639-1 code, or None when there is too little text to tell.
    `warnings` are sentences for a person ("page 7 could not be read: …").
    """

    VOLATILE: ClassVar[dict[str, Any]] = {
        "pages": {"__all__": {"confidence", "width", "height", "words"}},
        "language_score": True,
    }

    text: str
    pages: tuple[Page, ...]
    metadata: Metadata = Metadata()
    header_spans: tuple[HeaderSpan, ...] = ()
    members: tuple[Member, ...] = ()
    language: str | None = None
    language_score: float | None = None
    warnings: tuple[str, ...] = ()


class Chunk(Value):
    """A run of whole sentences: `text` is the document's text from `start` to `end`.

    `sentences` are (start, end) in the document's text.
    """

    start: int
    end: int
    page: int
    text: str
    sentences: tuple[tuple[int, int], ...]


class Chunks(Payload):
    """`chunk`: the chunks in order, and what later stages need to know of the pages."""

    chunks: tuple[Chunk, ...]
    page_starts: tuple[int, ...]
    header_spans: tuple[HeaderSpan, ...] = ()
    language: str | None = None


class Mention(Value):
    """A span that names something. `model` says which recogniser found it, with its version.

    `normal` is set by recognisers that know the value better than the words say it (a citation's
    normal form, a court's id); `resolve` decides for all others.
    """

    start: int
    end: int
    text: str
    type: MentionType
    page: int
    model: str
    score: float = 1.0
    subtype: str | None = None
    role: Role | None = None
    normal: str | None = None


class Parse(Value):
    """The dependency parse of one sentence, in parallel columns.

    `token_starts` and `token_ends` are offsets in the document's text; `heads` are token indices
    in the sentence, the root's its own; `pos` are universal tags, `deps` ClearNLP labels.
    """

    start: int
    end: int
    token_starts: tuple[int, ...]
    token_ends: tuple[int, ...]
    lemmas: tuple[str, ...]
    pos: tuple[str, ...]
    deps: tuple[str, ...]
    heads: tuple[int, ...]


class Mentions(Payload):
    """`extract`: mentions by `start`, none overlapping, and the parse of their sentences.

    `dropped` counts, by a word for why, what a model said that the text does not; `warnings` are
    sentences for a person, as in `Pages`.
    """

    VOLATILE: ClassVar[dict[str, Any]] = {
        "mentions": {"__all__": {"score"}},
        "dropped": True,
        "warnings": True,
    }

    mentions: tuple[Mention, ...]
    parses: tuple[Parse, ...] = ()
    dropped: Mapping[str, int] = {}
    warnings: tuple[str, ...] = ()


class NameScope(StrEnum):
    """How far a name reaches: the whole project, or this content only (a bare surname)."""

    PROJECT = "project"
    CONTENT = "content"


class Name(Value):
    """One normalised form of one type. `keys` are its blocking keys, sorted."""

    type: MentionType
    normal: str
    scope: NameScope = NameScope.PROJECT
    keys: tuple[str, ...] = ()


class Link(Value):
    """What a mention stands for: `name` indexes `Names.names`.

    `via` is None for a full form, else the rule by which a short form was linked
    (`surname`, `acronym`, `short`, `definition`, `alias`, `title`).
    """

    name: int
    via: str | None = None


class Names(Payload):
    """`resolve`: the distinct names, sorted, and one link for each mention of `Mentions`."""

    names: tuple[Name, ...]
    links: tuple[Link, ...]


class Relationship(Value):
    """Subject, predicate, object, with the span that states it.

    `subject` and `object` index `Mentions.mentions`; their names follow from `Names.links`.
    `start`, `end` span the evidence: the sentence. `rule` says which pattern matched.
    """

    subject: int
    predicate: Predicate
    object: int
    start: int
    end: int
    score: float
    rule: str


class Relationships(Payload):
    """`relate`: relationships in order of (start, subject, object, predicate); `dropped` and
    `warnings` as in `Mentions`.
    """

    VOLATILE: ClassVar[dict[str, Any]] = {
        "relationships": {"__all__": {"score"}},
        "dropped": True,
        "warnings": True,
    }

    relationships: tuple[Relationship, ...]
    dropped: Mapping[str, int] = {}
    warnings: tuple[str, ...] = ()


class ExtractedText(Value):
    """What `resolve` takes: the mentions and the chunks whose text surrounds them."""

    chunks: Chunks
    mentions: Mentions


class NamedText(Value):
    """What `relate` takes."""

    chunks: Chunks
    mentions: Mentions
    names: Names


class CaseRecord(Value):
    """All that the five stages say of one content."""

    pages: Pages
    chunks: Chunks
    mentions: Mentions
    names: Names
    relationships: Relationships
