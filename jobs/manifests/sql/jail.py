"""What a process gives up for good before it runs a stranger's SQL.

Limits of resources hold everywhere. On Linux, where the kernel has them, three more things follow: no
new privileges, Landlock (nothing can be opened outside one folder, and no TCP connection be made), and a
seccomp filter (no sockets, programs, processes, and no file opened to write). Each is refused in some
containers: what there is, is used, and `closed` says what it was. Only the standard library is used.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
import sys

FILES = 64

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_LANDLOCK_VERSION = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_RIGHTS_OF_ABI_1 = (1 << 13) - 1
_TCP = 0b11
_ABI_WITH_TCP = 4

_DENIED = {
    "x86_64": {
        *(41, 53, 42, 49, 50, 43, 288, 44, 46, 307),  # sockets
        *(59, 322, 57, 58, 101, 310, 311, 62),  # programs, processes, others' memory, signals
        *(87, 263, 82, 264, 316, 83, 258, 84, 88, 266, 86, 265, 85),  # names of files
        *(76, 77, 90, 91, 268, 92, 93, 260),  # their sizes, modes and owners
        *(165, 166, 155, 161, 321, 250, 272, 308, 319, 425, 298),  # mounts, namespaces, the kernel
    },
    "aarch64": {
        *(198, 199, 203, 200, 201, 202, 242, 206, 211, 269),
        *(221, 281, 117, 270, 271, 129),
        *(35, 38, 276, 34, 36, 37),
        *(45, 46, 52, 53, 54, 55),
        *(40, 39, 41, 51, 280, 219, 97, 268, 279, 425, 241),
    },
}
_UNKNOWN = {"x86_64": (435, 437), "aarch64": (435, 437)}
"""clone3 and openat2, whose arguments no filter can see: callers fall back to the older ones."""

_CLONE = {"x86_64": 56, "aarch64": 220}
_OPEN = {"x86_64": ((257, 2), (2, 1)), "aarch64": ((56, 2),)}
"""Calls that open files, and which argument has the flags."""

_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE_THREAD = 0x10000
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

_LOAD, _IS, _HAS, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000


def limit(memory_bytes: int, cpu_s: int) -> None:
    """Address space, CPU, files' size and number, processes, core dumps: none can be raised again."""
    for which, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _lower(which, most)


def no_more_processes() -> None:
    """Root is not held by this limit; the seccomp filter is for all."""
    _lower(resource.RLIMIT_NPROC, 0)


def closed(folder: str) -> list[str]:
    """Shut everything but `folder`, which stays to be read. Gives the names of what could be used."""
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return []
    used = ["no_new_privs"]
    if _landlock(libc, folder):
        used.append("landlock")
    if _seccomp(libc):
        used.append("seccomp")
    return used


def _lower(which: int, most: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(which, (most, most))


def _landlock(libc: ctypes.CDLL, folder: str) -> bool:
    abi = libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    if abi < 1:
        return False
    with_tcp = abi >= _ABI_WITH_TCP
    rules = (
        struct.pack("=QQ", _RIGHTS_OF_ABI_1, _TCP)
        if with_tcp
        else struct.pack("=Q", _RIGHTS_OF_ABI_1)
    )
    ruleset = libc.syscall(_LANDLOCK_CREATE, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return False
    place = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        below = struct.pack("=Qi", _READ_FILE | _READ_DIR, place)
        if libc.syscall(_LANDLOCK_ADD, ruleset, 1, below, 0):
            return False
        return bool(libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0)
    finally:
        os.close(place)
        os.close(ruleset)


def _seccomp(libc: ctypes.CDLL) -> bool:
    machine = platform.machine()
    if machine not in _DENIED:
        return False
    code = b"".join(_program(machine))
    text = ctypes.create_string_buffer(code, len(code))
    whole = struct.pack("@HP", len(code) // 8, ctypes.addressof(text))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, whole, 0, 0) == 0)


def _program(machine: str) -> list[bytes]:
    """A filter of the kernel's: it looks at a call's number and, for two kinds, at an argument."""
    refused = _ERROR | errno.EPERM
    code = [
        _step(_LOAD, 4),
        _step(_IS, _ARCHITECTURE[machine], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, 0),
    ]
    for number in sorted(_DENIED[machine]):
        code += [_step(_IS, number, 0, 1), _step(_RETURN, refused)]
    for number in _UNKNOWN[machine]:
        code += [_step(_IS, number, 0, 1), _step(_RETURN, _ERROR | errno.ENOSYS)]
    code += _looked_at(_CLONE[machine], 0, _CLONE_THREAD, _ALLOW, refused)
    for number, argument in _OPEN[machine]:
        code += _looked_at(number, argument, _TO_WRITE, refused, _ALLOW)
    return [*code, _step(_RETURN, _ALLOW)]


def _looked_at(number: int, argument: int, bits: int, with_any: int, without: int) -> list[bytes]:
    return [
        _step(_IS, number, 0, 4),
        _step(_LOAD, 16 + 8 * argument),
        _step(_HAS, bits, 0, 1),
        _step(_RETURN, with_any),
        _step(_RETURN, without),
    ]


def _step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, value)
