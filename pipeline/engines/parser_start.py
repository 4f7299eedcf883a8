"""How a parser's child is started: in a folder of its own, with an environment that is made from
nothing.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pipeline
from pipeline.engines.parser_folder import ParserFolder
from pipeline.errors import TemporaryError, UnavailableError
from pipeline.shortages import is_shortage

COMMAND = ("-P", "-X", "utf8", "-m")


def started(folder: ParserFolder) -> subprocess.Popen[bytes]:
    """Start a child that uses a folder.

    Raises TemporaryError where the system has no process, memory or file for it now, which is no
    document's fault, and UnavailableError.
    """
    try:
        return subprocess.Popen(
            [sys.executable, *COMMAND, "pipeline.engines.parser_child", *folder.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env=environment(folder),
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        with contextlib.suppress(OSError):  # for the same want; it is swept later
            folder.close()
        kind = TemporaryError if is_shortage(error) else UnavailableError
        raise kind(
            f"the process that reads documents does not start ({error.strerror or error})"
        ) from error


def environment(folder: ParserFolder) -> dict[str, str]:
    """Make the child's environment: nothing of ours but where Python finds its code."""
    variables = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": "/nonexistent",
        "TMPDIR": str(folder.writable),
        "PYTHONPATH": str(Path(pipeline.__file__).parent.parent),
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore",
        "MALLOC_ARENA_MAX": "2",
        "OMP_THREAD_LIMIT": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    kept = ("TESSDATA_PREFIX", "LD_LIBRARY_PATH")
    return variables | {name: os.environ[name] for name in kept if name in os.environ}
