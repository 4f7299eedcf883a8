"""Small contents with real payloads under a real plan, and a project to bring them into."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from databases import Databases
from sqlalchemy import Engine, text

from pipeline import codec, identity
from pipeline.documents import (
    Chunk,
    Chunks,
    Link,
    Member,
    Mention,
    Mentions,
    MentionType,
    Name,
    Names,
    NameScope,
    Page,
    Pages,
    Payload,
    Predicate,
    Relationship,
    Relationships,
    StageName,
)
from pipeline.errors import PermanentError
from pipeline.settings import ArchiveLimits, Settings
from pipeline.stage import STAGES, Chain, Plan, StageIdentity
from pipeline.stage import Link as ChainLink
from pipeline.stores import postgres, project_reader
from pipeline.stores.ledger import Claimed, Identified, Ledger, Publishing
from pipeline.stores.memory import MemoryBlobs
from pipeline.stores.project_deletion import delete_project
from pipeline.stores.project_reader import FailureRow
from pipeline.stores.protocols import Checkpoint
from pipeline.stores.publisher import Publisher
from pipeline.walking import FoundFile

MEDIA = "text/plain"


@contextmanager
def own_engine(databases: Databases) -> Iterator[Engine]:
    """Open a database of one's own."""
    with databases.fresh() as url:
        engine = postgres.connect(url, pool_size=10)
        try:
            yield engine
        finally:
            engine.dispose()


def emptied(engine: Engine) -> Engine:
    """Delete every project of a database."""
    with engine.begin() as connection:
        for table in ("documents", "contents", "projects", "loose_objects"):
            connection.execute(text(f"DELETE FROM {table}"))
    return engine


def plan_of(**versions: str) -> Plan:
    """Make a plan; `extract="2"` gives that stage another version."""
    return Plan(
        identities=tuple(
            StageIdentity(stage=stage, version=versions.get(stage, "1")) for stage in STAGES
        )
    )


def sha_of(data: str) -> str:
    """Hash what stands for a file's bytes."""
    return hashlib.sha256(data.encode("utf-8", "surrogatepass")).hexdigest()


def payloads_of(
    words: str, people: Sequence[str] = (), members: Sequence[Member] = ()
) -> dict[StageName, Payload]:
    """Make the payloads of a text in which people occur, each once, all related to the next."""
    mentions = tuple(
        Mention(
            start=words.index(person),
            end=words.index(person) + len(person),
            text=person,
            type=MentionType.PERSON,
            page=1,
            model="test-1",
        )
        for person in sorted(people, key=words.index)
    )
    normals = sorted({mention.text.lower() for mention in mentions})
    names = tuple(
        Name(
            type=MentionType.PERSON,
            normal=normal,
            scope=NameScope.PROJECT if " " in normal else NameScope.CONTENT,
            keys=(normal[:3],),
        )
        for normal in normals
    )
    return {
        StageName.OCR: Pages(
            text=words, pages=(Page(number=1, start=0, end=len(words)),), members=tuple(members)
        ),
        StageName.CHUNK: Chunks(
            chunks=(
                Chunk(start=0, end=len(words), page=1, text=words, sentences=((0, len(words)),)),
            )
            if words
            else (),
            page_starts=(0,),
        ),
        StageName.EXTRACT: Mentions(mentions=mentions),
        StageName.RESOLVE: Names(
            names=names,
            links=tuple(Link(name=normals.index(mention.text.lower())) for mention in mentions),
        ),
        StageName.RELATE: Relationships(
            relationships=tuple(
                Relationship(
                    subject=index,
                    predicate=Predicate.MET,
                    object=index + 1,
                    start=0,
                    end=len(words),
                    score=0.9,
                    rule="test.met",
                )
                for index in range(len(mentions) - 1)
            )
        ),
    }


