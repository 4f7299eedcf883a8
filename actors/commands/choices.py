"""Settings that a command takes from its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.settings import Settings


def chosen(
    extractor: str | None,
    relations: str | None,
    model: str | None,
    context: str | None,
    address: str | None = None,
) -> Settings:
    """Read the settings, with what was chosen instead of theirs; a model is that of whoever is
    asked: see `--model`. Raises UsageError for settings that are wrong.
    """
    from pipeline.settings import load_settings

    parts = {
        "extract": {"extractor": extractor},
        "relate": {"relations": relations},
        "llm": {"context": context},
        "run": {"address": address},
    }
    given = {
        section: {name: value for name, value in values.items() if value is not None}
        for section, values in parts.items()
    }
    settings = load_settings(**given)
    if model is None:
        return settings
    asks = "llm" in (settings.extract.extractor, settings.relate.relations)
    own = settings.extract.extractor == "transformers" or not asks
    given["extract" if own else "llm"]["model"] = model
    return load_settings(**given)
