"""Settings as files: a folder in which each is a file of its name, as Kubernetes and Docker mount
secrets. `CASEGRAPH_SECRETS_DIR` names the folder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.errors import UsageError

VARIABLE = "CASEGRAPH_SECRETS_DIR"


def check_secrets(folder: Path, refuse_unknown: Callable[[str, str], None]) -> None:
    """See that each file of the folder is a setting that can be read. Raises UsageError.

    `refuse_unknown` is given the name of a setting and what to call it. What begins with a dot is
    passed over: Kubernetes keeps versions there, to which the files are links.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(
            f"the folder {folder} of {VARIABLE} cannot be read ({error.strerror}); correct the "
            "name, or unset it"
        ) from error
    inside = folder.resolve()
    for entry in entries:
        if entry.name.startswith("."):
            continue
        refuse_unknown(entry.name, f"the file {entry}")
        if not entry.is_file() or inside not in entry.resolve().parents:
            raise UsageError(
                f"{entry} is no file of the folder that {VARIABLE} names; put the setting itself "
                "there"
            )
        try:
            entry.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"{entry} cannot be read ({error.strerror}); let the account of casegraph read it"
            ) from error
        except UnicodeDecodeError:
            raise UsageError(f"{entry} is no text in UTF-8; write it anew") from None
