"""Serves a model as OpenAI's API, by llama.cpp in a process of its own: `serving.py MODEL.gguf`.

It says where, and serves until its standard input ends, as it does when who started it is gone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONTEXT, SLOTS = 16_384, 2
"""Tokens of all slots together. Each task has a slot, in which its beginning stays read."""
THREADS = 1
"""More than there are idle cores is far slower: they wait for each other by spinning."""
END_SECONDS = 10.0


@contextmanager
def served(model: Path, log: Path) -> Iterator[str]:
    """Give the base URL of a server for a model, which ends with the block.

    Raises RuntimeError with the end of the log if it does not start.
    """
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(model)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    with process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise RuntimeError(f"no server for {model}:\n{log.read_text('utf-8')[-2000:]}")
            yield url
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Let a server end, and end it where it does not."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def serve(model: str) -> None:
    """Serve until standard input ends."""
    import xllamacpp

    # What the server says goes to standard error; standard output has the address alone.
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        given = xllamacpp.CommonParams()
        given.model.path = model
        given.n_ctx, given.n_parallel = CONTEXT, SLOTS
        given.cpuparams.n_threads = given.cpuparams_batch.n_threads = THREADS
        given.hostnames, given.port = ["127.0.0.1"], 0
        server = xllamacpp.Server(given)
        out.write(f"{server.listening_address}/v1\n")
    sys.stdin.read()
    # Its threads may be in the middle of an answer, which nobody waits for any more.
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
