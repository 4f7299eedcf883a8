"""Who is at work, for the record of decisions."""

from __future__ import annotations

import getpass
import os


def login_name() -> str:
    """Name the person by the login name, or the number of a user who has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"
