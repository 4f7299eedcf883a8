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
EITHER_OF_TWO = ", either"
"""Of a name without a generation, where the document first names somebody with one: "robert f
kennedy, either" behind "Robert F. Kennedy Jr." is one of the two, whoever they turn out to be."""
MARKS = {OF_A_PERSON: "a person", ONE_OF_TWO: "one of two", EITHER_OF_TWO: "either of two"}
"""The marks, each with what it says of its name."""


def parted(normal: str) -> tuple[str, str]:
    """Part a normal form from its mark, which is empty if it has none."""
    for mark in MARKS:
        if normal.endswith(mark):
            return normal.removesuffix(mark), mark
    return normal, ""


def unmarked(normal: str) -> str:
    """Give a normal form without its mark."""
    return parted(normal)[0]
