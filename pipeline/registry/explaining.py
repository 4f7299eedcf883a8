"""Says in words why names are one thing, why others are not, and what people decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import Any

from pipeline.name_marks import MARKS, OF_A_PERSON, ONE_OF_TWO, is_open, parted
from pipeline.registry.decisions import Decision, DecisionKind, Group, RawName
from pipeline.registry.misses import Why
from pipeline.registry.verdicts import EXPLANATIONS, Verdict

LONGEST_SHOWN = 80
MOST_SHOWN = 4

VERDICTS: Mapping[str, str] = {
    "same": "one name",
    "shorter": "one says less",
    "like": "probably one name, misspelt",
    "unsure": "not sure",
    "apart": "two names",
}

WHYS: Mapping[str, str] = {
    Why.UNSURE: "only a person can tell",
    Why.AMBIGUOUS: "it can stand for more than one, so it joins none",
    Why.APART: "not all names of both sides agree",
    Why.DECIDED: "somebody decided that they are two",
    Why.TOLD: "they are two until somebody decides that they are one",
    Why.CROWDED: "too many names are like these to join what is not surely the same",
}

# What a document shows of a full name (`pipeline.name_marks`).
SHOWN: Mapping[str, str] = {
    OF_A_PERSON: "there shown to be a person",
    ONE_OF_TWO: "there told from who is called so without Jr, Sr or II",
}

# How a document's short form was linked to the full one (`pipeline.documents.Link`).
LINKS: Mapping[str, str] = {
    "surname": "the surname of one person in the document",
    "acronym": "letters that stand for a name in the document",
    "short": "a shorter form of a name in the document",
    "definition": "a term that the document defines",
    "alias": "another name that the document gives",
    "title": "a title that one person in the document has",
}


def shown(text: str, longest: int = LONGEST_SHOWN) -> str:
    """Write foreign text on one line, without what a terminal would obey, and not too long: cut
    where a word ends, if one does.
    """
    # A name may be a book: what is behind the part shown is not looked at.
    line = " ".join(text[: 20 * longest].split())
    line = "".join(sign for sign in line if sign.isprintable())
    if len(line) <= longest and len(text) <= 20 * longest:
        return line
    if len(line) > longest:
        blank = line.rfind(" ", longest // 2, longest)
        line = line[: blank if blank > 0 else longest - 1]
    return f"{line.rstrip()}…"


def several(texts: Sequence[str], most: int = MOST_SHOWN, total: int | None = None) -> str:
    """List some texts and say how many more there are, of `total`."""
    listed = ", ".join(shown(text) for text in texts[:most])
    more = (len(texts) if total is None else total) - min(len(texts), most)
    return f"{listed} and {more:,} more" if more > 0 else listed


def numbered(numbers: Sequence[int]) -> str:
    """List decisions by their numbers."""
    *first, last = [str(number) for number in numbers]
    if not first:
        return f"decision {last}"
    if len(first) >= MOST_SHOWN:
        return f"decisions {several([*first, last])}"
    return f"decisions {', '.join(first)} and {last}"


def rules_in_words(rules: Sequence[str]) -> list[str]:
    """Say what each rule of a comparison means. One of an earlier version stands for itself."""
    return [EXPLANATIONS.get(rule, rule) for rule in rules]


def reasons(rules: Sequence[str]) -> list[dict[str, Any]]:
    """Write the rules of a comparison with what they mean."""
    words = rules_in_words(rules)
    return [{"rule": rule, "words": said} for rule, said in zip(rules, words, strict=True)]


def linked(via: Mapping[str, int]) -> str:
    """Say why a short form belongs, of how often each rule linked it in a document."""
    rules = sorted(via, key=lambda rule: (-via[rule], rule))
    words = [LINKS.get(rule, rule) for rule in rules]
    if len(rules) == 1:
        return words[0]
    return "; ".join(f"{said} ({via[rule]:,})" for rule, said in zip(rules, words, strict=True))


def compared(card: Mapping[str, Any]) -> str:
    """Say what a comparison found, of a card with its verdict, score and reasons."""
    words = "; ".join(reason["words"] for reason in card["reasons"])
    verdict = card["verdict"]
    if verdict == Verdict.APART:
        return words
    return f"{words or VERDICTS.get(verdict, verdict)} ({verdict}, {card['score']:.2f})"


def mark_told(normal: str) -> str:
    """Say what the documents that a name is of show beside it; nothing of most names."""
    if is_open(normal):
        return "there behind the same name with Jr, Sr or II: of that one, or of another"
    return SHOWN.get(parted(normal)[1], "")


def joined(card: Mapping[str, Any]) -> str:
    """Say what joined a name to another: a comparison, or a decision."""
    decision = card.get("decision")
    if decision is None:
        return compared(card)
    whom = f" ({by_whom(decision)})" if "who" in decision else ""
    return f"decision {decision['number']}{whom}"


def kept_out(card: Mapping[str, Any]) -> str:
    """Say why a name stayed out: what is alike, and what stands against it."""
    decision = card["decision"]
    if decision is not None:
        return f"decision {decision['number']} keeps them apart ({by_whom(decision)})"
    return f"{compared(card)}; {why_apart(card['why'])}"


def why_apart(why: str) -> str:
    """Say why two names did not join."""
    return WHYS.get(why, why)


def decision_card(
    decision: Decision, written: Mapping[RawName, str] | None = None
) -> dict[str, Any]:
    """Write a decision as a plain value; `written` has how texts write what is bound by no words of
    theirs. Where two of its groups have names of the same words, it says what marks one of them.
    """
    written = written or {}
    said = [{x.casefold() for x in _as_said(group, written)} for group in decision.groups]
    twice = {words for one, other in combinations(said, 2) for words in one & other}
    return {
        "number": decision.number,
        "kind": decision.kind.value,
        "who": decision.who,
        "when": decision.when,
        "why": decision.why,
        "names": [_as_said(group, written, twice) for group in decision.groups],
        "undoes": decision.undoes,
        "undone_by": decision.undone_by,
    }


def by_whom(card: Mapping[str, Any]) -> str:
    """Say who decided, when and why."""
    why = f": {shown(card['why'])}" if card["why"] else ""
    return f"{shown(card['who'])}, {card['when'][:10]}{why}"


def decided(card: Mapping[str, Any]) -> str:
    """Say what a decision is about, in a few words."""
    if card["undoes"] is not None:
        return f"takes decision {card['undoes']} back"
    sides = [several(group) for group in card["names"]]
    if card["kind"] == DecisionKind.MERGE:
        return f"{' = '.join(sides)}"
    if card["kind"] == DecisionKind.NEVER:
        return f"{' ≠ '.join(sides)}"
    if card.get("documents"):
        return f"{sides[0]} is another in {several(card['documents'])}"
    return f"{sides[0]} out of {sides[1]}" if len(sides) > 1 else sides[0]


def _as_said(
    group: Group, written: Mapping[RawName, str], twice: Collection[str] = ()
) -> list[str]:
    """Give the words of a group as the texts have them, each once in whatever case: a normal form
    comes behind the words that lead to it, and stands for itself where there are none.
    """
    said: dict[str, RawName] = {}
    for before, raw in zip([None, *group], group, strict=False):
        if not raw.exact or before is None or before.exact:
            normal, mark = parted(raw.words)
            words = " ".join(parted(written.get(raw, normal))[0].split())
            if mark and words.casefold() in twice:
                words = f"{words} ({MARKS[mark]})"
            known = said.get(words.casefold())
            if known is None or (known.exact and not raw.exact):
                said[words.casefold()] = raw._replace(words=words)
    return [raw.words for raw in said.values()]
