"""What is wrong with a content, its payloads and its rows. Pure: no I/O, and no order matters.

Each finding names the check that found it, so that a test can hold every check to its damage.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline import codec, identity, publication
from pipeline.documents import CaseRecord, Payload, StageName
from pipeline.errors import PermanentError
from pipeline.stage import PAYLOADS, STAGES, Chain, Link, Plan, StageIdentity

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: which check found it, with what, and why."""

    check: str
    subject: str
    message: str


@dataclass(frozen=True)
class ContentFacts:
    """What PostgreSQL has of one published content.

    `chain` is what the content's row says readers see: {stage, fingerprint, digest, version}.
    `results` are the digests of its stored outputs. `current` says that all of its documents are
    completed, so that its chain must be the plan's.
    """

    id: str
    sha256: str
    media_type: str
    chain: Sequence[Row]
    results: Mapping[tuple[StageName, str], str]
    current: bool


@dataclass(frozen=True)
class PublishedFacts:
    """The rows of one content as they are in PostgreSQL, each by the name of its column."""

    content: Row
    chunks: Sequence[Row]
    names: Sequence[Row]
    mentions: Sequence[Row]
    relationships: Sequence[Row]


def chain_findings(facts: ContentFacts, plan: Plan) -> Iterator[Finding]:
    """See that a content's chain is whole, is there, and is what the plan makes."""
    stages = [StageName(link["stage"]) for link in facts.chain]
    if stages != list(STAGES):
        yield Finding("chain", facts.id, "it is published without a whole chain of five stages")
        return
    for link in facts.chain:
        digest = facts.results.get((StageName(link["stage"]), link["fingerprint"]))
        if digest != link["digest"]:
            state = "is not there" if digest is None else "has another digest"
            yield Finding("chain", facts.id, f"the output of {link['stage']} it shows {state}")
    if facts.current:
        followed = plan.follow(facts.sha256, facts.media_type, facts.results)
        if followed.gap is not None:
            yield Finding("chain", facts.id, f"its chain ends before {followed.gap}")
        elif followed != chain_of(facts.chain):
            yield Finding("chain", facts.id, "readers see another chain than the plan's")


def chain_of(rows: Sequence[Row]) -> Chain:
    """Make the chain that a content's row tells of."""
    return Chain(
        links=tuple(
            Link(stage=StageName(x["stage"]), fingerprint=x["fingerprint"], digest=x["digest"])
            for x in rows
        )
    )


def plan_shown(rows: Sequence[Row]) -> Plan:
    """Make a plan of the versions that made what readers see: all that rows depend on."""
    return Plan(
        identities=tuple(
            StageIdentity(stage=StageName(x["stage"]), version=x["version"]) for x in rows
        )
    )


def decoded(
    content: str, stage: StageName, fingerprint: str, digest: str, payload: bytes
) -> tuple[Payload | None, list[Finding]]:
    """Read a payload and hash it again; None for one that cannot be read."""
    subject = f"{content} {stage} {fingerprint[:12]}"
    try:
        value: Payload = codec.decode(PAYLOADS[stage], payload)
    except PermanentError as error:
        advice = f"`run --from {stage}` makes it again"
        return None, [Finding("payload", subject, f"{error.message}; {advice}")]
    if identity.checkpoint_digest(fingerprint, value) != digest:
        return value, [Finding("payload", subject, "its payload does not hash to its digest")]
    return value, []


def text_findings(content: str, facts: PublishedFacts) -> Iterator[Finding]:
    """See that chunks and mentions are the text at their offsets, and relationships stand on it."""
    text = facts.content["text"] or ""
    for chunk in facts.chunks:
        if text[chunk["start"] : chunk["end"]] != chunk["text"]:
            yield Finding("chunk_text", chunk["id"], f"it is not the text of {content} there")
    there = {mention["id"]: mention for mention in facts.mentions}
    for mention in facts.mentions:
        span = text[mention["start"] : mention["end"]]
        if mention["start"] < 0 or not span or span != mention["text"]:
            yield Finding(
                "mention_text",
                mention["id"],
                f"{mention['text']!r} is not at {mention['start']}:{mention['end']} of {content}",
            )
    for fact in facts.relationships:
        if not 0 <= fact["start"] < fact["end"] <= len(text):
            yield Finding("evidence", fact["id"], f"its evidence is not in the text of {content}")
        for role in ("subject", "object"):
            named = there.get(fact[f"{role}_mention_id"])
            if named is None:
                yield Finding("evidence", fact["id"], f"its {role}'s mention is not there")
            elif named["name_id"] != fact[f"{role}_name_id"]:
                yield Finding("evidence", fact["id"], f"its {role}'s mention has another name")


def rebuilt_findings(
    project: str, facts: ContentFacts, there: PublishedFacts, payloads: Mapping[StageName, Payload]
) -> Iterator[Finding]:
    """Publish a content again from its payloads, in memory, and compare each row."""
    record = CaseRecord.model_validate(
        {
            "pages": payloads[StageName.OCR],
            "chunks": payloads[StageName.CHUNK],
            "mentions": payloads[StageName.EXTRACT],
            "names": payloads[StageName.RESOLVE],
            "relationships": payloads[StageName.RELATE],
        }
    )
    try:
        rows = publication.rows_of(
            project, facts.id, chain_of(facts.chain), plan_shown(facts.chain), record
        )
    except PermanentError as error:
        yield Finding("rebuilt", facts.id, f"its payloads do not fit together: {error}")
        return
    for column, value in rows.content.items():
        if _plain(column, there.content[column]) != _plain(column, value):
            yield Finding("rebuilt", facts.id, f"its {column} is not what its payloads say")
    # A name is shared, and its keys are those of the version of `resolve` that came last.
    name_columns = publication.NAME_COLUMNS if facts.current else publication.NAME_COLUMNS[:-1]
    for table, columns, wanted, found in (
        ("chunk", publication.CHUNK_COLUMNS, rows.chunks, there.chunks),
        ("name", name_columns, rows.names, there.names),
        ("mention", publication.MENTION_COLUMNS, rows.mentions, there.mentions),
        ("relationship", publication.RELATIONSHIP_COLUMNS, rows.relationships,
         there.relationships),
    ):  # fmt: skip
        yield from _compared(facts.id, table, columns, wanted, found)


def _compared(
    content: str,
    table: str,
    columns: Sequence[str],
    wanted: Iterable[publication.Row],
    found: Iterable[Row],
) -> Iterator[Finding]:
    """Compare rows by id, then column by column."""
    should = {str(row[0]): dict(zip(columns, row, strict=False)) for row in wanted}
    has = {str(row["id"]): row for row in found}
    for id_ in sorted(should.keys() - has.keys()):
        yield Finding("rebuilt", id_, f"a {table} of {content} is missing")
    for id_ in sorted(has.keys() - should.keys()):
        yield Finding("rebuilt", id_, f"a {table} of {content} comes from none of its payloads")
    for id_ in sorted(should.keys() & has.keys()):
        other = [x for x in columns if _plain(x, should[id_][x]) != _plain(x, has[id_][x])]
        if other:
            yield Finding("rebuilt", id_, f"a {table} of {content} has another {', '.join(other)}")


def _plain(column: str, value: Any) -> Any:
    """Put a value into the one form in which both sides are compared."""
    if column == "boxes" and isinstance(value, str):  # JSON, on its way to a JSONB column
        value = json.loads(value)
    if isinstance(value, (list, tuple)):
        return [_plain("", item) for item in value]
    return value
