"""A filter on system calls (seccomp), for a process that needs to read, compute and write files.

Refused is what leads to others: new sockets, new programs and processes, signals and memory of
other processes, rights and times of files, whatever the kernel offers that a parser has no use
for. It is a list of what is refused, and not of what is allowed: libraries and C libraries differ
in what they ask, and a call that the kernel learned after this was written is unknown to it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Sequence

PR_SET_SECCOMP, FILTER = 22, 2
PR_SET_NO_NEW_PRIVS = 38

# What the program reads: the number of the call, the architecture, the low halves of arguments.
NUMBER, ARCHITECTURE, FIRST, SECOND, THIRD = 0, 4, 16, 24, 32
LOAD, AND, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL = 0x7FFF0000, 0x80000000
REFUSE, UNKNOWN = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS

CLONE_THREAD = 0x10000
X32 = 0x40000000
NEWEST = 450
"""The last call that was looked at; from there on numbers are the same everywhere."""

# x86-64, and the numbers of newer architectures (aarch64), which lack some old ones.
REFUSED: dict[str, tuple[int, int | None]] = {
    # sockets: the stores' are among those that need no network
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242),
    # of a pair too: a datagram goes to whatever path it is addressed to
    "socketpair": (53, 199),
    # programs and processes; clone itself is looked into
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    # other processes of the account: signals, memory, priority, descriptors
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272),
    "setpriority": (141, 140), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "ioprio_set": (251, 30), "migrate_pages": (256, 238), "move_pages": (279, 239),
    # memory and queues that processes of the account share by number or name
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190),
    "semop": (65, 193), "semtimedop": (220, 192), "semctl": (66, 191), "msgget": (68, 186),
    "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    # rights, owners, times and lengths of files anywhere, which Landlock leaves open
    "truncate": (76, 45), "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None),
    "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    # watching what others do with files
    "inotify_init": (253, None), "inotify_init1": (294, 26), "fanotify_init": (300, 262),
    # other views of the system, and ways around a path
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "mount_setattr": (442, 442),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    # what the kernel offers beside: io_uring does all of the above by another door
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "personality": (135, 92),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "vmsplice": (278, 75),
    # memory that is a file, which no limit counts
    "memfd_create": (319, 279), "memfd_secret": (447, 447),
}  # fmt: skip
CLONE = (56, 220)
# clone3 and openat2, whose arguments cannot be seen. C libraries do with the older ones.
UNSEEN = (435, 437)
# Those that name a process: only one's own. The limits of one's own may be named 0.
OF_A_PROCESS = {"kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131)}
PRLIMIT = (302, 261)
# Those that do much by one number, of which a few name who gets a file's signals, and which:
# F_SETOWN, F_SETSIG, F_SETOWN_EX; FIOSETOWN, SIOCSPGRP.
OF_A_FILE = {"fcntl": ((72, 25), (8, 10, 15)), "ioctl": ((16, 29), (0x8901, 0x8902))}
# To empty a file is to write it, which Landlock knows from Linux 6.2 on. The modes besides are for
# reading, and for neither.
OPENING = {"open": ((2, None), SECOND), "openat": ((257, 56), THIRD)}
TRUNCATE, MODES, NEITHER = 0o1000, 0o3, 0o3

# The architecture's mark in the kernel, and which column of the table is its own.
ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}


def refuse_calls() -> bool:
    """Refuse those calls to this process for good; return False where that cannot be done.

    The filter is on the thread that calls this and those it starts from then on.
    """
    known = ARCHITECTURES.get(platform.machine())
    if known is None or not sys.platform.startswith("linux") or sys.maxsize < 1 << 32:
        return False
    program = assembled(*known, os.getpid())
    held = ctypes.create_string_buffer(program, len(program))
    length = len(program) // 8
    whole = struct.pack("@HP", length, ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(libc.prctl(PR_SET_SECCOMP, FILTER, whole, 0, 0) == 0)


def assembled(mark: int, column: int, pid: int) -> bytes:
    """Write the filter for an architecture, of instructions of eight bytes.

    Another architecture's call, which numbers differently, ends the process.
    """
    steps = [_step(LOAD, ARCHITECTURE), _step(EQUAL, mark, 1, 0), _step(RETURN, KILL)]
    steps.append(_step(LOAD, NUMBER))
    if column == 0:
        steps += [_step(AT_LEAST, X32, 0, 1), _step(RETURN, REFUSE)]
    steps += [_step(AT_LEAST, NEWEST + 1, 0, 1), _step(RETURN, UNKNOWN)]
    for number in UNSEEN:
        steps += [_step(EQUAL, number, 0, 1), _step(RETURN, UNKNOWN)]
    steps += _where(CLONE[column], FIRST, [_step(ANY_BIT, CLONE_THREAD, 0, 1)])
    for numbers in OF_A_PROCESS.values():
        steps += _where(numbers[column], FIRST, [_step(EQUAL, pid, 0, 1)])
    own = [_step(EQUAL, 0, 1, 0), _step(EQUAL, pid, 0, 1)]
    steps += _where(PRLIMIT[column], FIRST, own)
    for numbers, refused in OF_A_FILE.values():
        steps += _where(numbers[column], SECOND, _none_of(refused))
    emptied = [_step(AND, TRUNCATE | MODES), *_none_of((TRUNCATE, TRUNCATE | NEITHER))]
    for pair, argument in OPENING.values():
        steps += _where(pair[column], argument, emptied)
    for pair in REFUSED.values():
        refused_whole = pair[column]
        if refused_whole is not None:
            steps += [_step(EQUAL, refused_whole, 0, 1), _step(RETURN, REFUSE)]
    return b"".join([*steps, _step(RETURN, ALLOW)])


def _where(number: int | None, argument: int, tests: list[bytes]) -> list[bytes]:
    """Allow a call, if there is such a one, only where a test of one of its arguments holds."""
    if number is None:
        return []
    body = [_step(LOAD, argument), *tests, _step(RETURN, ALLOW), _step(RETURN, REFUSE)]
    return [_step(EQUAL, number, 0, len(body)), *body]


def _none_of(values: Sequence[int]) -> list[bytes]:
    """Test that an argument is none of these."""
    return [_step(EQUAL, value, len(values) - at) for at, value in enumerate(values)]


def _step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    """Write an instruction; `if_so` and `if_not` say how many to skip after it."""
    return struct.pack("=HBBI", code, if_so, if_not, value)
