"""Which language a text is in, by py3langid: a small model that comes with its package."""

from __future__ import annotations

from functools import cache
from typing import Any

SAMPLE_CHARACTERS = 4_000
ENOUGH_LETTERS = 24
ENOUGH_SCORE = 0.5


def detect_language(text: str) -> tuple[str | None, float | None]:
    """Name the language as ISO 639-1 with its probability; (None, None) where nobody could tell.

    The sample is taken from the beginning and the middle: a mail's head or a title page may be
    in another language than what follows.
    """
    sample = text
    if len(text) > SAMPLE_CHARACTERS:
        half, middle = SAMPLE_CHARACTERS // 2, len(text) // 2
        sample = text[:half] + "\n" + text[middle : middle + half]
    if sum(letter.isalpha() for letter in sample) < ENOUGH_LETTERS:
        return None, None
    code, score = _identifier().classify(" ".join(sample.split()))
    if score < ENOUGH_SCORE or len(code) != 2:
        return None, None
    return str(code), round(float(score), 4)


@cache
def _identifier() -> Any:
    """Load the model once a process."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
