"""What the system has none left of for a moment: no document is to blame for that."""

from __future__ import annotations

import errno

SHORT_OF = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


def is_shortage(error: OSError) -> bool:
    """Say whether the system has no process, memory or file left at the moment."""
    return error.errno in SHORT_OF
