"""What reads documents, by name and version: part of the `ocr` stage's fingerprint."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version

# All that put a character, an offset or a member into an answer.
LIBRARIES = (
    "charset-normalizer",
    "inscriptis",
    "lxml",
    "openpyxl",
    "pillow",
    "py3langid",
    "pypdfium2",
    "python-docx",
    "python-oxmsg",
    "python-pptx",
    "tesserocr",
)


def parser_versions(language: str) -> str:
    """Name the libraries, tesseract itself, and its models by the start of their hash."""
    from pipeline.engines.tesseract import tesseract_version

    named = [f"{library}={_version(library)}" for library in LIBRARIES]
    return " ".join([*named, f"tesseract={tesseract_version()}", *_models(language)])


def _version(library: str) -> str:
    """Read a library's version; a missing one is told by `doctor`, and decides results too."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "missing"


def _models(language: str) -> list[str]:
    """Name the OCR models: one for each language, and the one that tells which way is up."""
    from pipeline.engines.tesseract import find_tessdata

    folder = find_tessdata()
    named = []
    for model in (*language.split("+"), "osd"):
        path = folder / f"{model}.traineddata" if folder else None
        if path is None or not path.is_file():
            named.append(f"tessdata-{model}=missing")
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        named.append(f"tessdata-{model}={digest[:16]}")
    return named
