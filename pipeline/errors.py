"""The exception tree.

CasegraphError
├── UsageError        the user asked for something that cannot be: exit status 2
├── UnavailableError  a service or a file that a command needs is not there: exit status 1
│   └── OverBudgetError  … or money: the run has spent what it may; exit status 4
├── TemporaryError    trying again later may help; the caller retries, nothing is blamed
│   ├── RedisAwayError   … and PostgreSQL serves meanwhile
│   └── StoppedWaitingError   … and who asked is to stop: exit status 130
└── PermanentError    trying again gives the same; the document is blamed

What goes wrong with one document is data (`documents.DocumentFailure`), not an exception that
leaves a stage: a batch always returns one answer for each of its inputs.
"""


class CasegraphError(Exception):
    """Carry one line that says what is wrong and what to do about it."""


class UsageError(CasegraphError):
    """The command line, a setting or a source path is wrong."""


class UnavailableError(CasegraphError):
    """PostgreSQL, Redis, the object store or an installed model cannot be reached."""


class OverBudgetError(UnavailableError):
    """A run has spent what it may on language models; what is done is kept."""


class TemporaryError(CasegraphError):
    """The same call may succeed later."""


class RedisAwayError(TemporaryError):
    """Redis does not answer, is full, or is left alone: PostgreSQL serves instead."""


class StoppedWaitingError(TemporaryError):
    """A service does not answer, and is not waited for, since whoever asked is to stop."""


class PermanentError(CasegraphError):
    """The same call will fail again; `code` is the stable word that `failures` shows."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type["PermanentError"], tuple[str, str]]:
        """Keep both arguments when the error crosses a process border."""
        return (type(self), (self.code, self.message))
