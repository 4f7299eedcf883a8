"""What is told of a process that died: why, in one line, and its last words. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.documents import StageName

LONGEST_MESSAGE = 500
LONGEST_TAIL = 4_096
DEATH = "Worker exit detail:"
GUESSES = "Some common causes include"
OUT_OF_MEMORY = ("MemoryError", "bad_alloc", "an't allocate memory", "annot allocate memory")
"""What libraries say when the system gives them no more, in whatever words it stands."""
KILLED_FOR_MEMORY = "running low on memory"
"""What Ray says of a process that it killed because its machine has no more."""
CHOSEN = "Selected to kill: "
"""What a node says before it kills a process for that, with the process's id; Ray says nothing of
it when it starts the process again.
"""
FATAL = "Fatal Python error"
BY_RAY = re.compile(
    r":(job_id|actor_name|task_name):|\[\d{4}-\d\d-\d\d .*|\*\*\* SIG.*|PC: @.*| +@ +0x.*"
    r"|\(\w+ pid=\d+\).*|Extension modules: .*"
)
"""Lines in a process's log that say nothing of what it worked on."""
BUSY = re.compile(
    r'concurrent/futures/thread\.py", line \d+ in run$|stage_actor\.py", line \d+ in load$',
    re.MULTILINE,
)
"""Stands in the stack of a thread that works for a stage, or loads its models."""


OURS = re.compile(r"^pipeline\.errors\.\w+: ")


class LastWords(NamedTuple):
    """What a process left: the end of its log, where it was when its time was over, and whether its
    node killed it for memory.
    """

    log: str = ""
    late: str = ""
    chosen: bool = False


class Death(NamedTuple):
    """Why a process died while it worked: a word, a line, and its last words."""

    error: str
    message: str
    tail: str


def told_by(error: Exception) -> str:
    """Take the error itself out of what Ray tells of one that crossed processes."""
    if KILLED_FOR_MEMORY in str(error):
        return "it was killed, since its machine had no memory left"
    if DEATH in str(error):
        return death_of(str(error))
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return OURS.sub("", lines[-1]) if lines else type(error).__name__


def death_of(words: str) -> str:
    """Take what is known of a process's death from Ray's words, without ids and guesses."""
    known = words.partition(DEATH)[2] or words.strip().splitlines()[-1]
    return " ".join(known.partition(GUESSES)[0].split())[:LONGEST_MESSAGE]


def explained(stage: StageName, words: str, last: LastWords, *, silent: bool) -> Death:
    """Say why a stage's process died, from Ray's words and its own. One that was `silent` gave no
    sign of life, and was ended for it.
    """
    stack = of_who_worked(last.late)[:LONGEST_TAIL]
    tail = stack.strip() or tail_of(cleaned(last.log))
    if last.late:
        message = (
            f"the {stage} stage works on this document for longer than limits.stage_seconds "
            "allows; raise it, or split the document"
        )
        return Death("stage_timeout", message, tail)
    if silent:
        message = (
            f"the {stage} process gave no sign of life for longer than limits.stage_seconds allows "
            "and was ended"
        )
        return Death("stage_timeout", message, tail)
    if ran_out_of_memory(last.log):
        message = (
            f"the {stage} stage takes more memory for this document than limits.stage_memory_bytes "
            "allows; raise it, or split the document"
        )
        return Death("stage_memory", message, tail)
    if last.chosen or KILLED_FOR_MEMORY in words:
        message = (
            f"the machine had no memory left while the {stage} process worked on this document; "
            "give it more, or lower run.actors and limits.stage_memory_bytes"
        )
        return Death("no_memory", message, tail)
    message = f"the {stage} process died while it worked on this document: {death_of(words)}"
    return Death("worker_died", message, tail)


def gist(last: LastWords) -> str:
    """Take the line that says most of last words: where it was, how it ended; empty for none."""
    stack = of_who_worked(last.late).splitlines()
    where = [line.strip() for line in stack if line.startswith("  File")]
    if where:
        return f"it was at {where[0]}"
    said = [line.strip() for line in cleaned(last.log).splitlines() if line.strip()]
    fatal = [line for line in said if line.startswith(FATAL)]
    return (fatal or said or [""])[-1][:LONGEST_MESSAGE]


def ran_out_of_memory(words: str) -> bool:
    """Say whether words tell that the system gave no more memory."""
    return any(told in words for told in OUT_OF_MEMORY)


def was_chosen(pid: int, node: str) -> bool:
    """Say whether a node's words tell that it killed a process because it had no more memory."""
    return any(CHOSEN in line and f" pid={pid}," in line for line in node.splitlines())


def of_who_worked(stacks: str) -> str:
    """Take the stacks of the threads that worked for the stage, if any did, of all."""
    each = stacks.split("\n\n")
    return "\n\n".join([stack for stack in each if BUSY.search(stack)] or each)


def raised_in(traceback: str) -> str:
    """Take the stack of an error that crossed processes, without the process's ids."""
    lines = traceback.splitlines()
    return "\n".join(line for line in lines if "ray::" not in line and line.strip(" ^~"))


def cleaned(log: str) -> str:
    """Take out of a process's log what Ray and Python write into each."""
    return "\n".join(line for line in log.splitlines() if not BY_RAY.fullmatch(line))


def tail_of(words: str) -> str:
    """Take the end of words, in whole lines and no longer than is kept; from the last that Python
    itself said on, which names the most recent call first.
    """
    words = words.strip()
    if (fatal := words.rfind(FATAL)) >= 0:
        return words[fatal : fatal + LONGEST_TAIL]
    if len(words) <= LONGEST_TAIL:
        return words
    cut = words[-LONGEST_TAIL:]
    return cut.partition("\n")[2] or cut
