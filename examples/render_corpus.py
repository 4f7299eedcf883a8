"""Render the example corpus again: `python examples/render_corpus.py` from the checkout's root.

Needs the development extras of casegraph, and extract-msg for the one .msg file. The scans in
`corpus/scans` are real ones that nobody here made; they are not touched.
"""

import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from render import documents, letters, scanned
from render.texts import EXAMPLES

CORPUS = EXAMPLES / "corpus"
TRUTH = EXAMPLES / "scans_truth"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    same = path.exists() and path.read_bytes() == data
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()[:12]
    mark = "=" if same else "*"
    print(f"{mark} {digest} {len(data):>8} {path.relative_to(EXAMPLES)}")


def _write_truths(truths: scanned.Truths) -> None:
    """Write what is printed on the rendered scans, and the index of all scans."""
    index = json.loads((EXAMPLES / "sources" / "real_scans.json").read_text("utf-8"))
    for path, pages in truths.items():
        name = f"rendered/{Path(path).stem}.txt"
        _write(TRUTH / name, "\f".join(page.truth for page in pages.values()).encode())
        index[f"corpus/{path}"] = {
            "truth": f"scans_truth/{name}",
            "pages": sorted(pages),
            "origin": "rendered",
            "language": "en",
        }
    ordered = dict(sorted(index.items()))
    _write(TRUTH / "index.json", (json.dumps(ordered, indent=1) + "\n").encode())


def main() -> None:
    """Render every file and print its hash; `*` marks what changed."""
    files: dict[str, bytes] = {}
    truths: scanned.Truths = {}
    for make in (
        documents.press_releases,
        documents.state_department,
        documents.court,
        documents.spreadsheets,
        documents.briefings,
        letters.mails,
    ):
        files |= make()
    for scan in (scanned.archive, scanned.bundle):
        made, printed = scan()
        files |= made
        truths |= printed
    for name, data in files.items():
        _write(CORPUS / name, data)
    _write_truths(truths)


if __name__ == "__main__":
    main()
