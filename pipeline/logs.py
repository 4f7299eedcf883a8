"""What a process writes down: a line of JSON for each record, with the run, the document and the
stage it is about, and never a secret or a document's words.

Our own messages are written so that they hold neither. What an exception, or another library, says
may hold either, and is told by its kind and its place alone, unless the level is DEBUG.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from pipeline.errors import UnavailableError
from pipeline.settings import Settings

OURS = "actors", "pipeline", "faults"
HIDDEN, SHORTEST_SECRET = "***", 4
CARRIED = "run", "stage", "document", "documents", "error"
SILENCED = "another library's words are shown at log.level = DEBUG"
MOST_FRAMES, MOST_DOCUMENTS = 30, 8

_ABOUT: ContextVar[Mapping[str, Any]] = ContextVar("about", default={})  # noqa: B039 - never changed


@contextmanager
def about(**what: Any) -> Iterator[None]:
    """Say what the records of the block are about: `document`, `documents` or `stage`."""
    token = _ABOUT.set({**_ABOUT.get(), **what})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def about_documents(documents: Sequence[str]) -> dict[str, Any]:
    """Name documents for `about`, by their ids; of many some."""
    if len(documents) == 1:
        return {"document": documents[0]}
    return {"documents": list(documents[:MOST_DOCUMENTS])}


def begin(settings: Settings, **always: str) -> logging.Handler:
    """Let this process write JSON from now on, to `log.file`, else to standard error; `always` is
    in each line. Give the handler; one that was there before is taken away. Raises UnavailableError
    for a file that cannot be written.
    """
    root, file = logging.getLogger(), settings.log.file
    made = logging.StreamHandler(sys.stderr) if file is None else _opened(file)
    for handler in [x for x in root.handlers if isinstance(x.formatter, JsonLines)]:
        end(handler)
    words = settings.log.level == "DEBUG"
    made.setFormatter(JsonLines(secrets_of(settings), always, words=words))
    root.addHandler(made)
    # A library's DEBUG may print all that it sends.
    root.setLevel(logging.INFO if words else max(logging.WARNING, _number(settings.log.level)))
    for name in OURS:
        logging.getLogger(name).setLevel(_number(settings.log.level))
    logging.captureWarnings(capture=True)
    return made


def _opened(file: Path) -> logging.Handler:
    """Open a file at once: one that is opened for the first record raises to whoever logs that."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return logging.FileHandler(file, encoding="utf-8")
    except OSError as error:
        raise UnavailableError(
            f"the log cannot be written to {file} ({error.strerror}); set CASEGRAPH_LOG__FILE to a "
            "file that whoever runs this may write, on each node, or unset it"
        ) from error


def end(handler: logging.Handler) -> None:
    """Write nothing more there."""
    logging.captureWarnings(capture=False)
    logging.getLogger().removeHandler(handler)
    handler.close()


@contextmanager
def kept(settings: Settings, **always: str) -> Iterator[None]:
    """Write what this process logs within the block to `log.file`, where that is set, and what is
    worth a person's attention to standard error as ever. Raises what `begin` does.
    """
    spoken = logging.StreamHandler(sys.stderr)
    spoken.setLevel(logging.WARNING)
    words = settings.log.level == "DEBUG"
    spoken.setFormatter(Lines(secrets_of(settings), words=words))
    with ExitStack() as handlers:
        if settings.log.file is not None:
            handlers.callback(end, begin(settings, **always))
        logging.getLogger().addHandler(spoken)
        handlers.callback(logging.getLogger().removeHandler, spoken)
        yield


class Lines(logging.Formatter):
    """Writes what records say, for a person to read, but for secrets. `words` says that what others
    say may be shown.
    """

    def __init__(self, secrets: Sequence[str], *, words: bool) -> None:
        super().__init__()
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._words = words

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        if self._words:
            return self._hidden(super().format(record))
        if record.name.partition(".")[0] not in OURS:
            return f"{record.levelname} of {record.name}: {SILENCED}"
        raised = record.exc_info and record.exc_info[0]
        kind = f" ({raised.__module__}.{raised.__qualname__})" if raised else ""
        return self._hidden(record.getMessage() + kind)

    def _hidden(self, text: str) -> str:
        """Take the secrets out of a text."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


class JsonLines(Lines):
    """Writes records as JSON, one a line; `always` is in each."""

    def __init__(self, secrets: Sequence[str], always: Mapping[str, str], *, words: bool) -> None:
        escaped = [json.dumps(secret, ensure_ascii=False)[1:-1] for secret in secrets]
        super().__init__(escaped, words=words)
        self._always = dict(always)

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        ours = record.name.partition(".")[0] in OURS
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage() if ours or self._words else SILENCED,
            **self._always,
            **_ABOUT.get(),
            **{key: record.__dict__[key] for key in CARRIED if key in record.__dict__},
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= self._fault(record.exc_info[1])
        return self._hidden(json.dumps(line, ensure_ascii=False, default=str))

    def _fault(self, error: BaseException) -> dict[str, Any]:
        """Say what was raised and where, without the words of it."""
        frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
        told: dict[str, Any] = {
            "raised": f"{type(error).__module__}.{type(error).__qualname__}",
            "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        cause = error.__cause__ or error.__context__
        if cause is not None:
            told["because"] = f"{type(cause).__module__}.{type(cause).__qualname__}"
        return told | ({"words": str(error)} if self._words else {})


def secrets_of(settings: Settings) -> list[str]:
    """Name what must stand nowhere: secret settings, and the passwords within URLs, as they are
    written there and as they are meant.
    """
    found = {form for secret in _secrets(settings) for form in (secret, *_passwords(secret))}
    return [secret for secret in found if len(secret) >= SHORTEST_SECRET]


def _secrets(section: BaseModel) -> Iterator[str]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from _secrets(value)
        elif isinstance(value, str) and "://" in value:
            yield from _passwords(value)


def _passwords(url: str) -> set[str]:
    """Take the passwords out of a URL, with and without their percent signs; none out of what is
    none. A server's own library may cut it where another would not.
    """
    found = set(re.findall(r"[?&]password=([^&#]*)", url))
    with suppress(ValueError):
        found.add(urlsplit(url).password or "")
    with suppress(ArgumentError, ValueError):
        found.add(str(make_url(url).password or "") if "://" in url else "")
    return found | {unquote(one) for one in found}


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level]
