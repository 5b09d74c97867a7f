"""Who is at the other end of a Unix socket, by the kernel's word."""

import pwd
import socket
import struct

import anyio
from anyio import to_thread
from msgspec import Struct

from batcher.foreign_text import printable

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid
NAME_WITHIN = 1.0  # seconds; names of users may come from elsewhere


class Peer(Struct, frozen=True):
    """A process and its user; None where this system does not tell."""

    pid: int | None = None
    uid: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        if self.uid is None:
            return "an unknown user"
        return f"{self.name or 'a user'} (uid {self.uid}, process {self.pid})"


async def peer_of(connection: socket.socket) -> Peer:
    """Who has connected."""
    option = getattr(socket, "SO_PEERCRED", None)  # Linux has it
    if option is None:
        return Peer()
    found = connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(found)
    name = None
    with anyio.move_on_after(NAME_WITHIN):
        name = await to_thread.run_sync(_name_of, uid, abandon_on_cancel=True)
    return Peer(pid, uid, name)


def _name_of(uid: int) -> str | None:
    try:
        return printable(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return None
