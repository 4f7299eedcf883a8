"""Five small stages without models: the same text gives the same graph, in a millisecond.

A text names people as "Ann Lee"; whoever share a line have met. A file whose first line is
`members` holds documents: each further line is the text of one.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from faults import planted, poison, stage_processes
from pipeline.assembly import Hosted, Stores
from pipeline.documents import (
    Chunk,
    Chunks,
    DocumentFailure,
    ExtractedText,
    Link,
    Member,
    Mention,
    Mentions,
    MentionType,
    Name,
    NamedText,
    Names,
    NameScope,
    Page,
    Pages,
    Payload,
    Predicate,
    Relationship,
    Relationships,
    Source,
    StageName,
)
from pipeline.errors import UnavailableError
from pipeline.registry.profiles import Profile
from pipeline.registry.verdicts import Comparison, Verdict, unsure
from pipeline.scratch import scratch
from pipeline.settings import Settings
from pipeline.sources import Fetcher, Identified, Located
from pipeline.stage import STAGES, Plan, StageIdentity
from pipeline.stores.protocols import Blobs

planted.apply()

PERSON = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+")
FAILS = "cannot be read"
BREAKS, KILLS = "breaks a stage", "kills a process"
"""What makes `extract` raise, and end its process, whenever it comes to it."""
SECONDS = "SMALL_STAGE_SECONDS"
BURNS = "SMALL_STAGE_BURNS"
"""How many seconds of its core each input really takes."""
HOLDS = "SMALL_STAGE_HOLDS"
"""A file: no stage after `ocr` goes on while it is there."""
HOARDS = "SMALL_STAGE_HOARDS"
"""How many bytes each input leaves behind in the process for ever."""
RAISES = "SMALL_STAGE_RAISES"
"""A file that is made by the stage that raises, once: who finds it there does not."""
STARTS = "SMALL_STAGE_STARTS"
"""How `extract` comes to its end before it is there: `misses` its model, `exits`, `sleeps`."""
CUTS = "SMALL_STAGE_CUTS"
"""A file that is made by the process that cuts its connections to the coordinator, once."""
SICK = "SMALL_STAGE_SICK"
"""A stage whose process ends whatever it works on."""
WRITES = "SMALL_STAGE_WRITES"
"""A file, a colon, and the source over which it is moved as soon as that is identified."""
SEES = "SMALL_STAGE_SEES"
"""A file to which each stage adds a line as it is built: its name, and the GPUs that it sees."""

_hoarded: list[bytes] = []
_ASHES = b"x" * (64 << 10)


@dataclass(frozen=True)
class SmallStage:
    """One of the five: a function of one input."""

    name: StageName
    work: Callable[[Any], Payload | DocumentFailure]

    @property
    def identity(self) -> StageIdentity:
        return StageIdentity(stage=self.name, version="small 1")

    def __call__(self, inputs: Sequence[Any]) -> Sequence[Any]:
        # Stands for the time a model takes: else a run is over before anything can happen to it.
        time.sleep(float(os.environ.get(SECONDS, "0")) * len(inputs))
        burn(float(os.environ.get(BURNS, "0")) * len(inputs))
        held = os.environ.get(HOLDS)
        while held and self.name is not StageName.OCR and Path(held).exists():
            time.sleep(0.02)
        if once := os.environ.get(RAISES):
            raise_once(Path(once))
        if once := os.environ.get(CUTS):
            cut_once(Path(once))
        if os.environ.get(SICK) == self.name:
            os._exit(12)
        _hoarded.append(b"x" * int(os.environ.get(HOARDS, "0")) * len(inputs))
        for value in inputs:
            poison.taken(self.name, poison.text_of(value))
        return [self.work(value) for value in inputs]


def burn(seconds: float) -> None:
    """Compute for so many seconds of this thread's own CPU time, as a model does: without holding
    up the other threads of the process.
    """
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        hashlib.sha256(_ASHES)


def raise_once(marker: Path) -> None:
    """Raise, unless somebody has."""
    with suppress(FileExistsError):
        marker.touch(exist_ok=False)
        raise RuntimeError("a stage was to raise once")


def cut_once(marker: Path) -> None:
    """Cut the connections of this process to the coordinator, unless somebody has."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    here = psutil.Process()
    [coordinator] = [x for x in here.parent().children() if x.name().startswith("ray::RunCoord")]
    theirs = {connection.laddr for connection in coordinator.net_connections("tcp")}
    mine = [x for x in here.net_connections("tcp") if x.raddr and x.raddr in theirs]
    for connection in mine:
        with socket.socket(fileno=os.dup(connection.fd)) as opened:
            opened.shutdown(socket.SHUT_RDWR)
    marker.write_text(f"{len(mine)}")


def write_when_identified(later: Path, source: Path) -> None:
    """Let this process move a file over a source that it has identified and not read yet."""
    identify = Fetcher.identify

    def then(self: Fetcher, located: Located) -> Identified | DocumentFailure:
        found = identify(self, located)
        if located.uri == source.as_uri():
            with suppress(FileNotFoundError):
                later.replace(source)
        return found

    Fetcher.identify = then  # type: ignore[method-assign]


def read(source: Source, blobs: Blobs) -> Pages | DocumentFailure:
    text = Path(source.path).read_text("utf-8")
    if FAILS in text:
        return DocumentFailure(stage=StageName.OCR, error="unreadable", message="it says so")
    members: list[Member] = []
    if text.startswith("members\n"):
        lines, text = text.splitlines()[1:], ""
        with scratch() as folder:
            for number, line in enumerate(lines):
                path = folder / "member"
                path.write_text(line)
                sha256 = hashlib.sha256(line.encode()).hexdigest()
                blobs.put_file(path, sha256)
                members.append(Member(path=f"{number}.txt", sha256=sha256, size=len(line)))
    return Pages(
        text=text,
        pages=(Page(number=1, start=0, end=len(text)),),
        members=tuple(members),
    )


