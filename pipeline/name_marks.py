"""What a document shows of a full name beside its words: a mark at the end of the normal form.

A marked name is one with the same name of other documents, but for what the mark says it is not.
"""

from __future__ import annotations

OF_A_PERSON = ", person"
"""Of a name that a company has too, where it is the person's: "john rigby, person" is John Rigby,
and never John Rigby LLC."""
ONE_OF_TWO = ", of two"
"""Of a name with a generation (Jr, Sr, II), where who is called so without it is another: "donald
trump jr, of two" is Donald Trump Jr., and never Donald Trump."""
GENERATION = frozenset({"jr", "sr", "ii", "iii", "iv"})
"""What names say of a generation, as normal forms write it."""
OR_NOT = {generation: f", {generation} or not" for generation in sorted(GENERATION)}
"""Of a name without a generation, where the document first names somebody with one: "robert f
kennedy, jr or not" behind "Robert F. Kennedy Jr." is he or another."""
MARKS = {
    OF_A_PERSON: "a person",
    ONE_OF_TWO: "one of two",
    **{mark: mark.removeprefix(", ") for mark in OR_NOT.values()},
}
"""The marks, each with what it says of its name."""
ENDS_OPEN = f", ({'|'.join(OR_NOT)}) or not$"
"""Matches the end of a normal form that leaves open who of two it is."""


def parted(normal: str) -> tuple[str, str]:
    """Part a normal form from its mark, which is empty if it has none."""
    for mark in MARKS:
        if normal.endswith(mark):
            return normal.removesuffix(mark), mark
    return normal, ""


def is_open(normal: str) -> bool:
    """Say whether a name may be either of two."""
    return parted(normal)[1] in OR_NOT.values()


def unmarked(normal: str) -> str:
    """Give a normal form without its mark."""
    return parted(normal)[0]
