"""The kernel says who is at the other end of a socket."""

import os
import pwd
import socket

from batcher.control.peer import Peer, peer_of


async def test_a_peer_has_the_user_and_the_process_of_the_other_end() -> None:
    one, other = socket.socketpair()
    with one, other:
        found = await peer_of(one)
    name = pwd.getpwuid(os.getuid()).pw_name
    assert found == Peer(os.getpid(), os.getuid(), name)
    assert str(found) == f"{name} (uid {os.getuid()}, process {os.getpid()})"
    assert str(Peer()) == "an unknown user"
