"""Makes `pipeline/engines/known_names.txt` from the source archive of rigour:
`python tests/making_known_names.py rigour-2.6.1.tar.gz`.

rigour (MIT; its names are those of Wikidata, CC0) looks names up in a table that it builds in every
process anew, in five seconds and 400 MB. Here are the single words of it in plain Latin letters,
which are all that names are compared by.
"""

from __future__ import annotations

import json
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from rigour.names import tokenize_name

TABLE = Path(__file__).resolve().parents[1] / "pipeline" / "engines" / "known_names.txt"


def groups(archive: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield each name's id in rigour with all its spellings."""
    with tarfile.open(archive) as files:
        root = files.getnames()[0].partition("/")[0]

        def read(name: str) -> str:
            file = files.extractfile(f"{root}/rust/data/names/{name}")
            assert file is not None
            return file.read().decode()

        for line in read("person_names.txt").splitlines():
            written, _, id_ = line.rpartition(" => ")
            # Where a name has one spelling, rigour says nothing of it.
            if len(spellings := _normalised(written.split(", "))) > 1:
                yield id_, spellings
        for id_, others in json.loads(read("symbols.json"))["person_name_parts"].items():
            yield id_.upper(), _normalised(others)


def _normalised(spellings: Iterable[str]) -> set[str]:
    return {" ".join(tokenize_name(spelling.casefold())) for spelling in spellings} - {""}


def main() -> None:
    """Write the table: a word a line, with the ids of the names that it can be."""
    archive = Path(sys.argv[1])
    ids: dict[str, set[str]] = defaultdict(set)
    for id_, spellings in groups(archive):
        for word in spellings:
            if word.isascii() and word.isalpha():
                ids[word].add(id_.removeprefix("Q"))
    lines = [f"{word} {' '.join(sorted(ids[word]))}" for word in sorted(ids)]
    head = archive.name.removesuffix(".tar.gz").replace("-", " ")
    TABLE.write_text("\n".join((head, *lines, "")), encoding="ascii")


if __name__ == "__main__":
    main()