@dataclass
class LedgerCase:
    """One project in an empty database, and how to bring documents through it."""

    engine: Engine
    name: str = "case"
    plan: Plan = field(default_factory=plan_of)
    limits: ArchiveLimits = field(default_factory=ArchiveLimits)
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)

    def __post_init__(self) -> None:
        self.ledger = self.ledger_on(self.engine)
        self.project = self.ledger.open_project(self.name, self.plan).id

    def ledger_on(self, engine: Engine) -> Ledger:
        """Give the ledger as another caller has it: on a line of its own, with these limits."""
        return Ledger(engine, blobs=self.blobs, publishing=self.publishing)

    @property
    def publishing(self) -> Publishing:
        return Publishing(archive=self.limits, embedding_model=Settings().embedding_model)

    def publisher(self, plan: Plan | None = None) -> Publisher:
        return Publisher(self.engine, self.project, plan or self.plan, self.blobs, self.publishing)

    def uri(self, name: str) -> str:
        return f"file:///corpus/{name}"

    def document(self, name: str) -> str:
        return identity.document_id(self.project, self.uri(name))

    def found(self, name: str, stamp: str = "1", size: int = 10) -> FoundFile:
        return FoundFile(uri=self.uri(name), source=f"corpus/{name}", size=size, stamp=stamp)

    def content(self, data: str) -> str:
        return identity.content_id(self.project, sha_of(data), MEDIA)

    def run(self, lease: float = 60.0) -> str:
        return self.ledger.start_run(self.project, lease)

    def claimed(self, run: str, *names: str) -> list[Claimed]:
        """Record documents and claim all there are."""
        self.ledger.record_documents(self.project, [self.found(name) for name in names])
        return list(self.ledger.claim(run, 1000))

    def claim_of(self, document: str) -> int:
        """Get the number under which a document is claimed now; 0 if it is not there."""
        return int(self.value(f"SELECT max(claim) FROM documents WHERE id = '{document}'") or 0)

    def identify(self, run: str, plan: Plan | None = None, **data: str) -> dict[str, Any]:
        """Say what the bytes of claimed documents are (`a="text"` is corpus/a.txt)."""
        rows = [
            Identified(
                document_id=self.document(f"{name}.txt"),
                claim=self.claim_of(self.document(f"{name}.txt")),
                sha256=sha_of(words),
                media_type=MEDIA,
                size=len(words),
            )
            for name, words in data.items()
        ]
        works = self.ledger.identified(run, plan or self.plan, rows)
        return {work.document_id: work for work in works}

    def checkpoints(
        self,
        data: str,
        payloads: dict[StageName, Payload] | None = None,
        *people: str,
        plan: Plan | None = None,
        chain: Chain | None = None,
        salt: str = "",
    ) -> list[Checkpoint]:
        """Make the checkpoints of a content, from the end of `chain` on.

        `salt` changes the digests, as a stage that is not deterministic would.
        """
        plan = plan or self.plan
        payloads = payloads or payloads_of(data, people)
        chain = chain or Chain()
        made: list[Checkpoint] = []
        while (stage := chain.gap) is not None:
            print_ = plan.fingerprint(stage, chain, sha_of(data), MEDIA)
            digest = identity.checkpoint_digest(print_, payloads[stage]) + salt
            made.append(
                Checkpoint(
                    content=self.content(data),
                    stage=stage,
                    fingerprint=print_,
                    digest=digest,
                    payload=codec.encode(payloads[stage]),
                    seconds=0.5,
                )
            )
            chain = chain.extended(ChainLink(stage=stage, fingerprint=print_, digest=digest))
        return made

    def publish(self, name: str, data: str, *people: str, **more: Any) -> None:
        """Bring one new document all the way."""
        run = self.run()
        self.claimed(run, f"{name}.txt")
        self.identify(run, **{name: data})
        self.publisher().persist(self.checkpoints(data, more.get("payloads"), *people))

    def failures(self) -> list[FailureRow]:
        """List the project's failures as the command does."""
        return list(project_reader.failures(self.engine, self.project))

    def delete(self) -> int:
        """Delete the project as the command does, once its runs have ended."""
        for (run,) in self.rows("SELECT id::text FROM runs WHERE ended_at IS NULL"):
            self.ledger.end_run(run, "finished", {})
        return delete_project(self.engine, self.name, blobs=self.blobs).documents

    def held(self, objects: Sequence[str]) -> list[str]:
        """Say which of these objects are in the store."""
        there = []
        with tempfile.TemporaryDirectory() as folder:
            for sha256 in objects:
                with suppress(PermanentError):
                    self.blobs.fetch(sha256, Path(folder) / "object")
                    there.append(sha256)
        return there

    def rows(self, sql: str, **parameters: object) -> list[Any]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), parameters)]

    def value(self, sql: str, **parameters: object) -> Any:
        [[only]] = self.rows(sql, **parameters)
        return only

    def status(self, name: str) -> tuple[str, bool, str | None]:
        """Give a document's status, whether it is stale, and what readers see of it."""
        [row] = self.rows(
            "SELECT status, stale, content_id::text FROM documents WHERE uri = :uri",
            uri=self.uri(name),
        )
        return row
