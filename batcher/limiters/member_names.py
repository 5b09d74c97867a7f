"""The names of a fleet's members: where a member is, so that its host can tell when it is dead.

A member that is dead takes nothing of a ceiling. One that Redis does not hear of may go on alone;
only its own host knows better.
"""

import os
import socket
import uuid
from contextlib import suppress
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_mine: set[str] = set()  # the names of this process


def new_name() -> str:
    """A name of this process that no other has: ``HOST:PROCESS:UNIQUE``."""
    name = f"{_host()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
    _mine.add(name)
    return name


def is_dead(name: str) -> bool:
    """Whether a name is of a process of this host that has ended; False where nobody can tell."""
    host, _, rest = name.rpartition(":")[0].rpartition(":")
    if host != _host() or not rest.isdecimal():
        return False
    process = int(rest)
    if process == os.getpid():  # a container that was started anew has the same number
        return name not in _mine
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # of another user
        return False
    return False


def _host() -> str:
    """The host, and which start of it: names of hosts are not always unique."""
    boot = ""
    with suppress(OSError, ValueError):
        boot = _BOOT_ID.read_text(encoding="ascii").strip()[:8]
    return f"{socket.gethostname()}-{boot}"