def cut(pages: Pages) -> Chunks:
    spans = [found.span() for found in re.finditer(r"[^\n]+", pages.text)]
    return Chunks(
        chunks=tuple(
            Chunk(
                start=start, end=end, page=1, text=pages.text[start:end], sentences=((start, end),)
            )
            for start, end in spans
        ),
        page_starts=(0,),
    )


def find(chunks: Chunks) -> Mentions:
    for chunk in chunks.chunks:
        if KILLS in chunk.text:
            os._exit(11)
        if BREAKS in chunk.text:
            raise ValueError(f"no such word: {chunk.text}")
    return Mentions(
        mentions=tuple(
            Mention(
                start=chunk.start + found.start(),
                end=chunk.start + found.end(),
                text=found.group(),
                type=MentionType.PERSON,
                page=1,
                model="small",
            )
            for chunk in chunks.chunks
            for found in PERSON.finditer(chunk.text)
        )
    )


def name(of: ExtractedText) -> Names:
    mentions = of.mentions.mentions
    normals = sorted({mention.text.lower() for mention in mentions})
    return Names(
        names=tuple(
            Name(
                type=MentionType.PERSON,
                normal=x,
                scope=NameScope.PROJECT,
                keys=(x[:3], x.split()[-1]),
            )
            for x in normals
        ),
        links=tuple(Link(name=normals.index(mention.text.lower())) for mention in mentions),
    )


def relate(of: NamedText) -> Relationships:
    mentions = of.mentions.mentions
    lines = [(chunk.start, chunk.end) for chunk in of.chunks.chunks]
    return Relationships(
        relationships=tuple(
            Relationship(
                subject=index,
                predicate=Predicate.MET,
                object=index + 1,
                start=start,
                end=end,
                score=0.9,
                rule="small.met",
            )
            for start, end in lines
            for index in range(len(mentions) - 1)
            if start <= mentions[index].start and mentions[index + 1].end <= end
        )
    )


class SmallRules:
    """Makes entities without books: Ann and Bob of one surname are one, and so are Cleo and Dan,
    and so on; others of one surname are near misses where their given names are as long.
    """

    version = "small 1"

    def normal(self, type_: str, words: str, /) -> str:
        return words.lower()

    def profile(self, type_: str, normal: str, /) -> Profile:
        return Profile(MentionType(type_), normal, normal, tuple(normal.split()))

    def compare(self, one: Profile, other: Profile, /) -> Comparison | None:
        (mine, family), (theirs, another) = one.tokens, other.tokens
        if family != another:
            return None
        if (ord(mine[0]) + 1) // 2 == (ord(theirs[0]) + 1) // 2:
            return Comparison(Verdict.SAME, 0.95, ("small",))
        return unsure("small") if len(mine) == len(theirs) else None


def embed(texts: Sequence[str]) -> list[np.ndarray]:
    """Make a vector of a text's hash."""
    vectors = []
    for text in texts:
        bits = np.frombuffer(hashlib.shake_256(text.encode()).digest(384), np.uint8)
        vector = bits.astype(np.float32) - 127.5
        vectors.append(vector / np.linalg.norm(vector))
    return vectors


def plan(_settings: Settings | None = None, _shown: object = None) -> Plan:
    return Plan(identities=tuple(SmallStage(stage, cut).identity for stage in STAGES))


@dataclass(frozen=True)
class Named:
    """A stage under another name, as if another version of it did the same."""

    stage: Any
    identity: StageIdentity

    def __call__(self, inputs: Sequence[Any]) -> Sequence[Payload | DocumentFailure]:
        answers: Sequence[Payload | DocumentFailure] = self.stage(inputs)
        return answers


def as_planned(
    host: Callable[[StageName, Settings, Stores], Hosted], plan: Plan
) -> Callable[[StageName, Settings, Stores], Hosted]:
    """Let stages have the names that a plan gives them."""

    def hosted(stage: StageName, settings: Settings, stores: Stores) -> Hosted:
        built = host(stage, settings, stores)
        return replace(built, stage=Named(built.stage, plan.identity_of(stage)))

    return hosted


def start(how: str) -> None:
    """Come to such an end."""
    if how == "misses":
        raise UnavailableError("the model is not installed: pip install it")
    poison.KINDS[how]()


def host(stage: StageName, _settings: Settings, stores: Stores) -> Hosted:
    stage_processes.sign_in(stage)
    if stage is StageName.EXTRACT and STARTS in os.environ:
        start(os.environ[STARTS])
    work: dict[StageName, Callable[[Any], Any]] = {
        StageName.OCR: lambda source: read(source, stores.blobs),
        StageName.CHUNK: cut,
        StageName.EXTRACT: find,
        StageName.RESOLVE: name,
        StageName.RELATE: relate,
    }
    if SEES in os.environ:
        with Path(os.environ[SEES]).open("a") as seen:
            seen.write(f"{stage} {os.environ.get('CUDA_VISIBLE_DEVICES', '')}\n")
    if stage is StageName.OCR and WRITES in os.environ:
        later, source = os.environ[WRITES].split(":")
        write_when_identified(Path(later), Path(source))
    embedder = embed if stage is StageName.CHUNK else None
    return Hosted(SmallStage(stage, work[stage]), embed=embedder)
