"""How many requests this machine can have under way: what descriptors and memory allow.

Reads the limits of this process, and decides nothing about when a request leaves.
"""

import resource
from collections.abc import Iterator
from pathlib import Path

MOST = 1024  # requests of one target at once; with more, its updates in memory would be too many
SPARE_DESCRIPTORS = 64  # for files, logs, queues and whatever else is open
# a target looks at a trigger and changes another at the same time, each over its own connections
OPERATIONS = 2
CONNECTIONS = 2**15  # at most, where nothing limits the descriptors
REQUEST_BYTES = 512 * 1024  # of one with TLS, buffers, its update and its answer, at most
MEMORY_PART = 4  # a quarter of it at most
CGROUP_MEMORY = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def requests_at_once(targets: int, cgroup_memory: tuple[Path, ...] = CGROUP_MEMORY) -> int:
    """Requests of each operation that each of so many targets may have under way, 1 at least."""
    most = min((*_by_descriptors(), *_by_memory(cgroup_memory)), default=MOST * targets)
    return max(1, min(MOST, most // max(1, targets)))


def connections_at_once() -> int:
    """Connections that this process may have open: what is left of its descriptors."""
    return OPERATIONS * min(_by_descriptors(), default=CONNECTIONS)


def open_files_limit() -> int | None:
    """Files and connections that this process may have open at once; None: no limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _by_descriptors() -> Iterator[int]:
    if (soft := open_files_limit()) is not None:
        yield (soft - min(SPARE_DESCRIPTORS, soft // 2)) // OPERATIONS


def _by_memory(cgroup_memory: tuple[Path, ...]) -> Iterator[int]:
    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    for file in cgroup_memory:
        try:
            limits.append(int(file.read_text()))
        except (OSError, ValueError):  # no cgroup, or "max"
            continue
    for limit in limits:
        if limit != resource.RLIM_INFINITY:
            yield limit // MEMORY_PART // REQUEST_BYTES
